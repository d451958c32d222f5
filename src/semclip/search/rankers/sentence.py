"""The whole sentence through the encoder, negation and all: what a plain photo search does.

    score = <image, text of the query>

Parts are shown and not used. A query of pictures alone is scored by them: + for wanted, - for excluded ones.
When to use: with an encoder that was trained on queries, and as the ranking that the others are compared with.
"""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from semclip.core.query import Gallery, Leaf, Node, Query, Text, leaves
from semclip.search.rankers._linear import Direction, LinearRanker, Score, total
from semclip.search.rankers.base import Measured


class Sentence(LinearRanker):
    """Reads the sentence as it is; holds nothing back."""

    reads_parts: ClassVar[bool] = False

    def directions(self, query: Query, tree: Node, gallery: Gallery) -> Score:
        if query.text.strip() and any(isinstance(leaf, Text) for leaf, _ in leaves(tree)):
            return _towards(Text(query.text), gallery)
        return total(tree, lambda leaf, wanted: _towards(leaf, gallery).times((1 if wanted else -1) * leaf.weight))

    def holds_back(self, part: Measured) -> NDArray[np.bool_]:
        return np.zeros(len(part.level), dtype=bool)


def _towards(leaf: Leaf, gallery: Gallery) -> Direction:
    return Direction(np.asarray(gallery.embed(leaf), dtype=np.float64))
