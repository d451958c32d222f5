"""Test images with their texts and scores: the ones a run does best and worst."""

import base64
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from semclip.core.errors import UserError
from semclip.reports import wording
from semclip.reports.runs import Run

#: Images per side, best and worst.
SIDE = 6
THUMBNAIL = 160  # pixels of the longer edge
BENCHMARK = "margins"


@dataclass(frozen=True)
class Score:
    """The similarity of one text under one run; `beats_caption`: a negation that scores as high as the caption."""

    text: str
    beats_caption: bool


@dataclass(frozen=True)
class Card:
    """One test image. picture: a data URI, "" where the file cannot be shown. rows: (view, text, a score per run)."""

    id: str
    picture: str
    why_no_picture: str
    kind: str
    margin: float
    rows: Sequence[tuple[str, str, Sequence[Score]]]


@dataclass(frozen=True)
class Gallery:
    """best, worst: cards in order, the most extreme first. placeholders: how many of them have no picture."""

    best: Sequence[Card]
    worst: Sequence[Card]
    placeholders: int


def items_of(run: Run) -> list[Mapping[str, Any]]:
    """The items that `margins` recorded for a run, or none. Raises UserError for items of another shape."""
    result = run.results.get(BENCHMARK)
    items = list(result.extra.get("items", ())) if result is not None else []
    for number, item in enumerate(items):
        try:
            numbers = list(item["similarity"].values())
            good = isinstance(item["id"], str) and all(math.isfinite(x) for x in numbers) and item["texts"] is not None
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
    values: dict[str, list[float]] = {}
    for view in ("caption", "paraphrase", "negation", "absence"):
        numbers = [float(item["similarity"][view]) for item in items_of(run) if view in item["similarity"]]
        if numbers:
            values[view] = numbers
    return values


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
    ranked = sorted(one_each.values(), key=lambda i: (-_margin(i), i["id"]))
    side = min(SIDE, (len(ranked) + 1) // 2)
    by_run = [{i["id"]: i for i in items_of(run)} for run in shown]
    best = [_card(i, focus, by_run) for i in ranked[:side]]
    worst = [_card(i, focus, by_run) for i in ranked[side:][::-1][:side]]
    return Gallery(best, worst, sum(not card.picture for card in [*best, *worst]))


def thumbnail(path: Path | BinaryIO) -> str:
    """A small picture as a data URI. Raises OSError where the file is missing or is no image."""
    from PIL import Image, ImageOps

    try:
        with Image.open(path) as image:
            image.draft("RGB", (THUMBNAIL, THUMBNAIL))  # decodes large JPEGs at a fraction of their size
            small = ImageOps.exif_transpose(image).convert("RGB")
            small.thumbnail((THUMBNAIL, THUMBNAIL))
    except (SyntaxError, ValueError, Image.DecompressionBombError) as error:  # Pillow's decoders raise these, too
        raise OSError(f"cannot decode: {error}") from error
    buffer = io.BytesIO()
    # Tiny renderings stay exact; photos are smaller as JPEG.
    if max(small.size) <= 96:
        small.save(buffer, "PNG", optimize=True)
        kind = "png"
    else:
        small.save(buffer, "JPEG", quality=82)
        kind = "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _margin(item: Mapping[str, Any]) -> float:
    return float(item["similarity"]["caption"]) - float(item["similarity"]["negation"])


def _card(item: Mapping[str, Any], focus: Run, by_run: Sequence[Mapping[str, Mapping[str, Any]]]) -> Card:
    rows = []
    for view in ("caption", "paraphrase", "negation", "absence"):
        if view in item["texts"] and view in item["similarity"]:
            scores = [_score(items.get(item["id"]), view) for items in by_run]
            rows.append((view, str(item["texts"][view]), scores))
    picture, why = _picture(item, focus)
    kind = str(item.get("negation_kind") or "")
    return Card(item["id"], picture, why, kind, _margin(item), rows)


def _score(item: Mapping[str, Any] | None, view: str) -> Score:
    if item is None or view not in item["similarity"]:
        return Score("not measured", False)
    value = float(item["similarity"][view])
    caption = item["similarity"].get("caption")
    return Score(wording.minus(f"{value:.3f}"), view == "negation" and caption is not None and value >= caption)


def _picture(item: Mapping[str, Any], run: Run) -> tuple[str, str]:
    """The picture's data URI, or "" and the reason."""
    name = item.get("image")
    if not name:
        return "", "this data has features instead of image files"
    data = run.config.get("data") or {}
    folders = [Path(), run.folder, Path(str(data.get("images") or "")), Path(str(data.get("root") or ""))]
    path = next((f / str(name) for f in folders if (f / str(name)).is_file()), None)
    if path is None:
        return "", f"image file not found: {name}"
    try:
        return thumbnail(path), ""
    except OSError as error:
        return "", f"image file cannot be read: {name} ({error})"
