"""The whole sentence through the encoder, negation and all: what a plain photo search does.

    score = <image, text of the query>

Parts are shown and not used. A query of pictures alone is scored by them: + for wanted, - for excluded ones.
When to use: with an encoder that was trained on queries, and as the ranking that the others are compared with.
"""

import numpy as np
from numpy.typing import NDArray

from semclip.core.query import Gallery, Node, Query, Text, leaves
from semclip.search.rankers.base import Array, Measured, Ranker, by_leaf, combine, measure


class Sentence(Ranker):
    """Reads the sentence as it is; holds nothing back."""

    def score(self, query: Query, tree: Node, gallery: Gallery) -> Array:
        if query.text.strip() and any(isinstance(leaf, Text) for leaf, _ in leaves(tree)):
            return measure([(Text(query.text), True)], gallery)[0].similarity
        parts = by_leaf(tree, gallery)
        return combine(tree, lambda leaf, wanted: (1 if wanted else -1) * leaf.weight * parts[leaf, wanted].similarity)

    def holds_back(self, part: Measured) -> NDArray[np.bool_]:
        return np.zeros(len(part.level), dtype=bool)
