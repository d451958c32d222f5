"""Changes of a query that a click makes: turn a part around, weigh it, leave it out, add a picture.

Parts are numbered from left to right, as `core.query.leaves` lists them.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from itertools import count

from semclip.core.query import And, Leaf, Node, Not, Or, Picture

Literal = Leaf | Not  # a leaf, or a leaf right under a Not


def flipped(tree: Node | None, part: int) -> Node | None:
    """Want what was excluded, exclude what was wanted."""
    return _at(tree, part, lambda literal: literal.child if isinstance(literal, Not) else Not(literal))


def weighted(tree: Node | None, part: int, weight: float) -> Node | None:
    """Let one part count more or less beside the others."""

    def weigh(literal: Literal) -> Node:
        if isinstance(literal, Not):
            assert not isinstance(literal.child, Not | And | Or)
            return Not(replace(literal.child, weight=weight))
        return replace(literal, weight=weight)

    return _at(tree, part, weigh)


def without(tree: Node | None, parts: Collection[int]) -> Node | None:
    """The tree as if these parts had not been asked; None when nothing is left."""
    return _rebuilt(tree, count(), lambda number, literal: None if number in parts else literal)


def with_picture(tree: Node | None, path: str, wanted: bool) -> Node:
    """More like this photo, or less; instead of what the query says of the same photo."""

    def drop(_: int, literal: Literal) -> Node | None:
        leaf = literal.child if isinstance(literal, Not) else literal
        return None if isinstance(leaf, Picture) and leaf.path == path else literal

    picture: Node = Picture(path) if wanted else Not(Picture(path))
    rest = _rebuilt(tree, count(), drop)
    if rest is None:
        return picture
    return And((*rest.children, picture)) if isinstance(rest, And) else And((rest, picture))


def _at(tree: Node | None, part: int, change: Callable[[Literal], Node]) -> Node | None:
    return _rebuilt(tree, count(), lambda number, literal: change(literal) if number == part else literal)


def _rebuilt(node: Node | None, numbers: Iterator[int], change: Callable[[int, Literal], Node | None]) -> Node | None:
    """The tree with every literal changed; a branch that loses all its parts goes too."""
    if node is None:
        return None
    if isinstance(node, And | Or):
        kept = tuple(new for child in node.children if (new := _rebuilt(child, numbers, change)) is not None)
        return type(node)(kept) if len(kept) > 1 else next(iter(kept), None)
    if isinstance(node, Not) and isinstance(node.child, Not | And | Or):
        inner = _rebuilt(node.child, numbers, change)
        return None if inner is None else Not(inner)
    return change(next(numbers), node)
