// The page of photo search: it asks, shows what comes, and listens to keys and clicks.

import { go, onChange, state } from "./address.js";
import { $, copyOf, newChip, newTile } from "./draw.js";
import { closePhoto, showPhoto, step } from "./photo.js";
import { ask, question, Refused } from "./server.js";

const PAGE = 60;

let limits = { most_characters: 2000, most_bytes: 3e7 };
let server = { state: "unknown", photos: 0 };
let columns = [];
let asked = ""; // the search that is on the screen
let timer = 0;

// ---- talking to the server ----

async function watch() {
  // Until the model is there, and again when the server does not answer.
  try {
    const before = server.state;
    server = await ask("/api/status");
    limits = server;
    if (server.state !== before) render(true);
    if (server.state === "opening" || server.state === "loading") watchAgain(200);
  } catch (problem) {
    failed(problem);
  }
}

function watchAgain(milliseconds) {
  clearTimeout(timer);
  timer = setTimeout(watch, milliseconds);
}

function failed(problem) {
  if (problem.name === "AbortError") return;
  if (problem instanceof Refused && problem.status === 503) return; // watch() asks again when the model is there
  if (problem instanceof Refused) {
    const told = problem.status === 401
      ? { what: "This page has lost its token.", fix: "Open the whole address that `semclip serve` printed." }
      : problem.told.error ?? { what: problem.message, fix: "Look at the terminal of `semclip serve`." };
    notice(told, "wrong");
    return;
  }
  server = { ...server, state: "stopped" };
  notice({ what: "The server has stopped.", fix: "Start it again: semclip serve. This page goes on by itself." }, "wrong");
  watchAgain(1500);
}

function notice(told, kind = "") {
  const box = $("#notice");
  box.hidden = !told;
  box.className = `notice ${kind}`;
  if (!told) return;
  $("h2", box).textContent = told.what;
  const [where, fix] = [$("pre", box), $("p", box)];
  where.textContent = told.where ?? "";
  fix.textContent = told.fix ?? "";
  const lines = where.textContent.split("\n");
  const longest = Math.max(...lines.map((line) => line.length), 1);
  where.scrollLeft = (where.scrollWidth * lines.at(-1).length) / longest - where.clientWidth / 2; // the caret is on the last
}

// ---- searching ----

const hits = () => columns.flatMap((column) => column.hits); // the photos on the screen

function render(again = false) {
  const now = state();
  const wanted = JSON.stringify([now.q, now.off, now.view]);
  if (wanted !== asked || again) {
    asked = wanted;
    $("#q").value = now.q;
    document.title = now.q ? `${now.q} · photo search` : "Photo search";
    search(now);
  }
  showPhoto(now.photo, hits(), failed);
}

function search(now) {
  for (const column of columns) column.stop.abort();
  const waiting = now.q && server.state !== "ready";
  const shown = waiting ? { q: "", off: [], view: "ours" } : now;
  const both = shown.view === "both";
  columns = [newColumn(shown, false), ...(both ? [newColumn(shown, true)] : [])];
  $("#read").hidden = !shown.q;
  $("#how").hidden = Boolean(now.q);
  for (const radio of document.getElementsByName("view")) radio.checked = radio.value === now.view;
  notice(null);
  if (server.state === "failed") notice(server.error, "wrong");
  if (server.state === "opening") notice({ what: "The index is being opened.", fix: "This takes a moment." });
  if (server.state === "loading") {
    const then = now.q ? "The search starts by itself when it is there." : "You can look through your photos meanwhile.";
    notice({ what: "The model is loading.", fix: then });
  }
  for (const column of columns) loadMore(column);
}

function mount() {
  // Only when there is an answer: until then, and when the server is gone, the photos of before stay.
  $("#columns").classList.toggle("both", columns.length > 1);
  $("#columns").replaceChildren(...columns.map((column) => column.element));
}

function newColumn(now, literal) {
  const element = copyOf("column");
  const column = { element, literal, now, hits: [], more: true, busy: false, stop: new AbortController() };
  $("header", element).hidden = now.view !== "both";
  $("h2", element).textContent = literal ? "The sentence as it is" : "As understood";
  element.setAttribute("aria-label", $("h2", element).textContent);
  // Of several reports that come together, the last is true.
  column.watch = new IntersectionObserver((ends) => ends.at(-1).isIntersecting && loadMore(column), { rootMargin: "900px" });
  return column;
}

