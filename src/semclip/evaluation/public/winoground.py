"""Winoground: two images and two captions of the same words; each caption must go with its own image."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import factorial
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from semclip.core.example import ImageRef
from semclip.evaluation.base import Items, Scores
from semclip.evaluation.choices import note
from semclip.evaluation.encodings import Array, Encodings
from semclip.evaluation.metrics.choice import choice
from semclip.evaluation.metrics.outcomes import TIE, Outcomes
from semclip.evaluation.metrics.result import Metric
from semclip.evaluation.metrics.summary import item_record, proportion
from semclip.evaluation.public._rows import json_lines
from semclip.evaluation.public.base import AnnotationFile, ImageFolder, PublicBenchmark, image_ref

_FILE = "examples.jsonl"
_TITLES = {
    "text": "each image is nearer to its own caption",
    "image": "each caption is nearer to its own image",
    "group": "both",
}
#: Two independent pairs; of the 24 orders of four scores, 4 have both right ones before both wrong ones.
_CHANCE = {"text": 1 / 4, "image": 1 / 4, "group": 1 / 6}


@dataclass(frozen=True, slots=True)
class _Quad:
    """Image k goes with caption k. kind: the official `collapsed_tag`: Object, Relation or Both."""

    id: str
    images: tuple[ImageRef, ImageRef]
    captions: tuple[str, str]
    kind: str


class Winoground(PublicBenchmark):
    """400 quadruples (arXiv 2204.03162), sliced by tag. With s_ci the cosine of caption c and image i:

    text  = mean 1[s00 > s10 and s11 > s01], chance 1/4
    image = mean 1[s00 > s01 and s11 > s10], chance 1/4
    group = mean 1[text and image],          chance 1/6
    Each with `official_` before it by the authors' rule (a tie is wrong), and with `official_clip_benchmark_` as
    CLIP_benchmark counts it: argmax must be [0, 1], so a tie is right in the first row and wrong in the second.
    The data are gated and for research use; nothing of them is part of this package. Each caption is true of one image,
    so that reading them alone decides nothing. One item is 0.25 points.
    """

    files = (AnnotationFile(path=_FILE),)
    image_folder = ImageFolder(
        name="Winoground", folder="winoground/images", obtain="images.zip beside the annotations, unpacked"
    )
    licence = "gated, for research use only"
    source = "arXiv 2204.03162; Hugging Face facebook/winoground; CLIP_benchmark 48de38c1"
    obtain = "accept the terms of the Hugging Face dataset facebook/winoground, then data/examples.jsonl"
    primary = "group"

    def read(self, folder: Path, images: Path) -> Items:
        items = []
        for row in json_lines(folder / _FILE):
            first, second = (_image(row.text(f"image_{k}"), images) for k in (0, 1))
            captions = row.text("caption_0"), row.text("caption_1")
            tag = str(row.values.get("collapsed_tag") or "")
            items.append(_Quad(str(row.whole("id")), (first, second), captions, tag))
        same = (i.id for i in items if i.captions[0] == i.captions[1] or i.images[0] == i.images[1])
        return Items(
            items=items,
            images=[ref for i in items for ref in i.images],
            texts=[text for i in items for text in i.captions],
            defects=note(same, len(items), "items have one caption or one image twice: nobody can win"),
        )

    def score(self, items: Sequence[_Quad], encodings: Encodings) -> Scores:
        pairs = [(i.images[image], i.captions[caption]) for i in items for caption in (0, 1) for image in (0, 1)]
        s = encodings.similarity(*map(list, zip(*pairs, strict=True))).reshape(-1, 2, 2)  # (n, caption, image)
        outcomes = harness(s)
        rules = {
            "official_": (official(s), "a tie is wrong"),
            "official_clip_benchmark_": (clip_benchmark(s), "argmax"),
        }
        metrics = [_metric(name, _TITLES[name], outcomes[name], name, items, "model") for name in _TITLES]
        for prefix, (theirs, how) in rules.items():
            metrics += [
                _metric(prefix + name, f"{what}; {how}", Outcomes.certain(theirs[name]), name, items, "official")
                for name, what in _TITLES.items()
            ]
        nothing, how = np.zeros_like(s), "group by an encoder that tells nothing apart"
        metrics.append(_metric("blind_constant", how, harness(nothing)["group"], "group", items, "baseline"))
        never = Outcomes.certain(official(nothing)["group"])
        metrics.append(_metric("official_blind_constant", f"{how}; a tie is wrong", never, "group", items, "official"))
        ids, kinds = [i.id for i in items], [i.kind for i in items]
        texts = [(" / ".join(i.captions), ()) for i in items]
        return Scores(metrics=metrics, items={n: item_record(ids, outcomes[n], ids, kinds, texts) for n in _TITLES})


def harness(s: Array) -> dict[str, Outcomes]:
    """text, image and group of s (n, caption, image); ties count as they would in random order."""
    text = _both(choice(s[:, :, 0], 0), choice(s[:, :, 1], 1))
    image = _both(choice(s[:, 0], 0), choice(s[:, 1], 1))
    expected = np.array([_chance_of_group(own) for own in s])
    group = Outcomes(expected, text.strict * image.strict, text.optimistic * image.optimistic)
    return {"text": text, "image": image, "group": group}


def official(s: Array) -> dict[str, NDArray[np.bool_]]:
    """text, image and group as the authors count them: strictly greater."""
    text = (s[:, 0, 0] > s[:, 1, 0]) & (s[:, 1, 1] > s[:, 0, 1])
    image = (s[:, 0, 0] > s[:, 0, 1]) & (s[:, 1, 1] > s[:, 1, 0])
    return {"text": text, "image": image, "group": text & image}


def clip_benchmark(s: Array) -> dict[str, NDArray[np.bool_]]:
    """text, image and group as CLIP_benchmark counts them: the argmax of the two rows is [0, 1]."""
    text = (s.argmax(axis=1) == [0, 1]).all(axis=1)
    image = (s.argmax(axis=2) == [0, 1]).all(axis=1)
    return {"text": text, "image": image, "group": text & image}


def _chance_of_group(s: Array) -> float:
    """Probability that both right scores are above both wrong ones, equal ones being put in random order.

    Where the lowest right score equals the highest wrong one, with a right and b wrong ones there: a! b! / (a + b)!.
    """
    right, wrong = np.array([s[0, 0], s[1, 1]]), np.array([s[0, 1], s[1, 0]])
    gap = right.min() - wrong.max()
    if abs(gap) > TIE:
        return float(gap > 0)
    a, b = int((right <= right.min() + TIE).sum()), int((wrong >= wrong.max() - TIE).sum())
    return factorial(a) * factorial(b) / factorial(a + b)


def _both(first: Outcomes, second: Outcomes) -> Outcomes:
    # The two comparisons share no score, so that their ties are independent.
    expected, strict = first.expected * second.expected, first.strict * second.strict
    return Outcomes(expected, strict, first.optimistic * second.optimistic)


def _metric(name: str, what: str, outcomes: Outcomes, base: str, items: Sequence[_Quad], kind: str) -> Metric:
    return proportion(name, what, outcomes, [i.id for i in items], _CHANCE[base], [i.kind for i in items], kind=kind)


def _image(name: str, images: Path) -> ImageRef:
    # The official rows name images without their suffix.
    return image_ref(images, name if PurePosixPath(name).suffix else f"{name}.png")
