"""What is excluded is forgotten: a baseline that no other ranker may lose to.

    score = sum over wanted parts of weight * level        level: standard deviations above the gallery's mean

Wanted words of one conjunction are read together. Where nothing is wanted all photos score 0.
When to use: as the row to compare with.
"""

import numpy as np
from numpy.typing import NDArray

from semclip.core.query import Gallery, Node, Query
from semclip.search.rankers.base import Array, Measured, Ranker, affirmed, by_leaf, combine, joined


class Dropped(Ranker):
    """Forgets what is excluded; holds nothing back."""

    def score(self, query: Query, tree: Node, gallery: Gallery) -> Array:
        left = affirmed(joined(tree))
        if left is None:
            return np.zeros(len(gallery))
        parts = by_leaf(left, gallery)
        return combine(left, lambda leaf, wanted: leaf.weight * parts[leaf, wanted].level)

    def holds_back(self, part: Measured) -> NDArray[np.bool_]:
        return np.zeros(len(part.level), dtype=bool)
