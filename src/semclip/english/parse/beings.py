"""Which nouns name people and animals."""

import functools

from semclip.english import lexicon
from semclip.english.inflection import lemma_of, words
from semclip.english.parse.tree import Tree
from semclip.english.words.load import lines_of


@functools.cache
def _people() -> frozenset[str]:
    return frozenset(word for line in lines_of("people") for word in line.split()) | words("people person")


@functools.lru_cache(65536)
def kind_of(word: str) -> str:
    """person, animal, or "" for a small word."""
    of = lexicon.NOUNS.get(word, (frozenset[str](),))[0]
    if of & {"adult", "person"} or word in _people() or lemma_of(word, "NNS") in _people():
        return "person"
    return "animal" if "animal" in of else ""


def is_person(tree: Tree, noun: int) -> bool:
    """Whether a noun names people: "who" is said of them."""
    return kind_of(tree.lower(noun)) == "person"


def is_being(tree: Tree, noun: int) -> bool:
    """Whether a noun names people or animals."""
    return kind_of(tree.lower(noun)) != ""
