"""Subtraction of better measured parts: several prompts, the gallery's own best matches, and the thing in its scene.

    score = sum over wanted parts of w_i a_i - weight * sum over excluded parts of w_j b_j
    a, b  = level of <image, v + m>,  v = unit mean of the prompts of a part,  m = direction from the gallery's centre
            to the mean of its `neighbours` photos nearest to v (pseudo-relevance feedback; Rocchio, 1971)
    b_j   = level of (1 - contrast) b_j + contrast * level of <image, "A with B_j"> - <image, "A">

A: the wanted words beside B_j, read together. level: standard deviations above the gallery's mean. The last line asks
how much of B there is in a photo of A, which a bare "B" says less well. Pictures take no prompt, no feedback, no
contrast.
A gallery of under 20 * neighbours photos gives one neighbour for 20 of them.
When to use: the default. Two products with all photos, where `subtract` needs one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from semclip.core.errors import UserError
from semclip.core.query import And, Gallery, Leaf, Node, Not, Or, Query, Text, leaves
from semclip.search.rankers._linear import Direction, LinearRanker, Score, levels, total
from semclip.search.rankers.base import joined

#: Photos of a gallery for one neighbour in it, at least.
_SHARE = 20

#: Lengths below this are the rounding of float32 rows: all photos are alike.
_NO_LENGTH = 1e-4


class Feedback(LinearRanker):
    """weight: of excluded parts. prompts: {} stands for the part. neighbours: 0 for no feedback. contrast: 0 to 1."""

    @dataclass(frozen=True, kw_only=True)
    class Config:
        weight: float = 1.25
        prompts: tuple[str, ...] = ("{}", "a photo of {}", "a photo with {}", "a picture with {} in it")
        scene_prompts: tuple[str, ...] = ("{}", "a photo of {}")
        neighbours: int = 20
        contrast: float = 0.5

    def __init__(self, config: Any = None) -> None:
        super().__init__(config)
        for key in ("prompts", "scene_prompts"):
            wrong = [prompt for prompt in getattr(self.config, key) if "{}" not in prompt]
            if wrong or not getattr(self.config, key):
                raise UserError(
                    f"'{key}' needs prompts with {{}} for the part, found {wrong}",
                    where="ranker 'feedback'",
                    fix=f"write {key}: ['a photo of {{}}']",
                )

    def directions(self, query: Query, tree: Node, gallery: Gallery) -> Score:
        together = joined(tree)
        found = list(dict.fromkeys(leaf for leaf, _ in leaves(together)))
        beside = scenes(together) if self.config.contrast else {}
        changes = [self._contrast(*pair, gallery) for pair in beside.items()]
        measured = levels(np.stack([*self._vectors(found, gallery), *changes]), gallery)
        level = dict(zip(found, measured, strict=False))
        excluded = level | self._mixed(level, dict(zip(beside, measured[len(found) :], strict=True)), gallery)

        def gain(leaf: Leaf, wanted: bool) -> Direction:
            return (level[leaf] if wanted else excluded[leaf].times(-self.config.weight)).times(leaf.weight)

        return total(together, gain)

    def _mixed(
        self, level: dict[Leaf, Direction], contrast: dict[Leaf, Direction], gallery: Gallery
    ) -> dict[Leaf, Direction]:
        """The levels of excluded parts that have a contrast, with it."""
        if not contrast:
            return {}
        share = self.config.contrast
        mixed = [(1 - share) * level[leaf].vector + share * change.vector for leaf, change in contrast.items()]
        return dict(zip(contrast, levels(np.stack(mixed), gallery), strict=True))

    def _vectors(self, parts: Sequence[Leaf], gallery: Gallery) -> np.ndarray:
        """(Q, D) of unit length: prompts, and for texts what the photos nearest to them have in common."""
        vectors = np.stack([prompted(part, self.config.prompts, gallery) for part in parts])
        count = min(self.config.neighbours, -(-len(gallery) // _SHARE))
        texts = [i for i, part in enumerate(parts) if isinstance(part, Text)]
        if count and texts:
            for i, near in zip(texts, gallery.nearest(vectors[texts], count), strict=True):
                common = np.asarray(gallery.rows(near)).mean(axis=0)
                vectors[i] = unit(vectors[i] + unit(common - gallery.centre))
        return vectors

    def _contrast(self, part: Leaf, scene: str, gallery: Gallery) -> np.ndarray:
        """(D,) from a scene to the same scene with the excluded part in it."""
        both, alone = Text(f"{scene} with {part}"), Text(scene)
        prompts = self.config.scene_prompts
        return prompted(both, prompts, gallery) - prompted(alone, prompts, gallery)


def scenes(tree: Node, wanted: bool = True, beside: str = "") -> dict[Leaf, str]:
    """Each excluded text -> the wanted words of the conjunction it stands in; those without any are left out."""
    if isinstance(tree, Not):
        return scenes(tree.child, not wanted, beside)
    if isinstance(tree, And | Or):
        if isinstance(tree, And) and wanted:
            beside = " and ".join([t.text for t in tree.children if isinstance(t, Text)]) or beside
        return {leaf: scene for child in tree.children for leaf, scene in scenes(child, wanted, beside).items()}
    return {tree: beside} if isinstance(tree, Text) and not wanted and beside else {}


def prompted(part: Leaf, prompts: Sequence[str], gallery: Gallery) -> np.ndarray:
    """(D,) unit mean of a text's prompts; a picture as it is."""
    if not isinstance(part, Text):
        return np.array(gallery.embed(part), dtype=np.float32)
    vectors = [gallery.embed(Text(prompt.replace("{}", part.text))) for prompt in prompts]
    return unit(np.mean(vectors, axis=0))


def unit(vector: np.ndarray) -> np.ndarray:
    """The vector at length 1; where it is nothing but rounding, zero."""
    length = float(np.linalg.norm(vector))
    return np.asarray(vector / length if length > _NO_LENGTH else np.zeros_like(vector), dtype=np.float32)
