"""What the systems of a comparison score and how they differ: one estimator per number, one correction for the page.

A value, its interval, a difference, its interval and its p never come from different means: weights of a mean over sets
or classes are those of the difference, too. p of two systems on a metric is corrected (Holm) over all pairs of systems
on that metric, wherever on a page it stands, so that no two tables can call one difference clear and not clear.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semclip.core.errors import UserError
from semclip.evaluation.metrics.crossed import as_weights, crossed_mean, holm
from semclip.evaluation.metrics.intervals import wilson
from semclip.evaluation.metrics.paired import Difference, paired_difference
from semclip.evaluation.metrics.result import Metric
from semclip.reports.comparison import Arm, Comparison
from semclip.reports.runs import Run

#: Below this p, corrected, a difference counts as clear.
ALPHA = 0.05
#: A metric's value and the mean of its outcomes may differ by no more; the record is of something else then.
_SAME = 1e-6


def state(difference: float, p: float | None, higher_is_better: bool = True) -> str:
    """ "better" or "worse" where a difference is clear, else ""."""
    if p is None or p >= ALPHA or difference == 0:
        return ""
    return "better" if (difference > 0) == higher_is_better else "worse"


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One system on one metric or one slice of it.

    metric: as its first run has it. value: mean over its runs. interval: of one run that of its result, of several over
    seeds and items; None where there is none. spread: standard deviation over several runs; None for one.
    """

    metric: Metric
    value: float
    interval: tuple[float, float] | None
    spread: float | None = None

    @property
    def unit(self) -> str:
        return self.metric.unit


@dataclass(frozen=True, kw_only=True)
class Contrast:
    """`arm` minus `reference` on one metric or one slice of it.

    interval: 95 %, of this difference by itself. p: of the test `method`, corrected over all pairs of systems on the
    metric. Both None where there are no items to pair.
    """

    arm: Arm
    reference: Arm
    benchmark: str
    name: str
    measured: Measured
    reference_measured: Measured
    slice_name: str = ""
    interval: tuple[float, float] | None = None
    p: float | None = None
    method: str = ""

    @property
    def metric(self) -> Metric:
        return self.measured.metric

    @property
    def difference(self) -> float:
        return self.measured.value - self.reference_measured.value

    @property
    def state(self) -> str:
        """ "better" or "worse", in the direction that is good for this metric; "" where that is not clear."""
        return state(self.difference, self.p, self.metric.higher_is_better)


class Contrasts:
    """All systems of a comparison on all metrics, and all pairs of them; each is computed once."""

    def __init__(self, comparison: Comparison) -> None:
        self.comparison = comparison
        self.arms = comparison.arms
        self.measured = cache(self._measured)
        self._family = cache(self._tests)
        self._record = cache(_record)

    def _measured(self, arm: Arm, benchmark: str, name: str, slice_name: str = "") -> Measured | None:
        """What a system scores; None where a run of it was not measured."""
        found = [m for run in arm.runs if (m := metric_of(run, benchmark, name, slice_name)) is not None]
        if len(found) < len(arm.runs):
            return None
        if len(found) == 1:
            return Measured(metric=found[0], value=found[0].value, interval=found[0].interval)
        values = [m.value for m in found]
        interval = self._over_seeds(arm, benchmark, name, slice_name)
        return Measured(
            metric=found[0], value=statistics.fmean(values), interval=interval, spread=statistics.stdev(values)
        )

    def _over_seeds(self, arm: Arm, benchmark: str, name: str, slice_name: str) -> tuple[float, float] | None:
        records = [self._record(run, benchmark, name, slice_name) for run in arm.runs]
        table = _aligned(records, f"{benchmark}.{name}")
        if table is None:
            return None
        outcomes, clusters, weights = table
        if len(np.unique(clusters)) < 2:
            return None
        found = crossed_mean(outcomes, clusters.tolist(), weights)
        value = min(max(found.value, 0.0), 1.0)
        low, high = found.interval
        if low == high:  # every seed says the same of every item, which Student's t takes for certain
            low, high = wilson(value, len(np.unique(clusters)))
        return min(max(0.0, low), found.value), max(min(1.0, high), found.value)

    def between(self, arm: Arm, reference: Arm, benchmark: str, name: str, slice_name: str = "") -> Contrast | None:
        """Any two systems on one metric; None where either lacks it."""
        a = self.measured(arm, benchmark, name, slice_name)
        b = self.measured(reference, benchmark, name, slice_name)
        if a is None or b is None:
            return None
        one, other = self.arms.index(arm), self.arms.index(reference)
        tests = self._family(benchmark, name, slice_name)
        found = tests.get((min(one, other), max(one, other)))
        interval, p, method = None, None, ""
        if found is not None:
            test, p = found
            method, interval = test.method, test.interval
            if one > other and interval is not None:
                interval = (-interval[1], -interval[0])
        return Contrast(
            arm=arm, reference=reference, benchmark=benchmark, name=name, measured=a, reference_measured=b,
            slice_name=slice_name, interval=interval, p=p, method=method,
        )  # fmt: skip

    def _tests(self, benchmark: str, name: str, slice_name: str) -> dict[tuple[int, int], tuple[Difference, float]]:
        """By places of the systems: their difference, and its p corrected over all pairs that can be tested."""
        found: dict[tuple[int, int], Difference] = {}
        for one, other in combinations(range(len(self.arms)), 2):
            pairs = _pairs(self.arms[one], self.arms[other])
            runs = [run for pair in pairs for run in pair]
            if not runs or any(metric_of(r, benchmark, name, slice_name) is None for r in runs):
                continue
            table = _aligned([self._record(r, benchmark, name, slice_name) for r in runs], f"{benchmark}.{name}")
            if table is not None:
                outcomes, clusters, weights = table
                found[one, other] = paired_difference(outcomes[0::2] - outcomes[1::2], clusters.tolist(), weights)
        corrected = holm([test.p for test in found.values()])
        return {place: (test, p) for (place, test), p in zip(found.items(), corrected, strict=True)}

    def with_control(self, arm: Arm, benchmark: str, metric: str, slice_name: str = "") -> Contrast | None:
        """A system against its control; None where either lacks the metric, or there is no control."""
        control = self.control_of(arm)
        return None if control is None else self.between(arm, control, benchmark, metric, slice_name)

    def control_of(self, arm: Arm) -> Arm | None:
        """The system that p-values refer to; None for base and control."""
        found = [c for run in arm.runs if (c := self.comparison.control_of(run)) is not None]
        return self.arm_of(found[0]) if found else None

    def base_of(self, arm: Arm) -> Arm | None:
        """The system that this one starts from."""
        found = [b for run in arm.runs if (b := self.comparison.base_of(run)) is not None]
        return self.arm_of(found[0]) if found else None

    def arm_of(self, run: Run) -> Arm:
        """The system that a run is of, by its folder."""
        return next(arm for arm in self.arms if any(r.folder == run.folder for r in arm.runs))

    @property
    def treated(self) -> list[Arm]:
        """The systems under test: neither base nor control."""
        return [arm for arm in self.arms if arm.runs[0] in self.comparison.treated]

    @property
    def focus(self) -> Arm:
        """The system that the page is about."""
        return self.arm_of(self.comparison.focus)


