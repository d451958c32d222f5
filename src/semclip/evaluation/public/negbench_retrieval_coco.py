"""NegBench retrieval on COCO val2017: captions, and the same captions with a true denial in each; and the drop."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semclip.core.errors import UserError
from semclip.evaluation.base import Items, Scores
from semclip.evaluation.blind import has_negation_word
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.metrics.intervals import bootstrap
from semclip.evaluation.metrics.outcomes import Outcomes
from semclip.evaluation.metrics.result import Metric
from semclip.evaluation.metrics.retrieval import check_ks
from semclip.evaluation.metrics.summary import proportion
from semclip.evaluation.public._image_folders import COCO_VAL2017
from semclip.evaluation.public._negbench import LICENCE, OBTAIN, mirrored
from semclip.evaluation.public._retrieval import Captioned, defects, recalls
from semclip.evaluation.public._rows import csv_rows
from semclip.evaluation.public.base import PublicBenchmark, image_ref

_PLAIN = "COCO_val_retrieval.csv"
_NEGATED = "COCO_val_negated_retrieval_llama3.1_rephrased_affneg_true.csv"
_RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Negatable:
    """A row of one of the two files."""

    row: Captioned
    negated: bool


class NegBenchRetrievalCoco(PublicBenchmark):
    """Captions ask for their image among 5,000, first plain, then with "..., but there is no chair" added.

    image_retrieval_rK          R@K of the plain captions: the affirmative part.
    negated_image_retrieval_rK  R-Neg@K. The denial is true, so the right image stays right.
    drop_rK                     the first minus the second; `official_drop_r5` is the published "R@5 - R-Neg@5".
    text_retrieval_rK, negated_text_retrieval_rK: image -> any of its captions.

    Official: mean over ALL 25,014 captions of 1[own image in torch.topk] (src/evaluation/retrieval.py:11-70).
    A detector of negation words and a reader of texts alone rank all images the same: they are the constant encoder,
    whose score stands as `blind_constant`. When to use: whether a denial throws a search off. arXiv 2501.09425.
    """

    files = (
        mirrored(_PLAIN, 1_994_138, "dfe9217359b42f3f68bd93245f92a04701b8d3cde0aaf3fd1c26694d6de8d547"),
        mirrored(_NEGATED, 2_912_742, "08a8db9b96130ab27f91f5ef14f413981d70a96bc9b3557436a26256db115b7d"),
    )
    image_folder = COCO_VAL2017
    licence = LICENCE
    source = "arXiv 2501.09425, m1k2zoo/negbench@2ac009b5"
    obtain = OBTAIN
    primary = "negated_image_retrieval_r5"

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

    def drawn(self, items: Sequence[Any], limit: int) -> tuple[Sequence[Any], list[str]]:
        """Both rows of the images that are drawn: an item is an image, plain and negated."""
        images, note = super().drawn(list(dict.fromkeys(item.row.image for item in items)), limit)
        kept = set(images)
        return [item for item in items if item.row.image in kept], note

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
                    _drop(f"drop_{suffix}", rows[False], pair[0], rows[True], pair[1]),
                    _drop(f"official_drop_{suffix}", rows[False], theirs[0], rows[True], theirs[1], kind="official"),
                ]
        return Scores(
            metrics=[*plain.metrics, *negated.metrics, *drops, *_constant(negated.metrics, self.primary)],
            items=plain.records | negated.records,
            notes=[*plain.notes, *negated.notes],
        )


def _drop(
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
        interval=bootstrap(drawn, shared, resamples=_RESAMPLES),
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


def _constant(metrics: Sequence[Metric], primary: str) -> list[Metric]:
    """What an encoder that tells no images apart scores: all images tie, and that is chance."""
    metric = next((metric for metric in metrics if metric.name == primary), None)
    if metric is None:
        return []
    guess, ids = np.full(metric.n, metric.chance), [str(i) for i in range(metric.n)]
    ties = Outcomes(guess, np.zeros(len(guess)), np.ones(len(guess)))
    how = f"{primary} by an encoder that tells nothing apart"
    return [proportion("blind_constant", how, ties, ids, guess, kind="baseline")]


def _rows(path: Path, images: Path) -> list[Captioned]:
    return [
        Captioned(image_ref(images, row.text("filepath")), row.texts("captions"), row.where)
        for row in csv_rows(path, ("filepath", "captions"))
    ]
