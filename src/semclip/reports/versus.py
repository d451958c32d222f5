"""One run against another on the same items: the difference, how sure it is, who wins."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from semclip.evaluation.metrics.paired import compare
from semclip.evaluation.metrics.result import Metric
from semclip.reports.comparison import Comparison
from semclip.reports.runs import Run

#: Below this p a difference counts as clear.
ALPHA = 0.05


@dataclass(frozen=True, kw_only=True)
class Contrast:
    """`run` minus `reference` on one metric or one slice of it.

    name: of the metric; metric, reference_metric: its two measurements, of the slice where there is one.
    difference: in the metric's unit. interval and p: None where there are no items to pair; `reason` says why.
    """

    run: Run
    reference: Run
    benchmark: str
    name: str
    metric: Metric
    reference_metric: Metric
    slice_name: str = ""
    difference: float
    interval: tuple[float, float] | None
    p: float | None
    reason: str = ""

    @property
    def clear(self) -> bool:
        return self.p is not None and self.p < ALPHA and self.difference != 0

    @property
    def better(self) -> bool:
        """Clearly better: in the direction that is good for this metric."""
        return self.clear and (self.difference > 0) == self.metric.higher_is_better

    @property
    def worse(self) -> bool:
        return self.clear and not self.better


class Contrasts:
    """All contrasts of a comparison, each computed once."""

    def __init__(self, comparison: Comparison) -> None:
        self.comparison = comparison
        self.contrast = cache(self._contrast)

    def with_control(self, run: Run, benchmark: str, metric: str, slice_name: str = "") -> Contrast | None:
        """A run against its control; None where either lacks the metric, or the run has no control."""
        control = self.comparison.control_of(run)
        return None if control is None else self.between(run, control, benchmark, metric, slice_name)

    def between(self, run: Run, reference: Run, benchmark: str, metric: str, slice_name: str = "") -> Contrast | None:
        """Any two runs on one metric; None where either lacks it."""
        names = [r.name for r in self.comparison.runs]
        return self.contrast(names.index(run.name), names.index(reference.name), benchmark, metric, slice_name)

    def _contrast(self, run: int, reference: int, benchmark: str, metric: str, slice_name: str) -> Contrast | None:
        first, second = self.comparison.runs[run], self.comparison.runs[reference]
        a, b = metric_of(first, benchmark, metric, slice_name), metric_of(second, benchmark, metric, slice_name)
        if a is None or b is None:
            return None
        contrast = partial(
            Contrast,
            run=first,
            reference=second,
            benchmark=benchmark,
            name=metric,
            metric=a,
            reference_metric=b,
            slice_name=slice_name,
            difference=a.value - b.value,
        )
        items = [outcomes_of(r, benchmark, metric, slice_name) for r in (first, second)]
        if items[0] is None or items[1] is None:
            return contrast(interval=None, p=None, reason="no outcomes per item")
        paired = compare(items[0], items[1])
        return contrast(interval=paired.interval, p=paired.test.p)


def got_worse(contrasts: Contrasts) -> tuple[list[Contrast], int]:
    """All on which a treated run is clearly worse than its control or its base, and how many pairs were looked at.

    Slices are compared with the control only.
    """
    comparison = contrasts.comparison
    found, looked = [], 0
    for run in comparison.treated:
        for benchmark, metric in metric_names([run]):
            for reference in (comparison.control_of(run), comparison.base_of(run)):
                if reference is None:
                    continue
                overall = contrasts.between(run, reference, benchmark, metric.name)
                against = [overall]
                if reference is comparison.control_of(run):
                    against += [contrasts.between(run, reference, benchmark, metric.name, s) for s in metric.per_slice]
                tested = [c for c in against if c is not None and c.p is not None]
                looked += len(tested)
                found += [c for c in tested if c.worse]
    return found, looked


def metric_names(runs: Sequence[Run], kind: str = "model") -> list[tuple[str, Metric]]:
    """Every (benchmark, metric) that any of the runs has, in the order of the files."""
    seen: dict[tuple[str, str], Metric] = {}
    for benchmark in dict.fromkeys(b for r in runs for b in r.results):
        for run in runs:
            for metric in run.results[benchmark].metrics if benchmark in run.results else ():
                if metric.kind == kind:
                    seen.setdefault((benchmark, metric.name), metric)
    return [(benchmark, metric) for (benchmark, _), metric in seen.items()]


def metric_of(run: Run, benchmark: str, name: str, slice_name: str) -> Metric | None:
    """A metric of a run, or one slice of it; None where it was not measured."""
    metric = run.metric(benchmark, name)
    if metric is None or not slice_name:
        return metric
    return metric.per_slice.get(slice_name)


def outcomes_of(run: Run, benchmark: str, metric: str, slice_name: str) -> dict[str, list[Any]] | None:
    """The outcomes of one metric, of one slice where asked for; None where the result does not hold them."""
    items = run.results[benchmark].items.get(metric)
    if not items or not items.get("id") or (slice_name and "slice" not in items):
        return None
    keep = [not slice_name or items["slice"][i] == slice_name for i in range(len(items["id"]))]
    if not any(keep):
        return None
    return {key: [v for v, k in zip(values, keep, strict=True) if k] for key, values in items.items()}
