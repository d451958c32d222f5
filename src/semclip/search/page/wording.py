"""Queries in words: the sentence that a search without operators would be given, and labels of parts."""

import re
from pathlib import PurePath

from semclip.core.query import And, Leaf, Node, Not, Or, Picture, Query
from semclip.search.page.pictures import Uploads
from semclip.search.query import describe

# What people do not write in a sentence. Only decides which words a plain encoder is shown, never what a query means.
_OPERATORS = re.compile(r'(^|\s)[-−–+]|["“”„«»()^:<>=]|\b(AND|OR|NOT)\b')


def sentence(query: Query) -> str:
    """What to give an encoder that reads one sentence: as typed, or in English where operators were typed."""
    if query.tree is None or not _OPERATORS.search(query.text):
        return query.text
    return _words(query.tree)


def _words(node: Node) -> str:
    """`red circle without blue square`; pictures have no words."""
    if isinstance(node, Not):
        return f"no {inner}" if (inner := _words(node.child)) else ""
    if isinstance(node, Or):
        return " or ".join(filter(None, map(_words, node.children)))
    if isinstance(node, And):
        wanted = [_words(child) for child in node.children if not isinstance(child, Not)]
        excluded = [_words(child.child) for child in node.children if isinstance(child, Not)]
        first = " and ".join(filter(None, wanted))
        if not first:
            return " and ".join(f"no {words}" for words in excluded if words)
        return " ".join([first, " and ".join(f"without {words}" for words in excluded if words)]).strip()
    return "" if isinstance(node, Picture) else node.text


def understood(query: Query) -> str:
    """How the query was read, for people."""
    return re.sub(r"like upload-[0-9a-f]{16}", "like your picture", describe(query))


def joined(query: Query) -> str:
    """How the parts of a query belong together; "" where all that is wanted and excluded just stands side by side."""
    tree = query.tree
    sides = tree.children if isinstance(tree, And) else [tree]
    simple = all(not isinstance(side.child if isinstance(side, Not) else side, Not | And | Or) for side in sides)
    return "" if simple else understood(Query("", tree))


def label(leaf: Leaf) -> str:
    if not isinstance(leaf, Picture):
        return leaf.text
    return "like your picture" if Uploads.names(leaf.path) else f"like {PurePath(leaf.path).name}"