async function loadMore(column) {
  if (column.busy || !column.more) return;
  column.busy = true;
  document.body.classList.add("busy");
  try {
    const parameters = { ...question(column.now), skip: column.hits.length, top: PAGE, ...(column.literal && { literal: 1 }) };
    const told = await ask("/api/search", parameters, { signal: column.stop.signal });
    const first = column.hits.length === 0;
    column.hits.push(...told.hits);
    for (const name of ["more", "matching", "ranked", "conditions"]) column[name] = told[name];
    $(".grid", column.element).append(...told.hits.map((hit) => newTile(hit)));
    if (first) firstPage(column, told);
    if (column === columns[0]) announce();
    settled(column);
    column.watch.disconnect(); // observed anew, it reports the end even if that is near again already
    column.watch.observe($(".end", column.element));
  } catch (problem) {
    column.more = false;
    settled(column);
    if (problem instanceof Refused && problem.status !== 503) {
      mount();
      $("#chips").replaceChildren(); // they are of the query before
      $("#count").textContent = "";
      $("#take").hidden = true;
    }
    failed(problem);
  }
}

function settled(column) {
  column.busy = false;
  document.body.classList.toggle("busy", columns.some((one) => one.busy));
}

function firstPage(column, told) {
  const first = $(".tile", column.element);
  if (first) first.tabIndex = 0;
  const onPhoto = document.activeElement?.matches(".tile");
  if (!column.element.isConnected) mount();
  if (onPhoto && !document.activeElement?.matches(".tile")) first?.focus(); // the arrows go on from there
  if (!column.literal && column.now.q) showChips(told);
  verdict(column, told);
  if (told.hits.length) return;
  if (!server.photos) notice({ what: "The index holds no photos.", where: server.where, fix: "Add some: semclip index FOLDER" });
  else notice({ what: "No photo meets these conditions.", fix: "Take one away, or write it another way." });
}

function verdict(column, told) {
  $(".quiet", column.element).textContent = !column.literal
    ? told.understood
    : told.sentence ? `given to the model as one sentence: ${told.sentence}` : "a picture alone makes no sentence";
  const excluded = told.chips.filter((chip) => !chip.wanted && !chip.off).map((chip) => chip.label);
  const ten = column.hits.slice(0, 10);
  const count = ten.filter((hit) => hit.shows.length).length;
  const line = $(".verdict", column.element);
  line.classList.toggle("wrong", count > 0);
  $("b", line).textContent = excluded.length ? `${count} of the first ${ten.length}` : "";
  $("span", line).textContent = excluded.length
    ? `${count === 1 ? "seems" : "seem"} to show ${excluded.join(" or ")}`
    : "Nothing is excluded: there is little to tell apart.";
}

function announce() {
  const { hits } = columns[0];
  $("#count").textContent = counted(columns[0]);
  $("#take").hidden = !hits.length;
  const list = { ...question(columns[0].now), top: hits.length };
  for (const format of ["csv", "txt"]) $(`#${format}`).href = `/api/export?${new URLSearchParams({ ...list, format })}`;
}

// A question of conditions alone has no best: what meets them is listed.
function counted({ hits, matching, ranked, conditions }) {
  const one = matching === 1;
  const all = `${matching.toLocaleString("en")} ${one ? "photo" : "photos"}`;
  const met = conditions.length ? `${all} ${one ? "meets" : "meet"} the conditions` : all;
  if (!ranked) return matching > 1 ? `${met}, in the order of their paths` : met;
  if (hits.length < matching) return `The best ${hits.length.toLocaleString("en")} of ${all}${conditions.length ? " that meet the conditions" : ""}`;
  return matching > 1 ? `${met}, the best first` : met;
}

// ---- chips ----

function showChips(told) {
  $("#views").hidden = !told.chips.length; // conditions alone are ranked in no way
  const plain = state().view === "plain";
  const had = [...$("#chips").children].findIndex((chip) => chip.contains(document.activeElement));
  const onSelect = document.activeElement?.tagName === "SELECT";
  const fixed = told.conditions.map((text) => Object.assign(document.createElement("li"), { className: "chip fixed", textContent: text }));
  if (plain) {
    const whole = Object.assign(document.createElement("li"), { className: "chip fixed", textContent: told.sentence });
    $("#chips").replaceChildren(whole, ...fixed);
    return;
  }
  const chips = told.chips.map((chip, number) => newChip(chip, number, turn, weigh));
  const note = (text) => Object.assign(document.createElement("li"), { className: "tip meant", textContent: text });
  const notes = told.joined ? [note(`together: ${told.joined}`)] : [];
  if (told.unread) notes.push(note(`“${told.unread}” is read as a word like any other. What you don’t want has a dash: beach -people`));
  const tip = told.instead ? [instead(told.instead)] : [copyOf("tip")];
  $("#chips").replaceChildren(...chips, ...fixed, ...notes, ...(chips.length ? tip : []));
  const again = $("#chips").children[had];
  if (again) ($(onSelect ? "select" : ".flip", again) ?? again).focus();
}

function instead(query) {
  const item = copyOf("instead");
  const button = $("button", item);
  button.textContent = query;
  button.addEventListener("click", () => go({ q: query, off: [] }));
  return item;
}

