"""A sum with signs: what is excluded counts against a photo, in proportion.

    score = sum over wanted parts of w_i level_i - weight * sum over excluded parts of w_j level_j

level: standard deviations of the similarity above the gallery's mean. Wanted words of one conjunction are read
together.
When to use: two products and nothing else; the classical way, as in relevance feedback (Rocchio, 1971).
"""

from dataclasses import dataclass

from semclip.core.query import Gallery, Node, Query
from semclip.search.rankers.base import Array, Ranker, by_leaf, combine, joined


class Subtract(Ranker):
    """weight: of excluded parts. 0.5 ranks best by average precision, 1 and more keeps more of them away."""

    @dataclass(frozen=True, kw_only=True)
    class Config:
        weight: float = 0.5

    def score(self, query: Query, tree: Node, gallery: Gallery) -> Array:
        together = joined(tree)
        parts = by_leaf(together, gallery)
        return combine(
            together,
            lambda leaf, wanted: (1.0 if wanted else -self.config.weight) * leaf.weight * parts[leaf, wanted].level,
        )
