"""What a kind of rule makes of a caption, read by the built-in parser or given as a tree."""

from semclip.english import negate
from semclip.english.edits import Scene, tried
from semclip.english.inflection import lemma_of
from semclip.english.parse import Token, Tree, open_parser
from semclip.english.siblings import Siblings

assert negate  # its rules are on the list
_PARSER = open_parser("plain")


def tree(text: str) -> Tree:
    """word/tag/label/head of each word, the head as a place."""
    cut = [word.split("/") for word in text.split()]
    return Tree(tuple(Token(w, lemma_of(w.lower(), tag), tag, int(head), label, True) for w, tag, label, head in cut))


def tree_of(caption: str) -> Tree:
    (tree,) = _PARSER.parse([caption])
    assert tree is not None, caption
    return tree


def texts_of(kind: str, caption: str, *siblings: str, family: str = "A") -> set[str]:
    scene = Scene(tree_of(caption), Siblings([caption, *siblings]), family)
    return {scene.edit(kind, change).text for change in tried(kind, scene)}
