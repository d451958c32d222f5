"""Other words for the same: what may take the place of which words of a tree."""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from semclip.core.seeds import derive_seed
from semclip.english.inflection import PLURAL_ONLY, inflect, plural_of
from semclip.english.parse.clause import is_being
from semclip.english.parse.tree import Tree
from semclip.english.siblings import Siblings
from semclip.english.words.load import rows_of


@dataclass(frozen=True, slots=True)
class Swap:
    """New words in the place of words start..end-1. kind: what is done."""

    start: int
    end: int
    new: str
    kind: str = "synonym"


@functools.cache
def family_of(one: str, other: str) -> str:
    """The family that a pair belongs to, in either direction: B is for test only. What both share does not count."""
    own = [" ".join(word for word in a.split() if word not in b.split()) for a, b in ((one, other), (other, one))]
    return "AB"[derive_seed("synonym", *sorted(own)) % 2]


def _index() -> dict[str, dict[str, list[tuple[str, tuple[str, ...], str]]]]:
    """Family -> lemma of the first word -> [(kind, words, new)]."""
    found: dict[str, dict[str, list[tuple[str, tuple[str, ...], str]]]] = {"A": {}, "B": {}}
    for kind, one, way, other in rows_of("synonyms", 4):
        for old, new in ((one, other), (other, one)) if way == "=" else ((one, other),):
            words = tuple(old.split())
            found[family_of(old, new)].setdefault(words[0], []).append((kind, words, new))
    return found


PAIRS = _index()
#: No bicycle where any caption says one of these; "lady" where a caption says "old lady" stays.
_CONTRADICTED = {"bicycle": {"motorcycle", "motorbike", "motocross", "dirt", "bmx", "quad", "racing"}}


def synonyms(tree: Tree, siblings: Siblings, family: str) -> Iterator[Swap]:
    """Every swap of the family that may be made."""
    pairs = PAIRS[family]
    for place, token in enumerate(tree.tokens):
        as_written = pairs.get(tree.words[place], ()) if token.lemma != tree.words[place] else ()
        for kind, old, new in (*pairs.get(token.lemma, ()), *as_written):
            end = place + len(old)
            if not siblings.lemmas.isdisjoint(_CONTRADICTED.get(new, ())):
                continue
            swap = _OF_KIND[kind](tree, place, end, old, new)
            if swap and new.split()[-1] not in tree.lemmas:
                yield Swap(place, end, swap)


def _noun(tree: Tree, place: int, end: int, old: tuple[str, ...], new: str) -> str:
    token = tree[end - 1] if end <= len(tree) else tree[place]
    if token.lemma != old[-1] or token.tag not in ("NN", "NNS") or token.label in ("compound", "nmod", "amod"):
        return ""
    if len(old) == 1 and tree.child(place, "compound", "nmod") is not None:
        return ""  # a dirt bike, a swing seat
    if token.tag == "NN" and not tree.determiner(end - 1) and tree.child(end - 1, "amod") is None and " " in new:
        return ""
    if " " in new and (
        tree.child(place, "prep", "acl", "relcl", "conj", "amod") is not None or tree.lower(end) == "'s"
    ):
        return ""
    return _plural_phrase(new) if token.tag == "NNS" else new


def _plural_phrase(new: str) -> str:
    """person on skis -> people on skis, small child -> small children."""
    words = new.split()
    head = next((i for i, word in enumerate(words) if i and (word in _BEHIND or word.endswith("ing"))), len(words)) - 1
    words[head] = plural_of(words[head])
    return " ".join(words)


_OBJECTS = ("dobj", "pobj")
_BEHIND = ("on", "in", "of", "with")


def _adjective(tree: Tree, place: int, end: int, old: tuple[str, ...], new: str) -> str:
    token = tree[place]
    if token.lower != old[0] or token.label not in ("amod", "acomp") or tree.child(place, "advmod", "conj") is not None:
        return ""
    if token.label == "acomp" and new in ("a number of", "various", "numerous"):
        return ""
    if new == "a number of" and (tree.tag(token.head) != "NNS" or tree.noun_start(token.head) != place):
        return ""
    return new


def _verb(tree: Tree, place: int, end: int, old: tuple[str, ...], new: str, has_object: bool = True) -> str:
    token = tree[place]
    if not tree.is_verb(place) or token.lemma != old[0] or token.label in ("aux", "amod", "compound"):
        return ""
    if token.tag == "VBN" or tuple(tree.words[place + 1 : end]) != old[1:]:
        return ""
    if len(old) == 1 and (tree.child(place, "prt") or (tree.child(place, "dobj") is not None) != has_object):
        return ""
    first, _, rest = new.partition(" ")
    if first == "be" and token.tag == "VBG":
        return rest if token.label == "acl" or tree.lower(place - 1) in ("is", "are") else ""
    return f"{inflect(first, token.tag)} {rest}".strip()


def _verb_alone(tree: Tree, place: int, end: int, old: tuple[str, ...], new: str) -> str:
    return _verb(tree, place, end, old, new, has_object=False)


def _verb_of_beings(tree: Tree, place: int, end: int, old: tuple[str, ...], new: str) -> str:
    subject = tree.subject(place)
    doer = tree[place].head if subject is None else subject
    return _verb(tree, place, end, old, new) if is_being(tree, doer) else ""


def _phrase(tree: Tree, place: int, end: int, old: tuple[str, ...], new: str) -> str:
    if tuple(tree.words[place:end]) != old or (tree.is_noun(end - 1) and tree.is_noun(end)):
        return ""
    if (
        old[0] == "a"
        and new.split()[0] in ("several", "many", "two", "various")
        and tree[place + 1].label not in _OBJECTS
    ):
        return ""  # a group of people is, several people are
    if old == ("a", "pair", "of") and tree.lower(end) in PLURAL_ONLY:
        return ""
    if old[-1] in ("to", "of", "near", "beside", "underneath", "beneath", "atop", "toward", "towards") and (
        tree.tag(end) not in ("DT", "PRP$", "CD", "NN", "NNS", "JJ", "NNP")
    ):
        return ""
    if new in ("as", "while") and (
        tree[place].label != "mark" or not any(t.label == "nsubj" for t in tree.tokens[end:])
    ):
        return ""
    if new in ("within", "inside") and tree[place].label != "prep":
        return ""
    return new


_OF_KIND: dict[str, Callable[[Tree, int, int, tuple[str, ...], str], str]] = {
    "N": _noun, "J": _adjective, "V": _verb, "I": _verb_alone, "B": _verb_of_beings, "P": _phrase,
}  # fmt: skip
