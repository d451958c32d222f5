"""What a ranker is: a tree of wanted and excluded parts in, one score per photo out. The base measures every part.

Shapes: N photos, M of them the sample that calibration sees, Q parts, D dimensions.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from semclip.core.config import parse
from semclip.core.query import And, Gallery, Leaf, Node, Not, Or, Part, Query, Ranking, Text, leaves
from semclip.core.registry import FAMILIES

Array = NDArray[np.float64]

#: A photo shows a part as likely as not where it stands this many standard deviations above the sample's mean, and
#: how fast it becomes likelier: only for the bars that people see and for `held_back`.
_EVEN, _STEEPNESS = 1.5, 2.0

#: Spreads below this are rounding, not evidence: cosines come in float32.
_NO_SPREAD = 1e-6


@dataclass(frozen=True)
class Measured:
    """One leaf on all photos. similarity: (N,) cosine. level: (N,) the same in standard deviations of the sample."""

    leaf: Leaf
    wanted: bool
    similarity: Array
    level: Array

    @property
    def presence(self) -> Array:
        """(N,) between 0 and 1: 1 / (1 + exp(-2 (level - 1.5)))."""
        return sigmoid(_STEEPNESS * (self.level - _EVEN))


class Ranker(ABC):
    """Base of all rankers. A new one is a file in this folder with one subclass: no other file changes.

    Equal input gives equal output; no score is ever NaN. A query of filters alone scores all photos 0.
    """

    name: ClassVar[str] = ""
    reads_parts: ClassVar[bool] = True  # whether what is excluded is read by itself, so that "without" is not
    config: Any  # an instance of the subclass's own Config

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """Options, as a YAML section names them."""

    def __init__(self, config: Any = None) -> None:
        self.config = self.Config() if config is None else config

    @abstractmethod
    def score(self, query: Query, tree: Node, gallery: Gallery) -> Array:
        """(N,) higher is better. tree: that of the query, which is not None here."""

    def holds_back(self, part: Measured) -> NDArray[np.bool_]:
        """(N,) the photos that an excluded part puts down. The base: those that more likely show it than not."""
        return part.presence > 0.5

    def rank(self, query: Query, gallery: Gallery) -> Ranking:
        """Score all photos. See `core.query.Ranking`."""
        if query.tree is None:
            return Ranking(np.zeros(len(gallery)), (), np.full(len(gallery), -1, dtype=np.int64))
        return self._ranking(query, gallery, self.score(query, query.tree, gallery))

    def _ranking(self, query: Query, gallery: Gallery, score: Array) -> Ranking:
        """The score with what explains it."""
        count = len(gallery)
        held_back = np.full(count, -1, dtype=np.int64)
        parts = measure(list(leaves(query.tree)), gallery)
        most = np.full(count, -np.inf)
        for index, part in enumerate(parts):
            if not part.wanted:
                by_this = self.holds_back(part) & (part.level > most)
                held_back[by_this], most[by_this] = index, part.level[by_this]
        shown = tuple(Part(p.leaf, p.wanted, p.similarity, p.presence) for p in parts)
        return Ranking(score, shown, held_back)


def create(name: str, config: Mapping[str, Any] | None = None) -> Ranker:
    """The ranker called `name`, or `path/to/file.py:Class`, with the options of a YAML section."""
    cls = FAMILIES["rankers"].get(name)
    ranker: Ranker = cls(parse(cls.Config, config, where=f"ranker '{name}'"))
    return ranker


def measure(found: Sequence[tuple[Leaf, bool]], gallery: Gallery) -> list[Measured]:
    """Every leaf on all photos. found: leaves, and whether each is wanted.

    level = (similarity - mean) / spread, with mean and standard deviation of the sample; where the sample has no
    spread, the difference alone.
    """
    if not found:
        return []
    vectors = np.stack([gallery.embed(leaf) for leaf, _ in found])  # (Q, D)
    similarity = np.asarray(gallery.similarity(vectors), dtype=np.float64)  # (Q, N)
    sampled = np.asarray(gallery.sampled(vectors), dtype=np.float64)  # (Q, M)
    return [
        Measured(leaf, wanted, row, standardised(row, seen))
        for (leaf, wanted), row, seen in zip(found, similarity, sampled, strict=True)
    ]


def by_leaf(tree: Node, gallery: Gallery) -> dict[tuple[Leaf, bool], Measured]:
    """Every distinct leaf of a tree, wanted or excluded, measured once."""
    found = list(dict.fromkeys(leaves(tree)))
    return dict(zip(found, measure(found, gallery), strict=True))


def standardised(values: Array, sample: Array) -> Array:
    """Values minus the sample's mean, over its standard deviation where it has one."""
    return (values - sample.mean()) / spread_of(sample)


def spread_of(sample: Array) -> float:
    """The sample's standard deviation, 1 where it has none."""
    spread = float(sample.std())
    return spread if spread > _NO_SPREAD else 1.0


def combine(
    tree: Node,
    gain: Callable[[Leaf, bool], Any],
    wanted: bool = True,
    total: Callable[[Sequence[Any]], Any] = lambda parts: np.sum(parts, axis=0),
    highest: Callable[[Sequence[Any]], Any] = lambda parts: np.max(parts, axis=0),
) -> Any:
    """A score from gains of leaves: all of several parts is their sum, one of several is their maximum.

    gain: (leaf, is it wanted) -> (N,), or whatever `total` and `highest` put together. Denials go down to the leaves:
    not (A and B) is (not A) or (not B).
    """
    if isinstance(tree, Not):
        return combine(tree.child, gain, not wanted, total, highest)
    if isinstance(tree, And | Or):
        parts = [combine(child, gain, wanted, total, highest) for child in tree.children]
        return total(parts) if isinstance(tree, And) == wanted else highest(parts)
    return gain(tree, wanted)


def joined(tree: Node, wanted: bool = True) -> Node:
    """The tree with the words that are wanted together read as one text: "a dog" and "a ball" as "a dog and a ball".

    An encoder knows more of two things in one photo than the sum of both similarities says. Words of another weight
    and pictures stay by themselves.
    """
    if isinstance(tree, Not):
        return Not(joined(tree.child, not wanted))
    if isinstance(tree, Or):
        return Or(tuple(joined(child, wanted) for child in tree.children))
    if not isinstance(tree, And):
        return tree
    if not wanted:
        return And(tuple(joined(child, wanted) for child in tree.children))
    texts = [child for child in tree.children if isinstance(child, Text)]
    weights = list(dict.fromkeys(text.weight for text in texts))
    together: list[Node] = [Text(" and ".join(t.text for t in texts if t.weight == w), w) for w in weights]
    rest = [joined(child, wanted) for child in tree.children if not isinstance(child, Text)]
    children = (*together, *rest)
    return children[0] if len(children) == 1 else And(children)


def affirmed(tree: Node, wanted: bool = True) -> Node | None:
    """The tree without what it excludes; None where nothing is left."""
    if isinstance(tree, Not):
        below = affirmed(tree.child, not wanted)
        return None if below is None else Not(below)
    if isinstance(tree, And | Or):
        left = tuple(c for c in (affirmed(child, wanted) for child in tree.children) if c is not None)
        return type(tree)(left) if left else None
    return tree if wanted else None


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)) without overflow."""
    return np.exp(-np.logaddexp(0.0, -x))


def softplus(x: Array) -> Array:
    """log(1 + exp(x)) without overflow: 0 far below 0, x far above."""
    return np.logaddexp(0.0, x)