def winner(contrasts: Contrasts, benchmark: str, name: str) -> tuple[Arm | None, list[Arm]]:
    """The system that is clearly better than every other on a metric, or None; and all that are not clearly below the
    best one, by value. Empty where fewer than two were measured or no pair can be tested."""
    found = [(arm, m) for arm in contrasts.arms if (m := contrasts.measured(arm, benchmark, name)) is not None]
    if len(found) < 2:
        return None, []
    sign = 1 if found[0][1].metric.higher_is_better else -1
    found.sort(key=lambda pair: -sign * pair[1].value)
    best = found[0][0]
    against = [contrasts.between(best, arm, benchmark, name) for arm, _ in found[1:]]
    if all(c is None or c.p is None for c in against):
        return None, []
    level = [best, *(c.reference for c in against if c is not None and c.state != "better")]
    return (best, level) if len(level) == 1 else (None, level)


def got_worse(contrasts: Contrasts) -> tuple[list[Contrast], int]:
    """All on which a treated system is clearly worse than its control or its base, and how many pairs were looked at.

    Slices are compared with the control only.
    """
    tested = []
    for arm in contrasts.treated:
        control = contrasts.control_of(arm)
        for benchmark, metric in metric_names(arm.runs[:1]):
            for reference in filter(None, (control, contrasts.base_of(arm))):
                slices = ["", *(metric.per_slice if reference is control else ())]
                found = [contrasts.between(arm, reference, benchmark, metric.name, s) for s in slices]
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


def _pairs(arm: Arm, reference: Arm) -> list[tuple[Run, Run]]:
    """Runs side by side: by seed, each with the only run of the other; none where their seeds are not the same."""
    if len(arm.runs) == 1 or len(reference.runs) == 1:
        return [(a, b) for a in arm.runs for b in reference.runs]
    by_seed = {run.seed: run for run in reference.runs}
    if {run.seed for run in arm.runs} != by_seed.keys():
        return []
    return [(run, by_seed[run.seed]) for run in arm.runs]


@dataclass(frozen=True)
class _Record:
    """Outcomes of one metric, or one slice of it. weights: sum 1."""

    ids: tuple[str, ...]
    outcomes: NDArray[np.float64]
    clusters: NDArray[Any]
    weights: NDArray[np.float64]


def _record(run: Run, benchmark: str, name: str, slice_name: str) -> _Record | None:
    """None where the result holds no outcomes, or outcomes of which the value is not the mean."""
    items = run.results[benchmark].items.get(name) if benchmark in run.results else None
    metric = metric_of(run, benchmark, name, slice_name)
    if not items or not items.get("id") or metric is None or (slice_name and "slice" not in items):
        return None
    ids = items["id"]
    keep = [i for i in range(len(ids)) if not slice_name or items["slice"][i] == slice_name]
    if not keep:
        return None
    w = as_weights(items.get("weight"), len(ids))[keep]
    outcomes = np.array([items["outcome"][i] for i in keep], dtype=np.float64)
    _, codes = np.unique(np.asarray(items.get("cluster") or ids), return_inverse=True)
    if not w.sum() > 0 or abs(float((w / w.sum()) @ outcomes) - metric.value) > _SAME:
        return None
    return _Record(tuple(ids[i] for i in keep), outcomes, codes[keep], w / w.sum())


def _aligned(
    records: Sequence[_Record | None], what: str
) -> tuple[NDArray[np.float64], NDArray[Any], NDArray[np.float64]] | None:
    """(runs, items) outcomes with the items in one order, and the cluster and the weight of each item."""
    known = [r for r in records if r is not None]
    if not known or len(known) < len(records):
        return None
    first = known[0]
    odd = next((set(r.ids) ^ set(first.ids) for r in known if set(r.ids) != set(first.ids)), None)
    if odd:
        raise UserError(
            "two results hold different items",
            where=f"{what}, for example {min(odd)}",
            fix="evaluate all models on the same file and split",
        )
    rows = []
    for r in known:
        place = {id: i for i, id in enumerate(r.ids)}
        rows.append(r.outcomes if r.ids == first.ids else r.outcomes[[place[i] for i in first.ids]])
    return np.stack(rows), first.clusters, first.weights
