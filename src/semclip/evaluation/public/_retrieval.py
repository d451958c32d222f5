"""Captions to their image and images to their captions: recall at K as CLIP_benchmark counts it, and with fair ties."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from semclip.core.errors import UserError
from semclip.core.example import ImageRef
from semclip.core.files import read_json
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.metrics.intervals import bootstrap
from semclip.evaluation.metrics.outcomes import Outcomes
from semclip.evaluation.metrics.result import Metric
from semclip.evaluation.metrics.retrieval import chance_recall_at, rank, recall_at
from semclip.evaluation.own.base import Scores, item_record, share
from semclip.evaluation.public.base import Items, Published, picture

Array = NDArray[np.float64]

#: Similarities held at a time by the official count: 64 MB of float32.
_BLOCK = 2**24
_RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Captioned:
    """One row of an annotation file: an image and its captions, in official order. where: `file:row`."""

    image: ImageRef
    captions: tuple[str, ...]
    where: str


def check_ks(ks: Sequence[int], benchmark: str) -> None:
    """Raise UserError for numbers of results that make no sense."""
    if not ks or min(ks) < 1:
        raise UserError(f"ks is {list(ks)}", where=f"benchmark '{benchmark}'", fix="give numbers from 1 up")


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
        ("image_retrieval", rank(texts, images, [[i] for i in own]), [names[i] for i in own], _caption_ids(rows)),
        ("text_retrieval", rank(images[asking], texts, [answers[i] for i in asking]), [names[i] for i in asking],
         [names[i] for i in asking]),
    )  # fmt: skip
    precision = official_precision(encodings)
    theirs = _official(texts, images[[place[row.image] for row in rows]], owner, ks, precision)

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
            metrics.append(share(name, text, outcomes[name], clusters, chance_recall_at(ranks, k)))
            shown = [(caption, ()) for caption in captions] if direction == "image_retrieval" else ()
            records[name] = item_record(ids, outcomes[name], clusters, texts=shown)
    official: dict[str, Outcomes] = {}
    for (direction, k), right in theirs.items():
        name = f"{prefix}{direction}_r{k}"
        official[name] = Outcomes(right, right, right)
        clusters = [rows[i].image.name for i in (owner if direction == "image_retrieval" else range(len(rows)))]
        text = f"{what}R@{k} by torch.topk on {precision} scores; the order of ties is unspecified"
        chance = next((m.chance for m in metrics if m.name == name), None)
        metrics.append(share(f"official_{name}", text, official[name], clusters, chance or 0.0, kind="official"))
    notes = [f"{what}left out: {reason}" for reason in too_many]
    return Recalls(metrics, outcomes, official, records, notes)


def _caption_ids(rows: Sequence[Captioned]) -> list[str]:
    return [f"{row.image.name}#{i}" for row in rows for i in range(len(row.captions))]


def official_precision(encodings: Encodings) -> str:
    """What official scripts would compute scores in: float64 where both towers give that, else float32."""
    double = {encodings.facts.get("image_dtype"), encodings.facts.get("text_dtype")} == {"float64"}
    return "float64" if double else "float32"


def _official(
    texts: Array, images: Array, owner: NDArray[np.int64], ks: Sequence[int], precision: str
) -> dict[tuple[str, int], Array]:
    """What CLIP_benchmark counts, per caption and per row: (Q,) and (R,) of 0 and 1. images: (R, D), a row each."""
    import torch

    dtype = {"float32": torch.float32, "float64": torch.float64}[precision]
    t, i = torch.from_numpy(texts).to(dtype), torch.from_numpy(images).to(dtype)
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


class KarpathyRetrieval(Published):
    """Base of retrieval on Karpathy's test split: one JSON file, both directions."""

    source: ClassVar[str] = "Karpathy and Fei-Fei, CVPR 2015; metric: LAION-AI/CLIP_benchmark@48de38c1"
    primary: ClassVar[str] = "image_retrieval_r5"

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """ks: how many results are looked at; 5 is always among them."""

        ks: tuple[int, ...] = (1, 5, 10)

    def __init__(self, config: Any = None) -> None:
        super().__init__(config)
        check_ks(self.config.ks, self.name)

    def read(self, folder: Path, images: Path) -> Items:
        rows = karpathy(folder / self.files[0].path, images)
        return Items(
            items=rows,
            images=[row.image for row in rows],
            texts=[caption for row in rows for caption in row.captions],
            defects=defects(rows, "Karpathy test"),
        )

    def score(self, items: Sequence[Captioned], encodings: Encodings) -> Scores:
        found = recalls(items, encodings, (5, *self.config.ks))
        return Scores(metrics=found.metrics, items=found.records, notes=found.notes)


