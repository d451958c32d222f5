// One photo, large, with what it has of every part of the query.

import { go, state } from "./address.js";
import { $, bars } from "./draw.js";
import { ask } from "./server.js";

// Opens the photo with this id, or closes the one that is open. hits: the photos on the screen, in their order.
export async function showPhoto(id, hits, failed) {
  const view = $("#view");
  if (!id) {
    if (!view.open) return;
    const last = view.dataset.id;
    view.close();
    [...document.querySelectorAll(".tile")].find((tile) => tile.dataset.id === last)?.focus();
    return;
  }
  let hit = hits.find((one) => one.id === id);
  try {
    hit ??= { parts: [], held_back: null, duplicates: [], ...(await ask(`/api/photo/${encodeURIComponent(id)}`)) };
  } catch (problem) {
    failed(problem);
    go({ photo: "" }, { replace: true });
    return;
  }
  if (state().photo !== id) return; // another photo meanwhile
  view.dataset.id = id;
  view.dataset.file = hit.file;
  $("#name").textContent = hit.name;
  $(".path", view).textContent = [hit.path, ...hit.duplicates.map((path) => `also: ${path}`)].join("\n");
  $(".why", view).textContent = hit.held_back ? `It seems to show ${hit.held_back}, which you don’t want: that lowered its score.` : "";
  $(".bars", view).replaceChildren(...bars(hit.parts, true).map((bar) => {
    const item = document.createElement("li");
    item.append(bar);
    return item;
  }));
  showPicture(id, hit.name);
  const place = hits.indexOf(hit);
  $("[data-do=previous]", view).disabled = place <= 0;
  $("[data-do=next]", view).disabled = place < 0 || place === hits.length - 1;
  if (!view.open) view.showModal();
}

function showPicture(id, name) {
  // The thumbnail is there at once; the photo takes its place when it has come.
  const shown = $(".stage img");
  shown.alt = name;
  shown.src = `/thumbnail/${encodeURIComponent(id)}`;
  const whole = new Image();
  whole.onload = () => { if (state().photo === id) shown.src = whole.src; };
  whole.onerror = () => {
    if (state().photo === id) $("#view .why").textContent = "The photo’s file cannot be shown: it was moved, deleted or damaged. Index its folder again.";
  };
  whole.src = `/picture/${encodeURIComponent(id)}`;
}

// To the next photo, or the one before.
export function step(by, hits) {
  const next = hits[hits.findIndex((hit) => hit.id === state().photo) + by];
  if (next) go({ photo: next.id }, { replace: true });
}

export function closePhoto() {
  if (history.state?.opened) history.back();
  else go({ photo: "" }, { replace: true });
}
