"""Evaluates models between a base model and its fine-tune, and chooses the one to keep."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from semclip.core.errors import UserError
from semclip.core.example import Example, ImageRef
from semclip.evaluation import RunOptions, evaluate
from semclip.evaluation.own import create
from semclip.models.backends.base import Encoder
from semclip.models.interpolate import interpolate
from semclip.training.goodness import goodness

#: Where a metric that does not exist was named.
_OPTIONS = "--negation, --ordinary"


@dataclass(frozen=True, kw_only=True)
class Aim:
    """Which metrics count, as `benchmark.metric`, and how much ordinary ability may be lost.

    negation: its mean counts. ordinary: none of them may get worse by more than `tolerance`, as 0.01 for one point.
    """

    negation: tuple[str, ...] = ("original_over_negation.caption_over_negation", "absence.absence_over_negation")
    ordinary: tuple[str, ...] = ("retrieval.caption_r1",)
    tolerance: float = 0.01

    def __post_init__(self) -> None:
        for name in (*self.negation, *self.ordinary):
            if name.count(".") != 1:
                raise UserError(f"'{name}' is no metric", where="aim", fix="write BENCHMARK.METRIC")
        if not (self.negation and self.ordinary) or not 0 <= self.tolerance <= 1:
            raise UserError(
                "an aim has metrics on both sides, and a tolerance from 0 to 1", where="aim", fix="name some"
            )

    @property
    def benchmarks(self) -> list[str]:
        """Names of the benchmarks to run, each once."""
        return list(dict.fromkeys(name.partition(".")[0] for name in (*self.ordinary, *self.negation)))


@dataclass(frozen=True, kw_only=True)
class Point:
    """A model between two: negation and ordinary ability in [0, 1], and every metric of the aim by its name.

    values: as measured. scores: the same, each the higher the better (`goodness`); the two abilities are their means.
    """

    alpha: float
    negation: float
    ordinary: float
    values: Mapping[str, float]
    scores: Mapping[str, float]


class _Blank:
    """A model to which all is the same: its results have every metric, and cost nothing."""

    name = label = "blank"
    reads_pixels = False

    def load_image(self, ref: ImageRef) -> torch.Tensor:
        return torch.ones(1)

    def tokenize(self, texts: Sequence[str]) -> torch.Tensor:
        return torch.ones(len(texts), 1)

    def encode_image(self, inputs: torch.Tensor) -> torch.Tensor:
        return inputs

    encode_text = encode_image


def refuse_unknown_metrics(aim: Aim, examples: Sequence[Example]) -> None:
    """Raise UserError, before a model is loaded, for a benchmark that cannot run on them or lacks a metric."""
    blank: Any = _Blank()
    for name in aim.benchmarks:
        benchmark = create(name)
        benchmark.usable(examples)
        if benchmark.why_not(blank):
            continue  # what needs more of a model than embeddings is found out with the first one
        (result,) = evaluate(blank, [name], examples, options=RunOptions(model=_OPTIONS, identify=False)).values()
        for metric in (*aim.ordinary, *aim.negation):
            if metric.partition(".")[0] == name:
                result.metric(metric.partition(".")[2])


def sweep(
    base: Encoder, tuned: Encoder, alphas: Sequence[float], aim: Aim, examples: Sequence[Example], device: Any
) -> list[Point]:
    """Evaluate a model at each alpha on the same examples, 0 first: the base is what others are compared with."""
    points = []
    for alpha in sorted({0.0, *alphas}):
        model = interpolate(base, tuned, alpha).to(device)
        results = evaluate(model, aim.benchmarks, examples, {"split": "val"}, RunOptions(device=device, identify=False))
        metrics = {}
        for name in (*aim.ordinary, *aim.negation):
            benchmark, _, metric = name.partition(".")
            metrics[name] = results[benchmark].metric(metric)
        values = {name: metric.value for name, metric in metrics.items()}
        scores = {name: goodness(metric, metric.value) for name, metric in metrics.items()}
        negation, ordinary = (statistics.fmean(scores[n] for n in names) for names in (aim.negation, aim.ordinary))
        points.append(Point(alpha=alpha, negation=negation, ordinary=ordinary, values=values, scores=scores))
    return points


def choose(points: Sequence[Point], aim: Aim) -> Point:
    """The point that tells truth from falsehood best among those that lose no ordinary ability; the smallest of equals.

    Allowed is what is at most `aim.tolerance` worse than the base (alpha 0) at every ordinary metric: a gain at one
    does not pay for a loss at another. The base is always allowed.
    """
    (base,) = (p for p in points if p.alpha == 0)
    allowed = [p for p in points if all(p.scores[name] >= base.scores[name] - aim.tolerance for name in aim.ordinary)]
    return max(allowed, key=lambda p: (p.negation, -p.alpha))