def drop(
    name: str,
    plain: Sequence[Captioned],
    plain_right: Outcomes,
    negated: Sequence[Captioned],
    negated_right: Outcomes,
    kind: str = "model",
) -> Metric:
    """R@k on the plain captions minus R@k on the negated ones, with a bootstrap interval over images.

    Captions are averaged as in R@k itself, so an image with more captions counts for more.
    """
    description = "R@k on the plain captions minus R@k on the negated ones: what negation costs; near 0 is good"
    first, second = _sums(plain, plain_right), _sums(negated, negated_right)
    value = plain_right.value - negated_right.value
    shared = sorted(first.keys() & second.keys())
    if not shared or len(shared) < max(len(first), len(second)):
        raise UserError(
            f"the two files hold different images: {len(shared):,} are in both",
            where=f"{plain[0].where} and {negated[0].where}",
            fix="use the plain and the negated file of one release",
        )
    table = np.array([(*first[image], *second[image]) for image in shared])  # (N, 4): right, captions, right, captions

    def drawn(items: NDArray[np.int64]) -> float:
        sums = table[items].sum(axis=0)
        return float(sums[0] / sums[1] - sums[2] / sums[3])

    return Metric(
        name=name,
        value=value,
        n=len(plain_right),
        description=description,
        interval=bootstrap(drawn, len(table), resamples=_RESAMPLES),
        chance=0.0,
        unit="difference",
        kind=kind,
        higher_is_better=False,
    )


def _sums(rows: Sequence[Captioned], outcomes: Outcomes) -> dict[str, tuple[float, float]]:
    """Per image: captions found, and captions."""
    sums: dict[str, tuple[float, float]] = {}
    position = 0
    for row in rows:
        right = float(outcomes.expected[position : position + len(row.captions)].sum())
        position += len(row.captions)
        before = sums.get(row.image.name, (0.0, 0.0))
        if row.captions:
            sums[row.image.name] = (before[0] + right, before[1] + len(row.captions))
    return sums


def karpathy(path: Path, images: Path, split: str = "test") -> list[Captioned]:
    """Rows of a split of Karpathy's JSON: `images`, each with `filename`, `split` and `sentences` with `raw`.

    Raises UserError for a file of another shape and for a split that nobody is in.
    """
    content = read_json(path)
    entries = content.get("images") if isinstance(content, dict) else None
    if not isinstance(entries, list):
        raise UserError("no list `images` in the file", where=str(path), fix="use Karpathy's own file, unchanged")
    rows = []
    for number, entry in enumerate(entries):
        where = f"{path}:images[{number}]"
        try:
            if entry["split"] == split:
                captions = tuple(str(sentence["raw"]) for sentence in entry["sentences"])
                rows.append(Captioned(picture(images, str(entry["filename"])), captions, where))
        except (KeyError, TypeError) as error:
            raise UserError(
                f"an image without {error}", where=where, fix="it needs filename, split and sentences with raw"
            ) from error
    if not rows:
        raise UserError(
            f"no image is in the split '{split}'", where=str(path), fix="use Karpathy's own file, unchanged"
        )
    return rows
