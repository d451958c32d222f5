"""Paired differences between two systems on the same items, for one run or several seeds, with their significance."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from semclip.core.errors import UserError
from semclip.evaluation.metrics.crossed import Estimate, crossed_mean
from semclip.evaluation.metrics.paired import compare
from semclip.evaluation.metrics.result import Metric
from semclip.reports.comparison import Comparison
from semclip.reports.runs import Run
from semclip.reports.skills import Skill

#: Below this p a difference counts as clear.
ALPHA = 0.05


def state(difference: float, p: float | None, higher_is_better: bool = True) -> str:
    """ "better" or "worse" where a difference is clear, else ""."""
    if p is None or p >= ALPHA or difference == 0:
        return ""
    return "better" if (difference > 0) == higher_is_better else "worse"


@dataclass(frozen=True, kw_only=True)
class Contrast:
    """`run` minus `reference` on one metric or one slice of it.

    name: of the metric; metric, reference_metric: its two measurements, of the slice where there is one.
    difference: in the metric's unit. interval and p: None where there are no items to pair.
    """

    run: Run
    reference: Run
    benchmark: str
    name: str
    metric: Metric
    reference_metric: Metric
    slice_name: str = ""
    interval: tuple[float, float] | None = None
    p: float | None = None

    @property
    def difference(self) -> float:
        return self.metric.value - self.reference_metric.value

    @property
    def state(self) -> str:
        """ "better" or "worse", in the direction that is good for this metric; "" where that is not clear."""
        return state(self.difference, self.p, self.metric.higher_is_better)


class Contrasts:
    """All contrasts of a comparison, each computed once."""

    def __init__(self, comparison: Comparison) -> None:
        self.comparison = comparison
        self.between = cache(contrast)

    def with_control(self, run: Run, benchmark: str, metric: str, slice_name: str = "") -> Contrast | None:
        """A run against its control; None where either lacks the metric, or the run has no control."""
        control = self.comparison.control_of(run)
        return None if control is None else self.between(run, control, benchmark, metric, slice_name)


def contrast(run: Run, reference: Run, benchmark: str, name: str, slice_name: str = "") -> Contrast | None:
    """Any two runs on one metric; None where either lacks it."""
    a, b = metric_of(run, benchmark, name, slice_name), metric_of(reference, benchmark, name, slice_name)
    if a is None or b is None:
        return None
    mine, theirs = (outcomes_of(r, benchmark, name, slice_name) for r in (run, reference))
    paired = compare(mine, theirs) if mine and theirs else None
    return Contrast(
        run=run,
        reference=reference,
        benchmark=benchmark,
        name=name,
        metric=a,
        reference_metric=b,
        slice_name=slice_name,
        interval=paired.interval if paired else None,
        p=paired.test.p if paired else None,
    )


def got_worse(contrasts: Contrasts) -> tuple[list[Contrast], int]:
    """All on which a treated run is clearly worse than its control or its base, and how many pairs were looked at.

    Slices are compared with the control only.
    """
    comparison = contrasts.comparison
    tested = []
    for run in comparison.treated:
        control = comparison.control_of(run)
        for benchmark, metric in metric_names([run]):
            for reference in filter(None, (control, comparison.base_of(run))):
                slices = ["", *(metric.per_slice if reference is control else ())]
                found = [contrasts.between(run, reference, benchmark, metric.name, s) for s in slices]
                tested += [c for c in found if c is not None and c.p is not None]
    return [c for c in tested if c.state == "worse"], len(tested)


def metric_names(runs: Sequence[Run], kind: str = "model") -> list[tuple[str, Metric]]:
    """Every (benchmark, metric) that any of the runs has, in the order of the files."""
    seen: dict[tuple[str, str], Metric] = {}
    for benchmark in dict.fromkeys(b for r in runs for b in r.results):
        for run in runs:
            for metric in run.results[benchmark].metrics if benchmark in run.results else ():
                if metric.kind == kind:
                    seen.setdefault((benchmark, metric.name), metric)
    return [(benchmark, metric) for (benchmark, _), metric in seen.items()]


def metric_of(run: Run, benchmark: str, name: str, slice_name: str = "") -> Metric | None:
    """A metric of a run, or one slice of it; None where it was not measured."""
    metric = run.metric(benchmark, name)
    return metric.per_slice.get(slice_name) if metric and slice_name else metric


def outcomes_of(run: Run, benchmark: str, metric: str, slice_name: str = "") -> dict[str, list[Any]] | None:
    """The outcomes of one metric, of one slice where asked for; None where the result does not hold them."""
    items = run.results[benchmark].items.get(metric)
    if not items or not items.get("id") or (slice_name and "slice" not in items):
        return None
    keep = [not slice_name or items["slice"][i] == slice_name for i in range(len(items["id"]))]
    if not any(keep):
        return None
    return {key: [v for v, k in zip(values, keep, strict=True) if k] for key, values in items.items()}


def measured(runs: Sequence[Run], skill: Skill, kind: str = "") -> list[Metric]:
    """The metric, or one slice of it, of each run that has it."""
    return [m for run in runs if (m := metric_of(run, skill.benchmark, skill.metric, kind)) is not None]


def over_seeds(runs: Sequence[Run], skill: Skill, kind: str = "") -> Estimate | None:
    """Mean over seeds and items; None where the results hold no outcomes per item."""
    table = _outcomes(runs, skill, kind)
    return None if table is None else _within(crossed_mean(*table), 0.0)


def difference(pairs: Sequence[tuple[Run, Run]], skill: Skill, kind: str = "") -> Estimate | None:
    """Mean of the first minus the second of each pair, item by item; None where there are no outcomes per item."""
    table = _outcomes([run for pair in pairs for run in pair], skill, kind)
    if table is None:
        return None
    outcomes, clusters = table
    return _within(crossed_mean(outcomes[0::2] - outcomes[1::2], clusters), -1.0)


def _within(estimate: Estimate, least: float) -> Estimate:
    """Student's interval knows no bounds, but outcomes lie in [0, 1]."""
    low, high = estimate.interval
    return replace(estimate, interval=(max(least, low), min(1.0, high)))


def _outcomes(runs: Sequence[Run], skill: Skill, kind: str) -> tuple[np.ndarray, list[str]] | None:
    """(runs, items) outcomes with the items in one order, and the cluster of each item."""
    items = [outcomes_of(run, skill.benchmark, skill.metric, kind) for run in runs]
    if not items or not all(items):
        return None
    first, by_id = items[0] or {}, [dict(zip(i["id"], i["outcome"], strict=True)) for i in items if i]
    ids = first["id"]
    odd = next((row.keys() ^ set(ids) for row in by_id if row.keys() != set(ids)), None)
    if odd is not None:
        raise UserError(
            "two results hold different items",
            where=f"{skill.benchmark}.{skill.metric}, for example {min(odd)}",
            fix="evaluate all models on the same file and split",
        )
    outcomes = np.array([[row[i] for i in ids] for row in by_id], dtype=np.float64)  # (runs, items)
    clusters = list(first.get("cluster", ids))
    return (outcomes, clusters) if len(set(clusters)) > 1 else None
