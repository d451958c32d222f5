// The address holds the page's state: ?q=...&off=1,2&view=plain|both&photo=ID

let changed = () => {};

// What to do when the address has changed, by `go` or by the browser's own buttons.
export function onChange(render) {
  changed = render;
  addEventListener("popstate", () => render());
}

export function state() {
  const given = new URLSearchParams(location.search);
  return {
    q: given.get("q") ?? "",
    off: (given.get("off") ?? "").split(",").filter(Boolean),
    view: given.get("view") ?? "ours",
    photo: given.get("photo") ?? "",
  };
}

export function go(changes, { replace = false, opened = false } = {}) {
  const next = { ...state(), ...changes };
  const address = new URLSearchParams();
  if (next.q) address.set("q", next.q);
  if (next.off.length) address.set("off", next.off.join(","));
  if (next.view !== "ours") address.set("view", next.view);
  if (next.photo) address.set("photo", next.photo);
  const url = address.size ? `/?${address}` : "/";
  if (replace) history.replaceState(history.state, "", url);
  else history.pushState({ opened }, "", url);
  if (Object.keys(changes).some((name) => name !== "photo")) scrollTo(0, 0); // another list is read from its top
  changed();
}
