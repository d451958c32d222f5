"""The probability that a photo shows all that is wanted and nothing that is excluded, parts taken as independent.

    score = log of prod p(A_i)^w_i * prod (1 - p(B_j))^w_j,    p = 1 / (1 + exp(-steepness (level - even)))

level: standard deviations of the similarity above the gallery's mean.
When to use: where scores shall be read as probabilities, as with supervised probes; it needs `even` near the truth.
"""

from dataclasses import dataclass

from semclip.core.query import Gallery, Leaf, Node, Query
from semclip.search.rankers.base import Array, Ranker, by_leaf, combine, joined, softplus


class Product(Ranker):
    """even: the level at which a thing is there as likely as not. steepness: how fast it becomes likelier."""

    @dataclass(frozen=True, kw_only=True)
    class Config:
        even: float = 1.0
        steepness: float = 2.0

    def score(self, query: Query, tree: Node, gallery: Gallery) -> Array:
        together = joined(tree)
        parts = by_leaf(together, gallery)

        def log_probability(leaf: Leaf, wanted: bool) -> Array:
            logit = self.config.steepness * (parts[leaf, wanted].level - self.config.even)
            return -leaf.weight * softplus(-logit if wanted else logit)

        return combine(together, log_probability)
