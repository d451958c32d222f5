"""Trees of queries in one form: no And in an And, no Or in an Or, none of them with a single child, no double Not."""

from collections.abc import Sequence

from semclip.core.query import And, Node, Not, Or


def and_(nodes: Sequence[Node]) -> Node:
    """All of them; no And in an And."""
    flat = [child for node in nodes for child in (node.children if isinstance(node, And) else (node,))]
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def or_(nodes: Sequence[Node]) -> Node:
    """One of them; no Or in an Or."""
    flat = [child for node in nodes for child in (node.children if isinstance(node, Or) else (node,))]
    return flat[0] if len(flat) == 1 else Or(tuple(flat))


def not_(node: Node) -> Node:
    """Not it; two cancel out."""
    return node.child if isinstance(node, Not) else Not(node)


def normal(node: Node) -> Node:
    """The tree in that form."""
    if isinstance(node, Not):
        return not_(normal(node.child))
    if isinstance(node, And | Or):
        return (and_ if isinstance(node, And) else or_)([normal(child) for child in node.children])
    return node
