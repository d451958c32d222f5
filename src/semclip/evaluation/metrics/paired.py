"""Two models on the same items: their difference with its interval and p, from one estimator."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import binomtest, norm

from semclip.core.errors import UserError
from semclip.evaluation.metrics.crossed import as_weights, crossed_mean
from semclip.evaluation.metrics.intervals import CONFIDENCE, Interval
from semclip.evaluation.metrics.outcomes import TIE, finite


@dataclass(frozen=True)
class Difference:
    """A mean paired difference with its 95 % interval and two-sided p, all three from the one estimator `method`.

    The value lies within the interval, and p is below 0.05 exactly where the interval leaves 0 out.
    interval: None for a single cluster, which cannot tell how sure it is; p is 1 there.
    """

    value: float
    interval: Interval | None
    p: float
    method: str


MCNEMAR = "exact McNemar test"
STUDENT = "Student's t over clusters of items"
CROSSED = "Student's t over seeds and items"


@dataclass(frozen=True)
class Comparison:
    """The first model minus the second on the same n items.

    won, lost: items that the first does better, or worse. gain, loss: what these add to the value and take from it
    with the weights of its mean, so that gain - loss = difference.value whatever the weights are.
    """

    difference: Difference
    n: int
    won: int
    lost: int
    gain: float
    loss: float


def paired_difference(differences: ArrayLike, clusters: Sequence[Any], weights: ArrayLike | None = None) -> Difference:
    """The weighted mean of paired differences. differences: (S, N), a row per seed. clusters: (N,) names
    or numbers. weights: (N,), sum 1; default 1/N.

    One seed, and every cluster that differs does so by the same amount: the exact McNemar test. It leaves 0 out of the
    interval of Clopper and Pearson for the share of better ones among the B + W that differ, as a difference
    (2 share - 1) (B + W) amount, exactly where p < 0.05; that takes B + W for known, so each side reaches as far as
    Student's does, though never over 0. Otherwise Student's t (`crossed.crossed_mean`), never surer than the signs of
    the D clusters that differ allow: p >= 2^(1 - D), as if all of them had the same sign.
    """
    d = finite(differences, "the differences")
    w = as_weights(weights, d.shape[1])
    _, ids = np.unique(np.asarray(clusters), return_inverse=True)
    sums = np.bincount(ids, w * d.mean(axis=0))  # (C,) what each cluster adds to the value
    value = float(np.sort(w * d.mean(axis=0)).sum())
    differing = np.abs(sums)[np.abs(sums) > TIE / len(w)]
    if len(sums) < 2:
        return Difference(value, None, 1.0, STUDENT)
    if not len(differing):
        return Difference(value, (min(value, 0.0), max(value, 0.0)), 1.0, MCNEMAR if len(d) == 1 else CROSSED)
    found, amount = crossed_mean(d, clusters, w), float(differing.mean())
    if len(d) == 1 and np.ptp(differing) <= 1e-9 * amount:
        better = int(np.count_nonzero(sums > amount / 2))
        return _exact(value, better, len(differing) - better, amount, found.interval)
    method = STUDENT if len(d) == 1 else CROSSED
    least = 2.0 ** (1 - len(differing)) if len(differing) < 50 else 0.0
    if found.p >= least:
        return Difference(value, found.interval, found.p, method)
    # The interval that a t-test with the higher p would have.
    half = abs(value) * float(norm.ppf(0.5 + CONFIDENCE / 2) / norm.isf(least / 2)) if least < 1 else abs(value)
    return Difference(value, (value - half, value + half), least, method)


def _exact(value: float, better: int, worse: int, amount: float, student: Interval) -> Difference:
    test = binomtest(better, better + worse)
    share = test.proportion_ci(CONFIDENCE, method="exact")
    low, high = ((2 * float(bound) - 1) * (better + worse) * amount for bound in (share.low, share.high))
    low = min(low, student[0]) if low <= 0 or student[0] > 0 else low
    high = max(high, student[1]) if high >= 0 or student[1] < 0 else high
    return Difference(value, (min(low, value), max(high, value)), float(test.pvalue), MCNEMAR)


def compare(first: Mapping[str, Sequence[Any]], second: Mapping[str, Sequence[Any]]) -> Comparison:
    """Compare two models by `Result.items[metric]` of each: items are matched by id, clusters by `cluster`.

    Their `weight`, where the metric is a mean over sets or classes, is that of the mean here, too.
    Raises UserError when the two hold different items: then the data differ and no paired test has a meaning.
    """
    a = dict(zip(first["id"], first["outcome"], strict=True))
    b = dict(zip(second["id"], second["outcome"], strict=True))
    if a.keys() != b.keys() or len(a) != len(first["id"]) or len(b) != len(second["id"]):
        odd = sorted(a.keys() ^ b.keys())
        raise UserError(
            f"the two results hold different items ({len(first['id'])} and {len(second['id'])})",
            where=f"for example {', '.join(odd[:3]) or 'an id that stands twice'}",
            fix="evaluate both models on the same file and split",
        )
    ids = list(first["id"])
    clusters = list(first["cluster"]) if "cluster" in first else ids
    w = as_weights(first.get("weight"), len(ids))
    d = np.array([a[i] for i in ids], dtype=np.float64) - np.array([b[i] for i in ids], dtype=np.float64)
    won, lost = d > TIE, d < -TIE
    return Comparison(
        difference=paired_difference(d[None], clusters, w),
        n=len(ids),
        won=int(np.count_nonzero(won)),
        lost=int(np.count_nonzero(lost)),
        gain=float((w * d)[won].sum()),
        loss=float(-(w * d)[lost].sum()),
    )
