"""Test images with their texts and scores: the ones on which a run does best and worst."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from semclip.core.errors import UserError
from semclip.core.html import thumbnail
from semclip.reports.runs import Run

#: Images per side, best and worst.
SIDE = 6
BENCHMARK = "margins"
VIEWS = ("caption", "paraphrase", "negation", "absence")


@dataclass(frozen=True)
class Card:
    """One test image. item: as its benchmark recorded it. image: a data URI, or "" and `why_no_image`."""

    item: Mapping[str, Any]
    image: str
    why_no_image: str


@dataclass(frozen=True)
class Gallery:
    """best, worst: cards in order, the most extreme first. placeholders: how many of them have no image.

    similarity: run's name -> item's id -> view -> similarity.
    """

    best: Sequence[Card]
    worst: Sequence[Card]
    placeholders: int
    similarity: Mapping[str, Mapping[str, Mapping[str, float]]]


def items_of(run: Run) -> list[Mapping[str, Any]]:
    """The items that `margins` recorded for a run, or none. Raises UserError for items of another shape."""
    result = run.results.get(BENCHMARK)
    items = list(result.extra.get("items", ())) if result is not None else []
    for number, item in enumerate(items):
        try:
            numbers = list(item["similarity"].values())
            good = (
                isinstance(item["id"], str)
                and all(math.isfinite(x) for x in numbers)
                and isinstance(item["texts"], Mapping)
            )
        except (KeyError, TypeError, AttributeError):
            good = False
        if not good:
            raise UserError(
                "not an item of the margins benchmark: it needs id, texts and finite similarity per view",
                where=f"{run.folder / 'results' / BENCHMARK}.json, item {number}",
                fix="evaluate the model again",
            )
    return items


def similarities(run: Run) -> dict[str, list[float]]:
    """All image-text similarities of a run by view, in the order of the views."""
    found = {view: [float(i["similarity"][view]) for i in items_of(run) if view in i["similarity"]] for view in VIEWS}
    return {view: numbers for view, numbers in found.items() if numbers}


def build_gallery(focus: Run, shown: Sequence[Run]) -> Gallery | None:
    """The images with the largest and the smallest margin (caption minus negation) under `focus`; None without items.

    shown: the runs whose scores stand beside each text. Each image is shown once.
    """
    items = [i for i in items_of(focus) if {"caption", "negation"} <= i["similarity"].keys()]
    if not items:
        return None
    one_each: dict[str, Mapping[str, Any]] = {}
    for item in items:
        one_each.setdefault(str(item.get("image") or item.get("image_name") or item["id"]), item)
    margin = {i["id"]: float(i["similarity"]["caption"]) - float(i["similarity"]["negation"]) for i in items}
    ranked = sorted(one_each.values(), key=lambda i: (-margin[i["id"]], i["id"]))
    side = min(SIDE, (len(ranked) + 1) // 2)
    data = focus.section("data")
    folders = [Path(), focus.folder, Path(str(data.get("images") or "")), Path(str(data.get("root") or ""))]
    best, worst = (
        [card(i, str(i.get("image") or ""), folders) for i in chosen]
        for chosen in (ranked[:side], ranked[side:][::-1][:side])
    )
    similarity = {run.name: {i["id"]: i["similarity"] for i in items_of(run)} for run in shown}
    return Gallery(best, worst, sum(not card.image for card in [*best, *worst]), similarity)


def card(item: Mapping[str, Any], name: str, folders: Sequence[Path]) -> Card:
    """An item with its image: the file called `name` in the first of some folders that has it."""
    path = next((folder / name for folder in folders if (folder / name).is_file()), None)
    if path is None:
        return Card(
            item, "", f"image file not found: {name}" if name else "this data has features instead of image files"
        )
    try:
        return Card(item, thumbnail(path), "")
    except OSError as error:
        return Card(item, "", f"image file cannot be read: {name} ({error})")
