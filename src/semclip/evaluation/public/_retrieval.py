"""Captions to their image and images to their captions: recall at K as CLIP_benchmark counts it, and with fair ties."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semclip.core.errors import UserError
from semclip.core.example import ImageRef
from semclip.evaluation.encodings import Array, Encodings
from semclip.evaluation.metrics.outcomes import Outcomes
from semclip.evaluation.metrics.result import Metric
from semclip.evaluation.metrics.retrieval import chance_recall_at, rank, recall_at
from semclip.evaluation.metrics.summary import item_record, proportion

#: Similarities held at a time by the official count: 64 MB of float32.
_BLOCK = 2**24


@dataclass(frozen=True, slots=True)
class Captioned:
    """One row of an annotation file: an image and its captions, in official order. where: `file:row`."""

    image: ImageRef
    captions: tuple[str, ...]
    where: str


def defects(rows: Sequence[Captioned], what: str) -> list[str]:
    """Known faults of retrieval data: empty captions, captions of several images, images without a caption."""
    owners: dict[str, set[ImageRef]] = {}
    for row in rows:
        for caption in row.captions:
            owners.setdefault(caption, set()).add(row.image)
    empty = [row for row in rows for caption in row.captions if not caption.strip()]
    shared = sum(len(images) > 1 for images in owners.values())
    bare = [row for row in rows if not row.captions]
    repeated = len(rows) - len({row.image for row in rows})
    found = []
    if empty:
        found.append(
            f"{what}: {len(empty):,} captions are empty ({empty[0].where}); kept, so that n stays the official"
        )
    if shared:
        found.append(f"{what}: {shared:,} caption texts stand under several images, of which one counts as right")
    if bare:
        found.append(
            f"{what}: {len(bare):,} images have no caption ({bare[0].where}): the official count calls them wrong"
        )
    if repeated:
        found.append(f"{what}: {repeated:,} rows repeat the image of another row")
    return found


@dataclass(frozen=True)
class Recalls:
    """Both protocols on one file. outcomes: by metric name without a prefix, per caption or per image."""

    metrics: Sequence[Metric]
    outcomes: dict[str, Outcomes]
    official: dict[str, Outcomes]
    records: dict[str, dict[str, Sequence[Any]]]
    notes: Sequence[str]


def recalls(
    rows: Sequence[Captioned], encodings: Encodings, ks: Sequence[int], prefix: str = "", what: str = ""
) -> Recalls:
    """R@k of text -> image (`image_retrieval`, mean over captions) and image -> text (`text_retrieval`, over images).

    image_retrieval_rK: the caption's own image is among the first K.
    text_retrieval_rK:  any caption of the image is among the first K captions of all images.

    Harness: each distinct image stands once in the gallery; equal scores are in random order. Official: each row is an
    image of its own; scores in float32 (float64 where the encoder gives that) and `torch.topk`, whose order of equal
    scores is unspecified. Memory: a block of similarities, never all of them.
    """
    captions = [c for row in rows for c in row.captions]  # Q, official order
    owner = np.array([i for i, row in enumerate(rows) for _ in row.captions], dtype=np.int64)  # (Q,) row of a caption
    gallery = list(dict.fromkeys(row.image for row in rows))  # N distinct images
    place = {image: i for i, image in enumerate(gallery)}
    own = np.array([place[rows[i].image] for i in owner], dtype=np.int64)  # (Q,) image of a caption
    if not captions:
        raise UserError("no captions", where=rows[0].where if rows else what, fix="check the annotation file")
    texts, images = encodings.text(captions), encodings.image(gallery)  # (Q, D), (N, D)

    described = [i for i, row in enumerate(rows) if row.captions]
    asking = sorted({place[rows[i].image] for i in described})  # images that have captions
    order = np.argsort(own, kind="stable")
    ends = np.cumsum(np.bincount(own, minlength=len(gallery)))
    answers = [order[end - n : end] for end, n in zip(ends, np.bincount(own, minlength=len(gallery)), strict=True)]
    names = [image.name for image in gallery]
    directions = (
        ("image_retrieval", rank(texts, images, [[i] for i in own]), [names[i] for i in own],
         [f"{row.image.name}#{i}" for row in rows for i in range(len(row.captions))]),
        ("text_retrieval", rank(images[asking], texts, [answers[i] for i in asking]), [names[i] for i in asking],
         [names[i] for i in asking]),
    )  # fmt: skip
    precision = official_precision(encodings)
    per_row = official_tensor(images[[place[row.image] for row in rows]], encodings)
    theirs = _official(official_tensor(texts, encodings), per_row, owner, ks)

    metrics: list[Metric] = []
    outcomes: dict[str, Outcomes] = {}
    records: dict[str, dict[str, Sequence[Any]]] = {}
    too_many: list[str] = []
    for direction, ranks, clusters, ids in directions:
        sought = "the caption's image" if direction == "image_retrieval" else "a caption of the image"
        found = "images" if direction == "image_retrieval" else "captions"
        for k in sorted(set(ks)):
            if k > ranks.gallery:
                too_many.append(f"{direction} R@{k}: the gallery has {ranks.gallery} {found}")
                continue
            name = f"{prefix}{direction}_r{k}"
            outcomes[name] = recall_at(ranks, k)
            text = f"{what}{sought} is among the first {k} {found}"
            metrics.append(proportion(name, text, outcomes[name], clusters, chance_recall_at(ranks, k)))
            shown = [(caption, ()) for caption in captions] if direction == "image_retrieval" else ()
            records[name] = item_record(ids, outcomes[name], clusters, texts=shown)
    official: dict[str, Outcomes] = {}
    for (direction, k), right in theirs.items():
        name = f"{prefix}{direction}_r{k}"
        official[name] = Outcomes.certain(right)
        clusters = [rows[i].image.name for i in (owner if direction == "image_retrieval" else range(len(rows)))]
        text = f"{what}R@{k} by torch.topk on {precision} scores; the order of ties is unspecified"
        chance = next((m.chance for m in metrics if m.name == name), None)
        metrics.append(proportion(f"official_{name}", text, official[name], clusters, chance or 0.0, kind="official"))
    notes = [f"{what}left out: {reason}" for reason in too_many]
    return Recalls(metrics, outcomes, official, records, notes)


def official_precision(encodings: Encodings) -> str:
    """What official scripts would compute scores in: float64 where both towers give that, else float32."""
    double = {encodings.facts.get("image_dtype"), encodings.facts.get("text_dtype")} == {"float64"}
    return "float64" if double else "float32"


def official_tensor(rows: Array, encodings: Encodings) -> Any:
    """The rows as a tensor of that precision."""
    import torch

    return torch.from_numpy(rows).to(torch.float64 if official_precision(encodings) == "float64" else torch.float32)


def _official(t: Any, i: Any, owner: NDArray[np.int64], ks: Sequence[int]) -> dict[tuple[str, int], Array]:
    """What CLIP_benchmark counts: (Q,) per caption and (R,) per row, of 0 and 1. t: (Q, D). i: (R, D), a row each."""
    import torch

    right_of = torch.from_numpy(owner)
    found: dict[tuple[str, int], Array] = {}
    for k in sorted(set(ks)):
        if k <= len(i):
            hits = [top == right_of[at, None] for at, top in _topk(t, i, k)]
            found["image_retrieval", k] = torch.cat(hits).any(dim=1).double().numpy()
        if k <= len(t):
            rows = torch.arange(len(i))
            hits = [right_of[top] == rows[at, None] for at, top in _topk(i, t, k)]
            found["text_retrieval", k] = torch.cat(hits).any(dim=1).double().numpy()
    return found


def _topk(queries: Any, gallery: Any, k: int) -> Iterator[tuple[slice, Any]]:
    """Places of the k best of the gallery, (rows, k), a block of queries at a time."""
    step = max(1, _BLOCK // len(gallery))
    for start in range(0, len(queries), step):
        at = slice(start, start + step)
        yield at, (queries[at] @ gallery.T).topk(k, dim=1).indices
