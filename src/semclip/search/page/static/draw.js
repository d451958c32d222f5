// What the page is made of: tiles, bars and chips, from the templates in page.html.
// Whatever comes from the server is put in as text, never as markup.

export const $ = (selector, root = document) => root.querySelector(selector);
export const copyOf = (template) => document.getElementById(template).content.firstElementChild.cloneNode(true);
const WEIGHTS = [0.25, 0.5, 1, 2, 4];

const percent = (share) => `${Math.round(100 * share)} %`;

export function bars(parts, withNumbers = false) {
  return parts.map((part) => {
    const bar = copyOf("bar");
    bar.classList.toggle("not", !part.wanted);
    bar.classList.toggle("over", part.shown && !part.wanted);
    $(".label", bar).textContent = part.label;
    $("i", bar).style.setProperty("--amount", part.presence);
    if (withNumbers) $(".number", bar).textContent = `${percent(part.presence)} · cosine ${part.similarity.toFixed(3)}`;
    return bar;
  });
}

export function newTile(hit) {
  const item = copyOf("tile");
  const button = $(".tile", item);
  button.dataset.id = hit.id;
  $("img", item).src = `/thumbnail/${encodeURIComponent(hit.id)}`;
  $(".bars", item).append(...bars(hit.parts));
  item.classList.toggle("shows", hit.shows.length > 0);
  const badge = hit.missing ? "the file is gone" : hit.held_back ? `ranked lower: ${hit.held_back}` : "";
  $(".badge", item).hidden = !badge;
  $(".badge", item).textContent = badge;
  const spoken = hit.parts.map((part) => `${part.wanted ? "" : "not wanted: "}${part.label} ${percent(part.presence)}`);
  button.setAttribute("aria-label", [hit.name, ...spoken, badge].filter(Boolean).join(", "));
  button.title = hit.held_back ? `${hit.name}: it seems to show ${hit.held_back}, which lowered its score` : hit.name;
  return item;
}

export function newChip(chip, number, turn, weigh) {
  const element = copyOf("chip");
  const mode = chip.off ? "off" : chip.wanted ? "want" : "not";
  element.classList.add(mode);
  $(".sign", element).textContent = { want: "+", not: "−", off: "○" }[mode];
  $(".label", element).textContent = chip.label;
  if (chip.thumbnail) {
    $("img", element).hidden = false;
    $("img", element).src = `/thumbnail/${encodeURIComponent(chip.thumbnail)}`;
  }
  const said = { want: "wanted", not: "not wanted", off: "off" }[mode];
  const next = { want: "don’t want it", not: "leave it out", off: "want it" }[mode];
  const flip = $(".flip", element);
  flip.setAttribute("aria-label", `${chip.label}: ${said}. Press: ${next}`);
  flip.title = `${said}; click: ${next}`;
  flip.addEventListener("click", () => turn(chip, number, mode));
  const weights = [...new Set([...WEIGHTS, chip.weight])].sort((a, b) => a - b);
  const select = $("select", element);
  select.setAttribute("aria-label", `weight of ${chip.label}`);
  select.append(...weights.map((weight) => new Option(`×${weight}`, weight, false, weight === chip.weight)));
  select.addEventListener("change", () => weigh(number, select.value));
  return element;
}
