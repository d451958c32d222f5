"""The query put into words again, one sentence for what belongs together, for an encoder that reads "without".

    score = level of <image, "A and B without X and without Y">  +  parts * score of `feedback`

level: standard deviations above the gallery's mean. Each conjunction of words is one sentence; what stands beside it,
which is choices, pictures and words of another weight, is added with its sign and weight, and one of several is their
maximum. However a query was typed, as "beach -people" or as a sentence, the encoder reads the same words. The second
term is for things that no query of the training named: of those the sentence knows less than the parts.
When to use: the default for models that were trained on queries (docs/results/flickr8k_pretrained.md). Others take what
is excluded for what is wanted.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from semclip.core.errors import UserError
from semclip.core.query import And, Gallery, Leaf, Node, Not, Or, Query, Text
from semclip.search.rankers._linear import Direction, LinearRanker, Score, levels_of, summed, times, total
from semclip.search.rankers.feedback import Feedback

#: What is wanted where a query only excludes.
_ANYTHING = "a photo"


class Verbalised(LinearRanker):
    """parts: how much the parts count beside the sentence; 0 for the sentence alone."""

    reads_parts: ClassVar[bool] = False

    @dataclass(frozen=True, kw_only=True)
    class Config:
        parts: float = 0.6

    def __init__(self, config: Any = None) -> None:
        super().__init__(config)
        if not 0 <= self.config.parts < math.inf:
            raise UserError(f"parts is {self.config.parts}", where="ranker 'verbalised'", fix="give 0 or more, as 0.6")

    def directions(self, query: Query, tree: Node, gallery: Gallery) -> Score:
        sentence = self._sentence(tree, gallery)
        if not self.config.parts:
            return sentence
        return summed([sentence, times(Feedback().directions(query, tree, gallery), self.config.parts)])

    def _sentence(self, tree: Node, gallery: Gallery) -> Score:
        said = verbalised(tree)
        measured = levels_of(said, gallery)

        def gain(leaf: Leaf, wanted: bool) -> Direction:
            return measured[leaf].times((1 if wanted else -1) * leaf.weight)

        return total(said, gain)


def verbalised(tree: Node, wanted: bool = True) -> Node:
    """The tree with the words of each conjunction as one text: a and not x as "a without x", not x alone as "a photo
    without x".

    Denials go down to the leaves: not (x or y) is not x and not y. Words of another weight than 1 and pictures stay by
    themselves.
    """
    if isinstance(tree, Not):
        return verbalised(tree.child, not wanted)
    if isinstance(tree, And | Or) and isinstance(tree, Or) == wanted:
        return Or(tuple(verbalised(child, wanted) for child in tree.children))
    said: list[tuple[str, bool]] = []
    rest: list[Node] = []
    for node, is_wanted in _conjunction(tree, wanted):
        if isinstance(node, Text) and node.weight == 1:
            said.append((node.text, is_wanted))
        elif isinstance(node, And | Or):
            rest.append(verbalised(node, is_wanted))
        else:
            rest.append(node if is_wanted else Not(node))
    children = (*([Text(sentence(said))] if said else []), *rest)
    return children[0] if len(children) == 1 else And(children)


def _conjunction(tree: Node, wanted: bool) -> Iterator[tuple[Node, bool]]:
    """Everything that must hold together, and whether it is wanted: leaves, and choices."""
    if isinstance(tree, Not):
        yield from _conjunction(tree.child, not wanted)
    elif isinstance(tree, And | Or) and isinstance(tree, And) == wanted:
        for child in tree.children:
            yield from _conjunction(child, wanted)
    else:
        yield tree, wanted


def sentence(parts: Sequence[tuple[str, bool]]) -> str:
    """Words and whether they are wanted -> "a and b without x and without y"."""
    wanted = " and ".join(text for text, is_wanted in parts if is_wanted)
    excluded = " and ".join(f"without {text}" for text, is_wanted in parts if not is_wanted)
    return " ".join(filter(None, [wanted or _ANYTHING, excluded]))
