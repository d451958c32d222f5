"""NegBench retrieval on COCO val2017: captions, and the same captions with a true denial in each; and the drop."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from semclip.evaluation.blind import has_negation_word
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.metrics.outcomes import Outcomes
from semclip.evaluation.metrics.result import Metric
from semclip.evaluation.own.base import Scores, share
from semclip.evaluation.public._negbench import COPY, LICENCE, MIRROR, OBTAIN
from semclip.evaluation.public._retrieval import Captioned, check_ks, defects, drop, recalls
from semclip.evaluation.public._rows import csv_rows
from semclip.evaluation.public.base import AnnotationFile, Items, Pictures, Published, picture

_COMMIT = "6f85230700ee3c3d520065551a19fef74bd179de"
_PLAIN = "COCO_val_retrieval.csv"
_NEGATED = "COCO_val_negated_retrieval_llama3.1_rephrased_affneg_true.csv"


@dataclass(frozen=True, slots=True)
class Negatable:
    """A row of one of the two files."""

    row: Captioned
    negated: bool


class NegBenchRetrievalCoco(Published):
    """Captions ask for their image among 5,000, first plain, then with "..., but there is no chair" added.

    image_retrieval_rK          R@K of the plain captions: the affirmative part.
    negated_image_retrieval_rK  R-Neg@K. The denial is true, so the right image stays right.
    drop_rK                     the first minus the second; `official_drop_r5` is the published "R@5 - R-Neg@5".
    text_retrieval_rK, negated_text_retrieval_rK: image -> any of its captions.

    Official: mean over ALL 25,014 captions of 1[own image in torch.topk] (src/evaluation/retrieval.py:11-70).
    A detector of negation words and a reader of texts alone rank all images the same: they are the constant encoder,
    whose score stands as `blind_constant`. When to use: whether a denial throws a search off. arXiv 2501.09425.
    """

    files: ClassVar[Sequence[AnnotationFile]] = tuple(
        AnnotationFile(path=path, size=size, sha256=sha256, url=f"{MIRROR}/{_COMMIT}/data/images/{path}", copy_in=COPY)
        for path, size, sha256 in (
            (_PLAIN, 1994138, "dfe9217359b42f3f68bd93245f92a04701b8d3cde0aaf3fd1c26694d6de8d547"),
            (_NEGATED, 2912742, "08a8db9b96130ab27f91f5ef14f413981d70a96bc9b3557436a26256db115b7d"),
        )
    )
    pictures: ClassVar[Pictures | None] = Pictures(
        name="COCO val2017",
        folder="coco/val2017",
        obtain="get http://images.cocodataset.org/zips/val2017.zip (https://cocodataset.org) and unpack it to coco/",
    )
    licence: ClassVar[str] = LICENCE
    source: ClassVar[str] = "arXiv 2501.09425, m1k2zoo/negbench@2ac009b5"
    obtain: ClassVar[str] = OBTAIN
    primary: ClassVar[str] = "negated_image_retrieval_r5"

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """ks: how many results are looked at; 5 is always among them."""

        ks: tuple[int, ...] = (1, 5, 10)

        def __post_init__(self) -> None:
            check_ks(self.ks, "negbench_retrieval_coco")

    def read(self, folder: Path, images: Path) -> Items:
        plain, negated = (_rows(folder / path, images) for path in (_PLAIN, _NEGATED))
        denials = [caption for row in negated for caption in row.captions]
        silent = sum(not has_negation_word(caption) for caption in denials)
        found = [
            *defects(plain, "plain captions"),
            *defects(negated, "negated captions"),
            f"negated captions: {silent:,} of {len(denials):,} hold no word on our list of negations "
            '("unoccupied", "nowhere to be seen")',
        ]
        rows = [*plain, *negated]
        return Items(
            items=[*(Negatable(r, False) for r in plain), *(Negatable(r, True) for r in negated)],
            images=[row.image for row in rows],
            texts=[caption for row in rows for caption in row.captions],
            defects=found,
        )

    def score(self, items: Sequence[Negatable], encodings: Encodings) -> Scores:
        ks = sorted({5, *self.config.ks})
        rows = {negated: [i.row for i in items if i.negated is negated] for negated in (False, True)}
        plain = recalls(rows[False], encodings, ks, what="plain captions: ")
        negated = recalls(rows[True], encodings, ks, prefix="negated_", what="negated captions: ")
        drops = []
        for name in (f"image_retrieval_r{k}" for k in ks):
            if name in plain.outcomes and f"negated_{name}" in negated.outcomes:
                pair = (plain.outcomes[name], negated.outcomes[f"negated_{name}"])
                theirs = (plain.official[name], negated.official[f"negated_{name}"])
                suffix = name.removeprefix("image_retrieval_")
                drops += [
                    drop(f"drop_{suffix}", rows[False], pair[0], rows[True], pair[1]),
                    drop(f"official_drop_{suffix}", rows[False], theirs[0], rows[True], theirs[1], kind="official"),
                ]
        return Scores(
            metrics=[*plain.metrics, *negated.metrics, *drops, *_constant(negated.metrics, self.primary)],
            items=plain.records | negated.records,
            notes=[*plain.notes, *negated.notes],
        )


def _constant(metrics: Sequence[Metric], primary: str) -> list[Metric]:
    """What an encoder that tells no images apart scores: all images tie, and that is chance."""
    found = [m for m in metrics if m.name == primary]
    guesses = [np.full(m.n, m.chance) for m in found]
    return [
        share(
            "blind_constant",
            f"{primary} by an encoder that tells nothing apart",
            Outcomes(guess, np.zeros(len(guess)), np.ones(len(guess))),
            [str(i) for i in range(len(guess))],
            guess,
            kind="baseline",
        )
        for guess in guesses
    ]


def _rows(path: Path, images: Path) -> list[Captioned]:
    return [
        Captioned(picture(images, row.text("filepath")), row.texts("captions"), row.where)
        for row in csv_rows(path, ("filepath", "captions"))
    ]
