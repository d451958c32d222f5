"""Confidence intervals: Wilson's, also for clustered items, and the bootstrap."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

from semclip.core.errors import UserError
from semclip.core.seeds import generator
from semclip.evaluation.metrics.outcomes import Array, finite

Interval = tuple[float, float]

CONFIDENCE = 0.95
RESAMPLES = 2000
_BLOCK = 2**22  # weights held at a time


def wilson(proportion: float, n: float, confidence: float = CONFIDENCE) -> Interval:
    """Wilson's score interval of a proportion of n items.

    centre = (p + z^2/2n) / (1 + z^2/n),  half = z / (1 + z^2/n) * sqrt(p (1 - p) / n + z^2 / 4 n^2)

    proportion: in [0, 1]; outcomes between 0 and 1 (ties) are allowed: their variance is at most p (1 - p), so the
    interval is at worst too wide. n: may be an effective size, not whole.
    """
    if not 0.0 <= proportion <= 1.0 or n <= 0:
        raise UserError(
            f"a proportion of {proportion} of {n} items", where="wilson", fix="give 0 <= proportion <= 1 and n > 0"
        )
    z = float(norm.ppf(0.5 + confidence / 2))
    centre = (proportion + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(proportion * (1 - proportion) / n + z * z / (4 * n * n))
    # Exactly 0 and 1 stay inside their own interval, whatever the rounding.
    return min(max(0.0, centre - half), proportion), max(min(1.0, centre + half), proportion)


def effective_size(outcomes: ArrayLike, clusters: Sequence[str]) -> float:
    """How many independent items the clustered ones are worth: n / design effect, between 1 and n.

    Several items about one image succeed and fail together, so they tell less than as many images would. The design
    effect is Var_clustered / Var_independent of the mean, with C clusters of residuals r = y - mean:

        Var_clustered = C / (C - 1) * sum_c (sum_{i in c} r_i)^2 / n^2,   Var_independent = sum_i r_i^2 / (n (n - 1))

    One item per cluster: n. No variation at all (every item right): C, since correlation cannot be estimated.
    """
    y = finite(outcomes, "the outcomes")
    ids, count = _cluster_ids(clusters, len(y))
    n = len(y)
    if count == n:
        return float(n)
    residuals = y - y.mean()
    if count < 2 or not np.abs(residuals).max() > 1e-12:
        return float(count)
    sums = np.bincount(ids, residuals, minlength=count)
    clustered = count / (count - 1) * float(sums @ sums) / n**2
    independent = float(residuals @ residuals) / (n * (n - 1))
    return float(np.clip(n / max(clustered / independent, 1.0), 1.0, n))


def proportion_interval(outcomes: ArrayLike, clusters: Sequence[str]) -> Interval:
    """Wilson's interval of the mean outcome, with the effective size of clustered items for n."""
    y = finite(outcomes, "the outcomes")
    return wilson(float(np.clip(np.sort(y).mean(), 0.0, 1.0)), effective_size(y, clusters))


def bootstrap_mean(
    values: ArrayLike,
    clusters: Sequence[str],
    seed: int = 0,
    resamples: int = RESAMPLES,
    strata: Sequence[str] = (),
) -> Interval:
    """Percentile bootstrap interval of a mean, drawing clusters with replacement. values: (n,).

    strata: (n,) names; the mean is then that of their means, and each keeps its size: clusters are drawn within it.
    Does not depend on the order of the items; memory O(clusters), not O(resamples x clusters).
    """
    y, names = finite(values, "the values"), np.asarray(clusters)
    _cluster_ids(clusters, len(y))
    of = np.asarray(strata) if len(strata) else np.zeros(len(y))
    drawn = [_means_drawn(y[of == s], names[of == s], seed + place, resamples) for place, s in enumerate(np.unique(of))]
    return _percentiles(np.mean(drawn, axis=0))


def _means_drawn(y: Array, clusters: NDArray[Any], seed: int, resamples: int) -> Array:
    """(resamples,) means of as many clusters as there are, drawn with replacement."""
    ids, count = _cluster_ids(clusters, len(y))
    sums = np.bincount(ids, y, minlength=count)
    sizes = np.bincount(ids, minlength=count).astype(np.float64)
    order = np.lexsort(
        (sizes, np.round(sums, 12))
    )  # rounded: the order of adding must not decide the order of clusters
    sums, sizes = sums[order], sizes[order]
    random = generator("bootstrap", seed, count)
    proportion = np.full(count, 1.0 / count)
    means: list[Array] = []
    step = max(1, _BLOCK // count)
    for start in range(0, resamples, step):
        weights = random.multinomial(count, proportion, size=min(step, resamples - start)).astype(np.float64)
        means.append((weights @ sums) / (weights @ sizes))
    return np.concatenate(means)


def bootstrap(
    statistic: Callable[[NDArray[np.int64]], float],
    clusters: Sequence[str],
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Interval:
    """Percentile bootstrap interval of any statistic of items: statistic(indices) -> number.

    clusters: a name per item; those of one name are drawn together, with replacement.
    """
    if not len(clusters):
        raise UserError("a bootstrap of no items", where="bootstrap", fix="give at least one item")
    place = {name: i for i, name in enumerate(dict.fromkeys(clusters))}
    ids = np.array([place[name] for name in clusters])
    items, sizes = np.argsort(ids, kind="stable"), np.bincount(ids)  # those of cluster 0 first, then of 1, ...
    starts = sizes.cumsum() - sizes
    random = generator("bootstrap", seed, len(sizes))
    found = []
    for _ in range(resamples):
        drawn = random.integers(0, len(sizes), size=len(sizes))
        lengths = sizes[drawn]
        before = lengths.cumsum() - lengths  # (C,) items drawn before those of each cluster
        found.append(statistic(items[np.repeat(starts[drawn] - before, lengths) + np.arange(lengths.sum())]))
    return _percentiles(np.array(found))


def _percentiles(values: Array) -> Interval:
    low, high = np.quantile(values, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)


def _cluster_ids(clusters: Sequence[str] | NDArray[Any], n: int) -> tuple[NDArray[np.int64], int]:
    if len(clusters) != n or n == 0:
        raise UserError(f"{len(clusters)} cluster names for {n} items", where="intervals", fix="one name per item")
    known, ids = np.unique(np.asarray(clusters), return_inverse=True)
    return ids.astype(np.int64), len(known)
