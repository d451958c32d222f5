"""Photos that surely show what is excluded are held back; below a threshold it costs nothing.

    score = sum over wanted parts of w_i level_i - sum over excluded parts of w_j veto(level_j)
    smooth: veto(x) = weight * log(1 + exp(s (x - threshold))) / s,  s = 2
    hard:   veto(x) = 1000 where x > threshold, else 0

level: standard deviations of the similarity above the gallery's mean: what is calibrated per concept.
When to use: hard, where an excluded photo must not come before any other; then the threshold decides alone.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from semclip.core.query import Gallery, Leaf, Node, Query
from semclip.search.rankers.base import Array, Measured, Ranker, by_leaf, combine, joined, softplus

_STEEPNESS = 2.0
_LAST = 1000.0  # more than any sum of levels


class Veto(Ranker):
    """threshold: in standard deviations. weight: of the smooth veto. mode: smooth or hard."""

    @dataclass(frozen=True, kw_only=True)
    class Config:
        mode: Literal["smooth", "hard"] = "smooth"
        threshold: float = 0.0
        weight: float = 2.0

    def score(self, query: Query, tree: Node, gallery: Gallery) -> Array:
        together = joined(tree)
        parts = by_leaf(together, gallery)

        def gain(leaf: Leaf, wanted: bool) -> Array:
            level = parts[leaf, wanted].level
            return leaf.weight * (level if wanted else -self._veto(level))

        return combine(together, gain)

    def holds_back(self, part: Measured) -> NDArray[np.bool_]:
        return part.level > self.config.threshold

    def _veto(self, level: Array) -> Array:
        over = level - self.config.threshold
        if self.config.mode == "hard":
            return np.where(over > 0, _LAST, 0.0)
        return self.config.weight * softplus(_STEEPNESS * over) / _STEEPNESS