function turn(chip, number, mode) {
  const off = state().off.filter((part) => part !== String(number));
  if (mode === "not") go({ off: [...off, String(number)] });
  else if (mode === "off" && chip.wanted) go({ off });
  else edit({ part: number }, { off });
}

const weigh = (number, weight) => edit({ part: number, weight });

async function edit(change, also = {}) {
  try {
    const { q } = await ask("/api/edit", { q: state().q, ...change });
    go({ ...also, q, photo: "" });
  } catch (problem) {
    failed(problem);
  }
}

const moreLike = (id, sign) => edit({ [sign]: id }, { view: state().view === "plain" ? "ours" : state().view });

// ---- a picture as query ----

async function searchWith(file) {
  if (!file) return;
  if (file.size > limits.most_bytes) {
    notice({ what: "This picture is too large.", fix: `Give one of at most ${limits.most_bytes / 1e6} MB.` }, "wrong");
    return;
  }
  notice({ what: "The picture is being read.", fix: "" });
  try {
    const { id } = await ask("/api/pictures", {}, { method: "POST", body: file });
    await moreLike(id, "like");
  } catch (problem) {
    failed(problem);
  }
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    $("#count").textContent = "Copied.";
  } catch {
    notice({ what: "The browser does not let this page copy.", fix: "Use “Text” to save the list." }, "wrong");
  }
}

// ---- keyboard and mouse ----

function moveInGrid(event) {
  const here = event.target.closest(".tile");
  if (!here) return;
  const all = [...here.closest(".grid").querySelectorAll(".tile")];
  const place = all.indexOf(here);
  const sideways = getComputedStyle(here.closest(".grid")).gridTemplateColumns.split(" ").length;
  const moves = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -sideways, ArrowDown: sideways, Home: -place, End: all.length - 1 - place };
  if (event.key === "+" || event.key === "-") moreLike(here.dataset.id, event.key === "+" ? "like" : "unlike");
  const next = event.key in moves && all[place + moves[event.key]];
  if (!next) return;
  event.preventDefault();
  here.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}

addEventListener("keydown", (event) => {
  const typing = event.target.matches("input[type=search], select, textarea");
  if (event.ctrlKey || event.metaKey || event.altKey || typing) return;
  if ($("#view").open) {
    if (event.key === "ArrowLeft") step(-1, hits());
    if (event.key === "ArrowRight") step(1, hits());
  } else if (event.key === "/") {
    event.preventDefault();
    $("#q").select();
  } else moveInGrid(event);
});

$("#columns").addEventListener("click", ({ target }) => {
  const tile = target.closest(".tile");
  if (tile) go({ photo: tile.dataset.id }, { opened: true });
});
$("#search").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("#q").value.trim();
  const most = limits.most_characters;
  if (text.length <= most) {
    go({ q: text, off: [], photo: "" });
  } else { // longer than an address may be: it would not reach the server
    const told = { what: `A query of ${text.length.toLocaleString("en")} characters is too long.`, fix: `Keep it below ${most.toLocaleString("en")} characters.` };
    notice(told, "wrong");
  }
});
$("#how").addEventListener("click", ({ target }) => target.matches(".example") && go({ q: target.textContent, off: [] }));
$("#views").addEventListener("change", ({ target }) => go({ view: target.value }));
$("#copy").addEventListener("click", () => copy(columns[0].hits.map((hit) => hit.file).join("\n")));
$("#file").addEventListener("change", ({ target }) => searchWith(target.files[0]).finally(() => { target.value = ""; }));
$("#view").addEventListener("cancel", (event) => {
  event.preventDefault();
  closePhoto();
});
$("#view").addEventListener("click", ({ target }) => {
  const { id, file } = $("#view").dataset;
  const does = { close: closePhoto, previous: () => step(-1, hits()), next: () => step(1, hits()), copy: () => copy(file),
    like: () => moreLike(id, "like"), unlike: () => moreLike(id, "unlike") };
  if (target === $("#view")) closePhoto(); // the backdrop
  does[target.dataset.do]?.();
});
const holdsFile = (event) => event.dataTransfer.types.includes("Files");
addEventListener("dragover", (event) => {
  $("#drop").hidden = !holdsFile(event);
  if (holdsFile(event)) event.preventDefault();
});
addEventListener("dragleave", (event) => { if (!event.relatedTarget) $("#drop").hidden = true; });
addEventListener("drop", (event) => {
  $("#drop").hidden = true;
  if (!holdsFile(event)) return;
  event.preventDefault();
  searchWith(event.dataTransfer.files[0]);
});

const start = new URL(location);
start.searchParams.delete("token"); // it is kept as a cookie now
history.replaceState(history.state, "", start);
onChange(render);
watch(); // and render, once the server has said how far it is
