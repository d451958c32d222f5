"""Retrieval: the rank of the first right item for every query, without storing all similarities."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from semclip.core.errors import UserError
from semclip.evaluation.metrics.outcomes import TIE, Array, Outcomes, finite

Indices = NDArray[np.int64]

#: Similarities held at a time: 32 MB of float64.
_BLOCK = 2**22


@dataclass(frozen=True)
class Ranks:
    """Where the best right item of each query stands. Shapes: Q queries over a gallery of `gallery` items.

    above:       (Q,) wrong items that score higher than the best right one.
    tied_wrong:  (Q,) wrong items that score the same.
    tied_right:  (Q,) right items that score the same, itself included: at least 1.
    right:       (Q,) right items in the gallery.
    """

    above: Indices
    tied_wrong: Indices
    tied_right: Indices
    right: Indices
    gallery: int

    @property
    def expected_rank(self) -> Array:
        """(Q,) rank of the first right item, from 1, ties shuffled: above + 1 + tied_wrong / (tied_right + 1)."""
        return np.asarray(self.above + 1 + self.tied_wrong / (self.tied_right + 1), dtype=np.float64)


def check_ks(ks: Sequence[int], benchmark: str) -> None:
    """Raise UserError for numbers of results that make no sense."""
    if not ks or min(ks) < 1:
        raise UserError(f"ks is {list(ks)}", where=f"benchmark '{benchmark}'", fix="give numbers from 1 up")


def rank(queries: ArrayLike, gallery: ArrayLike, right: Sequence[ArrayLike]) -> Ranks:
    """Rank the gallery for each query by dot product, in float64, a block of queries at a time.

    queries: (Q, D) and gallery: (N, D), unit rows for cosine similarity. right[q]: indices of the right items of q,
    at least one. Memory: O(N), never (Q, N).
    """
    q, g = finite(queries, "the queries"), finite(gallery, "the gallery")
    if q.ndim != 2 or g.ndim != 2 or q.shape[1] != g.shape[1] or len(right) != len(q):
        raise UserError(
            f"{len(right)} answers for queries {q.shape} over a gallery {g.shape}",
            where="retrieval",
            fix="give one set of right items per query, and embeddings of equal width",
        )
    answers = [np.unique(np.asarray(r, dtype=np.int64)) for r in right]
    for index, answer in enumerate(answers):
        if not answer.size or answer[0] < 0 or answer[-1] >= len(g):
            raise UserError(
                "a query without a right item in the gallery",
                where=f"query {index}",
                fix=f"give indices from 0 to {len(g) - 1}",
            )
    above, tied_wrong, tied_right = (np.zeros(len(q), dtype=np.int64) for _ in range(3))
    step = max(1, _BLOCK // max(1, len(g)))
    for start in range(0, len(q), step):
        block = q[start : start + step] @ g.T  # (step, N)
        for row, scores in enumerate(block, start):
            own = scores[answers[row]]
            best = own.max()
            above[row] = np.count_nonzero(scores > best + TIE)
            tied_right[row] = np.count_nonzero(own >= best - TIE)
            tied_wrong[row] = np.count_nonzero(scores >= best - TIE) - above[row] - tied_right[row]
    sizes = np.array([len(a) for a in answers], dtype=np.int64)
    return Ranks(above, tied_wrong, tied_right, sizes, len(g))


def recall_at(ranks: Ranks, k: int) -> Outcomes:
    """Whether a right item is among the first k. With random order of ties, for a query with free = k - above places:

    P = 1 - C(tied_wrong, free) / C(tied_wrong + tied_right, free)
    """
    free = k - ranks.above
    expected = np.where(free > 0, _any_right(ranks.tied_right, ranks.tied_wrong, np.maximum(free, 0), k), 0.0)
    strict = (ranks.above + ranks.tied_wrong < k).astype(np.float64)
    return Outcomes(expected, strict, (free > 0).astype(np.float64))


def chance_recall_at(ranks: Ranks, k: int) -> Array:
    """(Q,) recall at k of a random order of the gallery."""
    places = np.full(len(ranks.right), k)
    return _any_right(ranks.right, ranks.gallery - ranks.right, places, k)


def _any_right(right: Indices, wrong: Indices, places: Indices, most: int) -> Array:
    """Probability that a random order of right and wrong items has a right one among its first `places` <= most."""
    none = np.ones(len(right))
    for place in range(most):
        drawing = place < places
        left_wrong = np.maximum(wrong - place, 0)
        left = np.maximum(right + wrong - place, 1)
        none = np.where(drawing, none * left_wrong / left, none)
    return 1.0 - none
