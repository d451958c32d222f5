"""From outcomes of items to the metrics and records of a result: proportions, means over groups, averages."""

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import compress
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from semclip.evaluation.metrics.intervals import Interval, bootstrap, bootstrap_mean, proportion_interval, wilson
from semclip.evaluation.metrics.outcomes import Array, Outcomes, mean
from semclip.evaluation.metrics.result import Metric

#: Items of which the texts are kept beside the outcomes: a record of 300,000 would have hundreds of MB.
_MAX_SHOWN = 50_000


def proportion(
    name: str,
    description: str,
    outcomes: Outcomes,
    clusters: Sequence[str],
    chance: ArrayLike,
    slices: Sequence[str] = (),
    kind: str = "model",
    higher_is_better: bool = True,
) -> Metric:
    """A proportion of items as a Metric, with its slices.

    The interval is Wilson's; several items of one example are no independent evidence, so its n is the effective size
    (`metrics.intervals.effective_size`), which is n itself when every item has an example of its own.
    chance: one number, or one per item. slices: one name per item, or none.
    """
    per_item = np.broadcast_to(np.asarray(chance, dtype=np.float64), (len(outcomes),))
    names = np.asarray(slices)
    return Metric(
        name=name,
        value=outcomes.value,
        n=len(outcomes),
        description=description,
        ties=outcomes.ties,
        strict=mean(outcomes.strict),
        optimistic=mean(outcomes.optimistic),
        interval=proportion_interval(outcomes.expected, clusters),
        chance=mean(per_item),
        kind=kind,
        higher_is_better=higher_is_better,
        per_slice={
            str(s): proportion(
                name,
                f"{description}; only {s}",
                outcomes[names == s],
                list(compress(clusters, names == s)),
                per_item[names == s],
                kind=kind,
                higher_is_better=higher_is_better,
            )
            for s in sorted(set(slices))
        },
    )


def average(
    name: str,
    description: str,
    values: ArrayLike,
    clusters: Sequence[str],
    unit: str,
    chance: float | None = None,
    strata: Sequence[str] = (),
) -> Metric:
    """A mean that is no proportion of items, such as a margin, with a bootstrap interval over clusters.

    strata: (n,) such as the sets of a mean over sets, each counting alike.
    """
    y, of = np.asarray(values, dtype=np.float64), np.asarray(strata)
    value = mean([mean(y[of == s]) for s in np.unique(of)] if len(of) else y)
    return Metric(
        name=name,
        value=value,
        n=len(clusters),
        description=description,
        interval=_around(value, bootstrap_mean(y, clusters, strata=strata), clusters),
        chance=chance,
        unit=unit,
    )


def together(
    name: str,
    description: str,
    statistic: Callable[[NDArray[np.int64]], float],
    clusters: Sequence[str],
    resamples: int,
    **fields: Any,
) -> Metric:
    """A number of n items together, such as a median, with a bootstrap interval over their clusters.

    statistic: indices of items -> number. fields: others of `Metric`, such as chance and unit.
    """
    fields = {"value": statistic(np.arange(len(clusters))), **fields}
    interval = _around(fields["value"], bootstrap(statistic, clusters, resamples=resamples), clusters)
    return Metric(name=name, n=len(clusters), description=description, interval=interval, **fields)


def _around(value: float, interval: Interval, clusters: Sequence[str]) -> Interval | None:
    """Percentiles of draws from few items may all lie on one side of the value, which stays inside.

    None for one cluster: every draw is the same, which says nothing of how far the value is from the truth.
    """
    return (min(interval[0], value), max(interval[1], value)) if len(set(clusters)) > 1 else None


def item_record(
    ids: Sequence[str],
    outcomes: Outcomes,
    clusters: Sequence[str],
    slices: Sequence[str] = (),
    texts: Sequence[tuple[str, Sequence[str]]] = (),
    weights: ArrayLike | None = None,
) -> dict[str, Sequence[Any]]:
    """Per-item outcomes as `Result.items` holds them; `metrics.paired.compare` reads two of these.

    weights: of the metric's mean, where that is `macro`; the paired difference then has the same.
    texts: the right one and the wrong ones of each item, for people who look at it; left out of a large record.
    """
    shown = texts if len(texts) <= _MAX_SHOWN else ()
    return {
        "id": list(ids),
        "outcome": [float(o) for o in outcomes.expected],
        "slice": list(slices) or [""] * len(ids),
        "cluster": list(clusters),
        **({} if weights is None else {"weight": [float(w) for w in np.asarray(weights, dtype=np.float64)]}),
        **({"right": [r for r, _ in shown], "wrong": [list(w) for _, w in shown]} if shown else {}),
    }


def alike(groups: Sequence[str]) -> Array:
    """(n,) weights that sum to 1: every group has the same weight, and so has every item of a group."""
    sizes = Counter(groups)
    return np.array([1.0 / (len(sizes) * sizes[g]) for g in groups])


def macro(
    name: str,
    description: str,
    outcomes: Outcomes,
    clusters: Sequence[str],
    chance: ArrayLike,
    weights: ArrayLike,
    kind: str = "model",
) -> Metric:
    """sum_i w_i y_i as a Metric. weights: (n,), sum 1, such as `alike(groups)`.

    The interval is Wilson's for the effective size n' = 1 / sum_i w_i^2 / design effect; the design effect of clusters
    is C / (C - 1) sum_c (sum_{i in c} w_i r_i)^2 / sum_i (w_i r_i)^2 with r = y - value, and at least 1. With no
    variation at all, n' is at most the number of clusters C.
    """
    w = np.asarray(weights, dtype=np.float64)
    value, strict, optimistic = (
        float(np.clip(np.sort(w * y).sum(), 0.0, 1.0))
        for y in (outcomes.expected, outcomes.strict, outcomes.optimistic)
    )
    return Metric(
        name=name,
        value=value,
        n=len(outcomes),
        description=description,
        ties=outcomes.ties,
        strict=strict,
        optimistic=optimistic,
        interval=wilson(value, _effective_size(w, outcomes.expected - value, clusters)),
        chance=float(np.sort(w * np.broadcast_to(np.asarray(chance, dtype=np.float64), w.shape)).sum()),
        kind=kind,
    )


def _effective_size(weights: Array, residuals: Array, clusters: Sequence[str]) -> float:
    independent_items = 1.0 / float(weights @ weights)
    known, ids = np.unique(np.asarray(clusters), return_inverse=True)
    count = len(known)
    if count == len(weights):
        return independent_items
    if count < 2 or not np.abs(residuals).max() > 1e-12:
        return min(independent_items, float(count))
    own = weights * residuals
    sums = np.bincount(ids, own, minlength=count)
    effect = count / (count - 1) * float(sums @ sums) / float(own @ own)
    return max(1.0, independent_items / max(1.0, effect))
