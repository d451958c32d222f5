"""What is excluded is forgotten: a baseline that no other ranker may lose to.

    score = sum over wanted parts of weight * level        level: standard deviations above the gallery's mean

Wanted words of one conjunction are read together. Where nothing is wanted all photos score 0.
When to use: as the row to compare with.
"""

import numpy as np
from numpy.typing import NDArray

from semclip.core.query import Gallery, Node, Query
from semclip.search.rankers._linear import Direction, LinearRanker, Score, levels_of, total
from semclip.search.rankers.base import Measured, affirmed, joined


class Dropped(LinearRanker):
    """Forgets what is excluded; holds nothing back."""

    def directions(self, query: Query, tree: Node, gallery: Gallery) -> Score:
        left = affirmed(joined(tree))
        if left is None:
            return Direction(np.zeros_like(gallery.centre, dtype=np.float64))
        measured = levels_of(left, gallery)
        return total(left, lambda leaf, wanted: measured[leaf].times(leaf.weight))

    def holds_back(self, part: Measured) -> NDArray[np.bool_]:
        return np.zeros(len(part.level), dtype=bool)
