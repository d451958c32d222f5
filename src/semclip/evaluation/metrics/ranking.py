"""Average precision and precision at k, in expectation where equal scores are put in random order."""

import numpy as np
from numpy.typing import ArrayLike

from semclip.core.errors import UserError
from semclip.evaluation.metrics.outcomes import TIE, Array, finite


def average_precision(scores: ArrayLike, right: ArrayLike) -> float:
    """The mean, over the right items, of the precision at their place.

    AP = 1/R sum over places k of [item at k is right] * (right items among the first k) / k

    scores: (N,), higher is better. right: (N,) booleans, R >= 1 of them true. In a block of n equal scores with r right
    ones, after m items of which g are right, the expected term of its i-th place is
    r/n * (g + 1 + (i - 1) (r - 1) / (n - 1)) / (m + i). Raises UserError where nothing is right.
    """
    s, marked = _checked(scores, right)
    if not marked.any():
        raise UserError("average precision of a query without a right item", where="metrics", fix="leave the query out")
    size, count, above, good = _blocks(s, marked)
    block = np.repeat(np.arange(len(size)), size)
    place = np.arange(len(s)) - above[block]  # within its block
    others = place * ((count - 1) / np.maximum(1, size - 1))[block]
    terms = (count / size)[block] * (good[block] + 1 + others) / np.arange(1, len(s) + 1)
    return float(terms.sum() / marked.sum())


def share_of_first(scores: ArrayLike, marked: ArrayLike, k: int) -> float:
    """The proportion of the first k items that are marked: precision at k, or violations at k. Of fewer items, all of
    them.

    scores: (N,), higher is better. marked: (N,) booleans.
    """
    s, chosen = _checked(scores, marked)
    places = min(k, len(s))
    size, count, above, _ = _blocks(s, chosen)
    return float(np.sum(count / size * np.clip(places - above, 0, size)) / places)


def _checked(scores: ArrayLike, marked: ArrayLike) -> tuple[Array, np.ndarray]:
    s, m = finite(scores, "the scores"), np.asarray(marked, dtype=bool)
    if s.ndim != 1 or s.shape != m.shape or not s.size:
        raise UserError(f"scores {s.shape} and marks {m.shape}", where="metrics", fix="give (N,) of both, N >= 1")
    return s, m


def _blocks(scores: Array, marked: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Every run of equal scores, best first: its size, its marked items, and how many of either stand above it."""
    order = np.argsort(-scores, kind="stable")
    starts = np.flatnonzero(np.diff(-scores[order], prepend=-np.inf) > TIE)
    sizes = np.diff(starts, append=len(scores))
    counts = np.add.reduceat(marked[order].astype(np.int64), starts)
    return sizes, counts, starts, np.cumsum(counts) - counts
