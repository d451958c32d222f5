"""DEO: the query's vector is moved towards what is wanted and away from what is excluded, then ranks by cosine.

    e* = argmin over |e| = 1 of  mean_i |e - p_i| + keep * |e - q| - away * mean_j |e - n_j|,   score = <image, e*>

q: the sentence as it is; p_i: wanted parts, n_j: excluded parts; Adam from e = q, e made unit length after each step.
Paper: arXiv 2603.09185, "DEO: Training-Free Direct Embedding Optimization for Negation-Aware Retrieval"; the distances
and the defaults of `keep`, `away`, `rate` and `steps` are those of its released code.
Deviations: the parts come from the query's tree, not from a language model; a part's weight scales its distance; an
OR is read as if all of its parts were asked for; 1e-12 is added under the root of distances, since e = q has no
gradient there.
When to use: to compare; it needs one product per query, whatever the number of parts.
"""

from dataclasses import dataclass

import numpy as np

from semclip.core.query import Gallery, Leaf, Node, Query, Text, leaves
from semclip.search.rankers._linear import Direction, LinearRanker, Score
from semclip.search.rankers.base import Array

_DECAY, _SQUARED_DECAY, _EPSILON = 0.9, 0.999, 1e-8  # Adam's own defaults


class Deo(LinearRanker):
    """steps, rate: of Adam. keep: weight of the distance to the sentence. away: of that to what is excluded."""

    @dataclass(frozen=True, kw_only=True)
    class Config:
        steps: int = 20
        rate: float = 0.001
        keep: float = 0.2
        away: float = 1.0

    def directions(self, query: Query, tree: Node, gallery: Gallery) -> Score:
        found = list(leaves(tree))
        vectors = {leaf: np.asarray(gallery.embed(leaf), dtype=np.float64) for leaf, _ in found}
        start = self._start(query, found, vectors, gallery)
        pulls = [(start, self.config.keep)]
        for wanted, sign in ((True, 1.0), (False, -self.config.away)):
            side = [leaf for leaf, is_wanted in found if is_wanted == wanted]
            pulls += [(vectors[leaf], sign * leaf.weight / len(side)) for leaf in side]
        return Direction(self._optimised(start, pulls))

    def _start(
        self, query: Query, found: list[tuple[Leaf, bool]], vectors: dict[Leaf, Array], gallery: Gallery
    ) -> Array:
        """The sentence; of a query without words, its first picture."""
        if query.text.strip() and any(isinstance(leaf, Text) for leaf, _ in found):
            return np.asarray(gallery.embed(Text(query.text)), dtype=np.float64)
        return vectors[found[0][0]]

    def _optimised(self, start: Array, pulls: list[tuple[Array, float]]) -> Array:
        vector, first, second = start.copy(), np.zeros_like(start), np.zeros_like(start)
        for step in range(1, self.config.steps + 1):
            gradient = np.zeros_like(start)
            for target, weight in pulls:
                difference = vector - target
                gradient += weight * difference / np.sqrt(difference @ difference + 1e-12)
            first = _DECAY * first + (1 - _DECAY) * gradient
            second = _SQUARED_DECAY * second + (1 - _SQUARED_DECAY) * gradient**2
            size = np.sqrt(second / (1 - _SQUARED_DECAY**step)) + _EPSILON
            vector = vector - self.config.rate * first / (1 - _DECAY**step) / size
            vector = vector / max(float(np.linalg.norm(vector)), 1e-12)
        return vector
