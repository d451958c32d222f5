"""Rankers whose scores are products with photos: one vector per choice, however many parts the query has.

    score = sum of, or highest of, <row, vector> + constant

What is wanted and what is excluded in one conjunction adds up to one vector, so one product ranks all photos, and a
bound on the error of a coarse product is one on the error of the score: a search looks closely at few photos.
"""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from semclip.core.query import Gallery, Leaf, Node, Query, Ranking, leaves
from semclip.search.rankers.base import Array, Ranker, combine, spread_of


@dataclass(frozen=True, eq=False)
class Direction:
    """<row, vector> + constant. vector: (D,) float64, any length."""

    vector: Array
    constant: float = 0.0

    def times(self, factor: float) -> "Direction":
        return Direction(factor * self.vector, factor * self.constant)


@dataclass(frozen=True, eq=False)
class Sum:
    """All of them."""

    of: tuple["Score", ...]


@dataclass(frozen=True, eq=False)
class Highest:
    """The one that suits a photo best."""

    of: tuple["Score", ...]


Score = Direction | Sum | Highest


class LinearRanker(Ranker):
    """Base of rankers that say in which directions they look; the products are made here."""

    @abstractmethod
    def directions(self, query: Query, tree: Node, gallery: Gallery) -> Score:
        """The score as a formula. tree: that of the query, which is not None here."""

    def score(self, query: Query, tree: Node, gallery: Gallery) -> Array:
        return scored(self.directions(query, tree, gallery), gallery)

    def rank_by(self, score: Score, query: Query, gallery: Gallery) -> Ranking:
        """As `rank`, for some photos of the gallery that the score was made with."""
        return self._ranking(query, gallery, scored(score, gallery))


def levels(vectors: np.ndarray, gallery: Gallery) -> list[Direction]:
    """(Q, D) -> products with photos, in standard deviations above the sample's mean."""
    wide = np.asarray(vectors, dtype=np.float64)
    found = []
    for vector, seen in zip(wide, np.asarray(gallery.sampled(wide), dtype=np.float64), strict=True):
        spread = spread_of(seen)
        found.append(Direction(vector / spread, -float(seen.mean()) / spread))
    return found


def levels_of(tree: Node, gallery: Gallery) -> dict[Leaf, Direction]:
    """Those of every distinct leaf."""
    found = list(dict.fromkeys(leaf for leaf, _ in leaves(tree)))
    return dict(zip(found, levels(np.stack([gallery.embed(leaf) for leaf in found]), gallery), strict=True))


def total(tree: Node, gain: Callable[[Leaf, bool], Direction]) -> Score:
    """The directions of leaves, put together as `combine` puts scores together."""
    return combine(tree, gain, total=summed, highest=lambda scores: Highest(tuple(scores)))


def times(score: Score, factor: float) -> Score:
    """The score, each direction of it multiplied. factor: not negative, or the highest would be the lowest."""
    return (
        score.times(factor) if isinstance(score, Direction) else type(score)(tuple(times(s, factor) for s in score.of))
    )


def parts_of(score: Score) -> list[Direction]:
    """Every direction of a score, from left to right."""
    return [score] if isinstance(score, Direction) else [part for one in score.of for part in parts_of(one)]


def put_together(score: Score, values: Sequence[np.ndarray]) -> np.ndarray:
    """The score from what each of its directions gives; from bounds on their errors, a bound on its error."""
    coming = iter(values)

    def value(one: Score) -> np.ndarray:
        if isinstance(one, Direction):
            return next(coming)
        found = [value(part) for part in one.of]
        return np.asarray(np.sum(found, axis=0) if isinstance(one, Sum) else np.max(found, axis=0))

    return value(score)


def scored(score: Score, gallery: Gallery) -> Array:
    """(N,) the score of all photos of a gallery."""
    found = parts_of(score)
    products = np.asarray(gallery.similarity(np.stack([one.vector for one in found])), dtype=np.float64)
    return put_together(score, [row + one.constant for row, one in zip(products, found, strict=True)])


def summed(scores: Sequence[Score]) -> Score:
    """All of them, single directions as one."""
    single = [score for score in scores if isinstance(score, Direction)]
    if not single:
        return Sum(tuple(scores))
    joined = Direction(np.sum([one.vector for one in single], axis=0), sum(one.constant for one in single))
    rest = [score for score in scores if not isinstance(score, Direction)]
    return Sum((joined, *rest)) if rest else joined
