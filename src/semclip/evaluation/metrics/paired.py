"""Two models on the same items: exact McNemar, and an interval of the difference."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import binomtest

from semclip.core.errors import UserError
from semclip.evaluation.metrics.crossed import crossed_mean
from semclip.evaluation.metrics.intervals import Interval
from semclip.evaluation.metrics.outcomes import TIE, finite, mean


@dataclass(frozen=True)
class McNemar:
    """better, worse: items (or clusters) that the first model does better or worse; p: two-sided, exact."""

    better: int
    worse: int
    p: float


@dataclass(frozen=True)
class Comparison:
    """The first model minus the second on the same n items, with McNemar's test.

    interval: 95 %, Student's over clusters of items; None for a single cluster, which cannot tell how sure it is.
    """

    difference: float
    interval: Interval | None
    n: int
    test: McNemar


def mcnemar(first: ArrayLike, second: ArrayLike, clusters: Sequence[str] | None = None) -> McNemar:
    """Exact McNemar test: p = binomtest(better, better + worse, 1/2), two-sided; 1 where nothing differs.

    first, second: (n,) outcomes in [0, 1]. Between 0 and 1 (ties counted as expected), an item is discordant when the
    two outcomes differ, and counts for the higher one: the sign test, of which McNemar is the case of 0 and 1.
    clusters: items about one image are no independent votes; with cluster names, each cluster has one vote, the sign
    of its summed difference.
    """
    a, b = finite(first, "the first outcomes"), finite(second, "the second outcomes")
    if a.shape != b.shape or a.ndim != 1:
        raise UserError(f"outcomes of shapes {a.shape} and {b.shape}", where="mcnemar", fix="compare the same items")
    difference = a - b
    if clusters is not None:
        if len(clusters) != len(difference):
            raise UserError(
                f"{len(clusters)} cluster names for {len(difference)} items",
                where="mcnemar",
                fix="give one name per item",
            )
        _, ids = np.unique(np.asarray(clusters), return_inverse=True)
        difference = np.asarray(np.bincount(ids, difference), dtype=np.float64)
    better, worse = int(np.count_nonzero(difference > TIE)), int(np.count_nonzero(difference < -TIE))
    p = float(binomtest(better, better + worse).pvalue) if better + worse else 1.0
    return McNemar(better, worse, p)


def compare(first: Mapping[str, Sequence[Any]], second: Mapping[str, Sequence[Any]]) -> Comparison:
    """Compare two models by `Result.items[metric]` of each: items are matched by id, clusters by `cluster`.

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
    x, y = np.array([a[i] for i in ids], dtype=np.float64), np.array([b[i] for i in ids], dtype=np.float64)
    interval = crossed_mean([x - y], clusters).interval if len(set(clusters)) > 1 else None
    return Comparison(mean(x) - mean(y), interval, len(ids), mcnemar(x, y, clusters))
