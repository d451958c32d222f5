"""Means in which groups count alike, whatever their sizes: what public benchmarks call macro."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from semclip.evaluation.metrics.intervals import wilson
from semclip.evaluation.metrics.outcomes import Outcomes
from semclip.evaluation.metrics.result import Metric

Array = NDArray[np.float64]


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
