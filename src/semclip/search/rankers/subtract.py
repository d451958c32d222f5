"""A sum with signs: what is excluded counts against a photo, in proportion.

    score = sum over wanted parts of w_i level_i - weight * sum over excluded parts of w_j level_j

level: standard deviations of the similarity above the gallery's mean. Wanted words of one conjunction are read
together.
When to use: one product and nothing else; the classical way, as in relevance feedback (Rocchio, 1971).
"""

from dataclasses import dataclass

from semclip.core.query import Gallery, Leaf, Node, Query
from semclip.search.rankers._linear import Direction, LinearRanker, Score, levels_of, total
from semclip.search.rankers.base import joined


class Subtract(LinearRanker):
    """weight: of excluded parts. 0.5 ranks best by average precision, 1 and more keeps more of them away."""

    @dataclass(frozen=True, kw_only=True)
    class Config:
        weight: float = 0.5

    def directions(self, query: Query, tree: Node, gallery: Gallery) -> Score:
        together = joined(tree)
        measured = levels_of(together, gallery)

        def gain(leaf: Leaf, wanted: bool) -> Direction:
            return measured[leaf].times((1.0 if wanted else -self.config.weight) * leaf.weight)

        return total(together, gain)
