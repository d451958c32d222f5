"""Several seeds measured on the same items: intervals of their mean, or of the mean of a paired difference.

Seeds and items are crossed: each seed answers every item. Both are samples, of trainings that might have been and of
images that might have been asked, so a mean has the variance of both.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import t as student

from semclip.core.errors import UserError
from semclip.evaluation.metrics.intervals import CONFIDENCE, Interval
from semclip.evaluation.metrics.outcomes import finite


@dataclass(frozen=True)
class Estimate:
    """A mean over `seeds` and items, its 95 % interval, and the two-sided p of the hypothesis that it is 0."""

    value: float
    interval: Interval
    p: float
    seeds: int


def crossed_mean(values: ArrayLike, clusters: Sequence[Any], weights: ArrayLike | None = None) -> Estimate:
    """Mean of an outcome, or of a difference of two systems paired by seed and item, with both sources of chance.

    values: (S, N) one row per seed, one column per item. clusters: (N,) items of one name are drawn together.
    weights: (N,) of items, sum 1, where the mean is one over sets or classes (`metrics.summary.alike`); default 1/N.
    With residuals N w_i (y_si - mean) summed by cluster, R_sc, over C clusters, and the means of the two-way analysis
    of variance:

        V_seed = S/(S-1) sum_s (sum_c R_sc)^2 / (SN)^2        V_item = C/(C-1) sum_c (sum_s R_sc)^2 / (SN)^2
        V_both = SC sum_sc (R_sc - R_s. - R_.c)^2 / ((S-1)(C-1) (SN)^2)
        V = max(V_seed + V_item - V_both, V_seed, V_item);   df = V^2 / (V_seed^2/(S-1) + V_item^2/(C-1) + ...)

    and Student's t (Satterthwaite's degrees of freedom). One seed: V = V_item, and the answer is about that seed only.
    Two seeds: df = 1 at most, since V_seed, of one difference, is too often near 0 by chance, and df then too high: up
    to one true null in ten would be called significant. Little is clear with two seeds; run three.
    Why no bootstrap: redrawing three seeds takes their mean for surer than it is. Where seeds differ more than items
    do, a percentile bootstrap over both calls one true null in four significant; this test calls one in twenty.
    """
    y = finite(values, "the outcomes")
    if y.ndim != 2 or y.shape[1] != len(clusters):
        raise UserError(
            f"outcomes of shape {y.shape} for {len(clusters)} cluster names",
            where="crossed_mean",
            fix="give a row per seed and a name per item",
        )
    names, ids = np.unique(np.asarray(clusters), return_inverse=True)
    s, c = len(y), len(names)
    if c < 2:
        raise UserError(f"{c} clusters of items", where="crossed_mean", fix="measure on at least two images")
    share = y.shape[1] * as_weights(weights, y.shape[1])  # (N,) mean 1
    mean = float((share * y).mean())
    residuals = np.stack([np.bincount(ids, share * (row - mean), minlength=c) for row in y])  # (S, C)
    scale = float(y.size) ** 2
    parts = [(c / (c - 1) * float((residuals.sum(axis=0) ** 2).sum()) / scale, c - 1)]
    variance = parts[0][0]
    if s > 1:
        by_seed, by_item = residuals.mean(axis=1, keepdims=True), residuals.mean(axis=0, keepdims=True)
        rest = float(((residuals - by_seed - by_item) ** 2).sum()) / ((s - 1) * (c - 1))
        parts.append((s / (s - 1) * float((residuals.sum(axis=1) ** 2).sum()) / scale, s - 1))
        parts.append((rest * s * c / scale, (s - 1) * (c - 1)))
        variance = max(parts[0][0] + parts[1][0] - parts[2][0], parts[0][0], parts[1][0])
    if variance <= 1e-30:  # every seed says the same on every item
        return Estimate(mean, (mean, mean), 1.0 if abs(mean) < 1e-12 else 0.0, s)
    df = variance**2 / sum(v**2 / n for v, n in parts)
    if s == 2:
        df = min(df, 1.0)
    error = variance**0.5
    half = float(student.ppf(0.5 + CONFIDENCE / 2, df)) * error
    return Estimate(mean, (mean - half, mean + half), float(2 * student.sf(abs(mean) / error, df)), s)


def as_weights(weights: ArrayLike | None, n: int) -> NDArray[np.float64]:
    """(n,) weights that sum to 1: those given, else equal ones. Raises UserError for others."""
    if weights is None:
        return np.full(n, 1.0 / n)
    w = finite(weights, "the weights")
    if w.shape != (n,) or (w < 0).any() or abs(float(w.sum()) - 1.0) > 1e-6:
        raise UserError(
            f"weights of shape {w.shape} that sum to {float(w.sum()):g} for {n} items",
            where="metrics",
            fix="give one weight per item, not negative, of sum 1",
        )
    return w / w.sum()


def holm(p: Sequence[float]) -> list[float]:
    """Holm's corrected p-values, in the order given: the chance of any false alarm in the family stays below alpha.

    Sorted p_(1) <= ... <= p_(m):  p'_(i) = max_{j <= i} min(1, (m - j + 1) p_(j)).
    """
    corrected = [0.0] * len(p)
    highest = 0.0
    for place, index in enumerate(sorted(range(len(p)), key=lambda i: p[i])):
        highest = max(highest, min(1.0, (len(p) - place) * p[index]))
        corrected[index] = highest
    return corrected
