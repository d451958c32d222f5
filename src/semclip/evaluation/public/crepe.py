"""CREPE: the true caption of a region must rank first among its own hard negatives."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from math import floor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from semclip.core.errors import UserError
from semclip.evaluation.base import Items, Scores
from semclip.evaluation.choices import Question, Tie, baselines, items_of, record, scores_of
from semclip.evaluation.encodings import Array, Encodings
from semclip.evaluation.metrics.outcomes import TIE, Outcomes
from semclip.evaluation.metrics.result import Metric
from semclip.evaluation.metrics.retrieval import Ranks, recall_at
from semclip.evaluation.metrics.summary import average, proportion, together
from semclip.evaluation.public._aro import box_of
from semclip.evaluation.public._image_folders import VISUAL_GENOME
from semclip.evaluation.public._rows import csv_rows
from semclip.evaluation.public.base import AnnotationFile, PublicBenchmark, image_ref

_KS = (1, 3, 5, 10)
_RESAMPLES = 200
_PRODUCTIVITY = tuple(
    f"prod_vg_hard_negs_{kind}_complexity_{size}.csv" for kind in ("atom", "swap", "negate") for size in range(4, 13)
)
_SYSTEMATICITY = tuple(
    f"syst_vg_hard_negs_{seen}_compounds_in_{data}.csv"
    for data in ("cc12m", "yfcc", "laion")
    for seen in ("seen", "unseen")
)
_REGION = ("image_id", "x", "y", "width", "height", "caption")


class Crepe(PublicBenchmark):
    """Crops of Visual Genome with a true caption and its hard negatives (arXiv 2212.07796); every CSV in the folder.

    rank        = place of the true caption among it and its own negatives, from 1, by cosine
    recall_at_k = mean 1[rank <= k], k in 1, 3, 5, 10;  mean_rank, median_rank

    Ours: an item with ties has its expected rank, and median_rank is the middle of these. Official:
    `official_recall_at_k`, `official_mean_rank`, and official_median_rank = floor(median of ranks from 0) + 1; the
    script's sort puts ties in no defined order, here the true caption, which stands first, keeps its place. Slices per
    file (and column, in the systematicity files), as official numbers are. An item with fewer than k negatives always
    counts for recall_at_k: chance says how much that is. In `negate` a "not" is always wrong: a detector of negation
    words shines, and there is no affirmative part. No licence: only for those who have the files.
    """

    files = tuple(AnnotationFile(path=path, optional=True) for path in (*_PRODUCTIVITY, *_SYSTEMATICITY))
    image_folder = VISUAL_GENOME
    licence = "none: not to be passed on"
    source = "arXiv 2212.07796; RAIVNLab/CREPE 1fa81c42, crepe_eval_utils.py:21-76"
    obtain = "unpack the archives of github.com/RAIVNLab/CREPE (git LFS)"
    primary = "recall_at_1"

    def read(self, folder: Path, images: Path) -> Items:
        there = [file.path for file in self.files if (folder / file.path).is_file()]
        if not there:
            raise UserError("none of CREPE's CSV files", where=str(folder), fix=self.obtain)
        questions, alone = [], 0
        for name in there:
            found = _questions(folder / name, images)
            questions += [q for q in found if len(q.options) > 1]
            alone += sum(len(q.options) == 1 for q in found)
        absent = len(self.files) - len(there)
        left_out = [f"left out: {alone:,} captions without a hard negative"] if alone else []
        if absent:
            left_out.append(f"{absent} of {len(self.files)} files are not there")
        return items_of(questions, left_out=left_out)

    def score(self, items: Sequence[Question], encodings: Encodings) -> Scores:
        scores = scores_of(items, encodings)
        ranks, places = ranks_of(items, scores), official_places(items, scores)
        metrics = [_recall(f"recall_at_{k}", recall_at(ranks, k), k, items, "model") for k in _KS]
        what = "median rank of the true caption, from 1"
        metrics.append(_mean("mean_rank", ranks.expected_rank, items, "model"))
        metrics.append(_median("median_rank", what, ranks.expected_rank, float, items, "model"))
        for k in _KS:
            theirs = Outcomes.certain(places < k)
            metrics.append(_recall(f"official_recall_at_{k}", theirs, k, items, "official"))
        what = "floor(median of ranks from 0) + 1"
        metrics.append(_mean("official_mean_rank", places + 1.0, items, "official"))
        metrics.append(_median("official_median_rank", what, places, lambda m: floor(m) + 1.0, items, "official"))
        return Scores(
            metrics=[*metrics, *baselines("recall_at_1", items, Tie.FIRST)],
            items={"recall_at_1": record(items, recall_at(ranks, 1))},
        )


def ranks_of(questions: Sequence[Question], scores: Sequence[Array]) -> Ranks:
    """How many negatives are above the true caption, and how many are level with it."""
    own = [s[q.answer] for q, s in zip(questions, scores, strict=True)]
    above = np.array([np.count_nonzero(s > o + TIE) for s, o in zip(scores, own, strict=True)], dtype=np.int64)
    level = np.array([np.count_nonzero(np.abs(s - o) <= TIE) - 1 for s, o in zip(scores, own, strict=True)])
    one = np.ones(len(questions), dtype=np.int64)
    return Ranks(above, level.astype(np.int64), one, one, max(len(s) for s in scores))


def official_places(questions: Sequence[Question], scores: Sequence[Array]) -> Array:
    """(n,) place of the true caption from 0, which is how many negatives score strictly more."""
    return np.array([np.count_nonzero(s > s[q.answer]) for q, s in zip(questions, scores, strict=True)], np.float64)


def _questions(path: Path, images: Path) -> list[Question]:
    productivity = path.name.startswith("prod")
    columns = ("hard_negs",) if productivity else tuple(f"valid_hard_negs_{c}" for c in ("atom", "comp", "combined"))
    if productivity:
        kind = re.sub(r"prod_vg_hard_negs_(\w+)_complexity_(\d+)", r"productivity \1 \2", path.stem)
    else:
        kind = re.sub(r"syst_vg_hard_negs_(\w+)_compounds_in_(\w+)", r"systematicity \2 \1", path.stem)
    questions = []
    for row in csv_rows(path, (*_REGION, *columns)):
        whole = image_ref(images, f"{row.whole('image_id')}.jpg")
        crop = box_of(row, whole, ("x", "y", "width", "height"))
        for column in columns:
            name = kind if productivity else f"{kind} {column.rpartition('_')[2]}"
            options = (row.text("caption"), *row.texts(column))
            questions.append(Question(f"{name}:{row.key}", crop, options, 0, name, whole.name))
    return questions


def _recall(name: str, outcomes: Outcomes, k: int, questions: Sequence[Question], kind: str) -> Metric:
    guess = [min(1.0, k / len(q.options)) for q in questions]
    what = f"the true caption is among the first {k} of it and its hard negatives"
    return proportion(
        name, what, outcomes, [q.cluster for q in questions], guess, [q.kind for q in questions], kind=kind
    )


def _mean(name: str, ranks: Array, questions: Sequence[Question], kind: str) -> Metric:
    def of(items: NDArray[np.int64]) -> Metric:
        own = [questions[i] for i in items]
        guess = float(np.mean([(len(q.options) + 1) / 2 for q in own]))
        what = "mean rank of the true caption, from 1"
        found = average(name, what, ranks[items], [q.cluster for q in own], "rank", guess)
        return replace(found, kind=kind, higher_is_better=False)

    return _sliced(of, questions)


def _median(
    name: str, what: str, values: Array, shown: Callable[[float], float], questions: Sequence[Question], kind: str
) -> Metric:
    def of(items: NDArray[np.int64]) -> Metric:
        def median(drawn: NDArray[np.int64]) -> float:
            return shown(float(np.median(values[items][drawn])))

        clusters = [questions[i].cluster for i in items]
        return together(name, what, median, clusters, _RESAMPLES, unit="rank", kind=kind, higher_is_better=False)

    return _sliced(of, questions)


def _sliced(of: Callable[[NDArray[np.int64]], Metric], questions: Sequence[Question]) -> Metric:
    """The metric of all items, and of those of each file, as official numbers are."""
    kinds = np.array([q.kind for q in questions])
    slices = {str(kind): of(np.flatnonzero(kinds == kind)) for kind in np.unique(kinds)}
    return replace(of(np.arange(len(questions))), per_slice=slices)
