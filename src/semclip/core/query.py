"""An image query as a tree of wanted and excluded parts, and the protocol of a ranker.

The parser (`search.query`) builds the tree, rankers (`search.rankers`) score images with it, and the benchmark
`exclusion` evaluates rankers without a parser. The types are here, so that none of them imports another.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np


@dataclass(frozen=True)
class Text:
    """Something a photo may show, in words. weight: how much it counts beside the other parts."""

    text: str
    weight: float = 1.0

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Picture:
    """A photo as query. path: a file of the user's, or the path of a photo in the index."""

    path: str
    weight: float = 1.0

    def __str__(self) -> str:
        return f"like {self.path}"


@dataclass(frozen=True)
class Not:
    """What a photo must not show."""

    child: "Node"


@dataclass(frozen=True)
class And:
    """All of them."""

    children: tuple["Node", ...]


@dataclass(frozen=True)
class Or:
    """At least one of them."""

    children: tuple["Node", ...]


Leaf = Text | Picture
Node = Leaf | Not | And | Or


@dataclass(frozen=True)
class Filter:
    """A condition on what the index knows of a photo; never a matter of degree.

    field: `taken`, `folder`, `type`, `camera`, `width`, `height`, `size`. negated: photos that do not meet it.
    """

    field: str
    op: Literal["<", "<=", "=", ">=", ">"]
    value: str | float
    negated: bool = False


@dataclass(frozen=True)
class Query:
    """A query as it was understood.

    text: as typed, without the filters; what a ranker that reads the whole sentence is given.
    tree: what the photo must and must not show; None where there are only filters.
    """

    text: str
    tree: Node | None
    filters: tuple[Filter, ...] = ()


def leaves(node: Node | None, wanted: bool = True) -> Iterator[tuple[Leaf, bool]]:
    """Every leaf from left to right, and whether it is wanted: an even number of `Not` above it."""
    if isinstance(node, Not):
        yield from leaves(node.child, not wanted)
    elif isinstance(node, And | Or):
        for child in node.children:
            yield from leaves(child, wanted)
    elif node is not None:
        yield node, wanted


class Gallery(Protocol):
    """The photos a ranker scores, through one encoder. N photos, M of them a fixed sample, D dimensions, Q vectors."""

    def __len__(self) -> int: ...  # N

    def embed(self, leaf: Leaf) -> np.ndarray: ...  # (D,) float32, unit length

    def similarity(self, vectors: np.ndarray) -> np.ndarray: ...  # (Q, D) -> products (Q, N)

    def sampled(self, vectors: np.ndarray) -> np.ndarray: ...  # (Q, D) -> products (Q, M), what calibration sees

    def nearest(self, vectors: np.ndarray, count: int) -> np.ndarray: ...  # (Q, D) -> places (Q, count) of the highest

    def rows(self, places: np.ndarray) -> np.ndarray: ...  # (K,) places -> (K, D) unit rows of those photos

    @property
    def centre(self) -> np.ndarray: ...  # (D,) the mean row of the sample


@dataclass(frozen=True)
class Part:
    """How much of one leaf each photo has.

    similarity: (N,) cosine of leaf and photo. presence: (N,) the same between 0 and 1, relative to the sample.
    """

    leaf: Leaf
    wanted: bool
    similarity: np.ndarray
    presence: np.ndarray


@dataclass(frozen=True)
class Ranking:
    """Photos scored for one query.

    score:     (N,) float64, higher is better; equal scores are put in the order of the photos' paths.
    parts:     one per leaf of the tree, in its order.
    held_back: (N,) index of the excluded part that put a photo down, -1 where none did.
    """

    score: np.ndarray
    parts: tuple[Part, ...]
    held_back: np.ndarray


class Ranker(Protocol):
    """A way to score photos for a query. Pure: the same query and gallery give the same ranking."""

    def rank(self, query: Query, gallery: Gallery) -> Ranking: ...


#: The ranker that search uses, with its own default options: chosen on validation photos (docs/results/exclusion.md).
_DEFAULT = "feedback"
#: The one for models that were trained on queries (docs/results/flickr8k_pretrained.md).
_READS_QUERIES = "verbalised"


def default_ranker(trained_on_queries: bool) -> str:
    """The ranker that search uses unless told otherwise, for a model of this kind; the benchmark measures it."""
    return _READS_QUERIES if trained_on_queries else _DEFAULT
