"""Other words for the same: what may take the place of which words of a tree."""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from semclip.core.seeds import derive_seed
from semclip.english.inflection import PLURAL_ONLY, inflect, plural_of, words
from semclip.english.parse.clause import is_being
from semclip.english.parse.tree import Tree
from semclip.english.siblings import Siblings
from semclip.english.words.load import listed, rows_of


@dataclass(frozen=True, slots=True)
class Swap:
    """New words in the place of words start..end-1. kind: what is done. verb: a new verb's base form and more."""

    start: int
    end: int
    new: str
    kind: str = "synonym"
    verb: str = ""

    def said(self, tag: str) -> str:
        """The new verb in another form; "asleep" for "being asleep"."""
        first, _, rest = self.verb.partition(" ")
        return rest if first == "be" and tag == "VBG" else f"{inflect(first, tag)} {rest}".strip()


@functools.cache
def family_of(one: str, other: str) -> str:
    """The family that a pair belongs to, in either direction: B is for test only. What both share does not count."""
    own = [" ".join(word for word in a.split() if word not in b.split()) for a, b in ((one, other), (other, one))]
    return "AB"[derive_seed("synonym", *sorted(own)) % 2]


class Pair(NamedTuple):
    """kind: the rule that puts `new` for `old`. near: words of which one must be tied to it, or none where barred."""

    kind: str
    old: tuple[str, ...]
    new: str
    near: frozenset[str]
    barred: bool

    def suits(self, tree: Tree, place: int, end: int) -> bool:
        """Whether what is around words place..end-1 gives them the sense that is meant."""
        if not self.near:
            return True
        several = self.kind == "V" and any(tree.child(i, "conj") is not None for i in tree.children(place, "dobj"))
        return not several and self.near.isdisjoint(_tied(tree, place, end)) is self.barred


def _tied(tree: Tree, place: int, end: int) -> set[str]:
    """The lemmas that words govern, by a preposition too, or are governed by, the words beside, and the next tag."""
    own = range(place, min(end, len(tree)))
    tied = {tree[i].head for i in own}.union(*(tree.children(i) for i in own))
    through = [i for i in tied if tree.tag(i) in ("IN", "RP", "RB") and (i in own or not tree.is_verb(place))]
    tied.update(k for i in through for k in (tree[i].head, *tree.children(i, "pobj")))
    return {tree[i].lemma for i in tied} | {tree.lower(place - 1), tree.lower(end), tree.tag(end)}


def _index() -> dict[str, dict[str, list[Pair]]]:
    """Family -> lemma of the first word -> its pairs."""
    found: dict[str, dict[str, list[Pair]]] = {"A": {}, "B": {}}
    for kind, one, way, other, near in rows_of("synonyms", 5):
        words_near = frozenset(near.split()) - {"-"}
        for old, new in ((one, other), (other, one)) if way == "=" else ((one, other),):
            for said in dict.fromkeys((old, old.replace("-", " - "))):  # parsers take well-known apart
                pair = Pair(kind, tuple(said.split()), new, words_near, near.startswith("- "))
                found[family_of(old, new)].setdefault(pair.old[0], []).append(pair)
    return found


PAIRS = _index()
#: No bicycle where any caption says one of these; "lady" where a caption says "old lady" stays.
_CONTRADICTED = dict.fromkeys(
    ("bicycle", "cycle", "cyclist", "ride a bicycle"), words("motorcycle motorbike motocross dirt bmx quad racing")
)


def synonyms(tree: Tree, siblings: Siblings, family: str) -> Iterator[Swap]:
    """Every swap of the family that may be made."""
    pairs, titled = PAIRS[family], any(tree.style)
    capitals = {i for i, token in enumerate(tree.tokens) if i and token.text[:1].isupper()} if not titled else set()
    for place, token in enumerate(tree.tokens):
        as_written = pairs.get(tree.words[place], ()) if token.lemma != tree.words[place] else ()
        following = (tree.words[place + 1], tree[place + 1].lemma) if place + 1 < len(tree) else ()
        for pair in (*pairs.get(token.lemma, ()), *as_written):
            kind, old, new = pair.kind, pair.old, pair.new
            end = place + len(old) + (kind == "M")
            if (len(old) > 1 and old[1] not in following) or (titled and kind != "T"):
                continue  # what is written Like This may be a name
            if not capitals.isdisjoint(range(place, end)):
                continue  # Our Lady of Sorrows
            if not (swap := _OF_KIND[kind](tree, place, end, old, new)) or not pair.suits(tree, place, end):
                continue
            fresh = set(new.split()) - set(old) - _SMALL
            if not siblings.lemmas.isdisjoint(_CONTRADICTED.get(new, ())) or not tree.lemmas.isdisjoint(fresh):
                continue
            if not (new.endswith(" of") and tree.lower(end) == "of"):
                yield Swap(place, end, swap, verb=new if kind in "VIB" else "")


#: Words that a caption may hold twice.
_SMALL = words("a the of to in on with by at up as over through from for it off into be")


def _noun(tree: Tree, place: int, end: int, old: tuple[str, ...], new: str) -> str:
    head = end - 1
    if head >= len(tree) or tree[head].lemma != old[-1] or tuple(tree.words[place:head]) != old[:-1]:
        return ""
    token = tree[head]
    if token.tag not in ("NN", "NNS") or token.label in ("compound", "nmod", "amod"):
        return ""
    compound = any(i < place for i in tree.children(head, "compound", "nmod"))
    if compound or (place < head and tree.is_noun(place - 1)) or tree.is_noun(end) or tree.lower(end) in _OWNERS:
        return ""  # a dirt bike rider, a swing seat, women's shoes
    parts = new.split()
    if not _BEHIND.isdisjoint(parts) and tree.child(head, "prep", "acl", "relcl", "conj") is not None:
        return ""
    bare = token.tag == "NN" and not tree.determiner(head)
    if parts[0] in _FIRST and (bare or tree.child(head, "amod") is not None):
        return ""
    return _plural_phrase(new) if token.tag == "NNS" else new


def _plural_phrase(new: str) -> str:
    """person on skis -> people on skis, small child -> small children."""
    parts = new.split()
    head = next((i for i, word in enumerate(parts) if i and word in _BEHIND), len(parts)) - 1
    parts[head] = plural_of(parts[head])
    return " ".join(parts)


_BEHIND = words("on in of with made")
#: Adjectives before which no other stands.
_FIRST = words("young small large baby male female very bare former newly")


def _behind(tree: Tree, place: int, end: int, old: tuple[str, ...], new: str) -> str:
    """a wooden bench -> a bench made of wood; where nothing else describes it."""
    head = end - 1
    if tuple(tree.words[place:head]) != old or tree.tag(head) not in ("NN", "NNS") or tree[head - 1].head != head:
        return ""
    goes_on = tree.is_noun(end) or tree.tag(end) in ("VBG", "VBN") or tree.lower(end) in _GO_ON
    before = tree.lower(tree.noun_start(head) - 1)
    if goes_on or tree.lower(place - 1) in ("and", "or", ",") or before == new.split()[0]:
        return ""  # with arms with tattoos
    further = tree.child(head, "acl", "relcl", "conj", "appos") is not None
    return "" if further or tree.child(head - 1, "advmod", "conj") is not None else f"{tree.words[head]} {new}"


#: What would be said of the wood, or of nothing: a wooden box of pens, a wooden bench and a lamp.
_OWNERS = words("'s ’s ' ’")
_GO_ON = _OWNERS | words("with of in for and or - full made that which who as like")


def _adjective(tree: Tree, place: int, end: int, old: tuple[str, ...], new: str) -> str:
    if tuple(tree.words[place:end]) != old or tree[end - 1].label not in ("amod", "acomp"):
        return ""
    if tree[end - 1].label == "amod" and tree.lower(end) in ("-", "|", "birthday", ""):
        return ""  # men's jacket - black - large; happy birthday
    if any(i < place or tree[i].label == "conj" for i in tree.children(end - 1, "advmod", "conj")):
        return ""
    several = not {old[0], new.split()[0]}.isdisjoint(_QUANTITIES) or new == "a number of"
    return new if not several or _is_counted(tree, place, end) else ""


#: What a verb would have to agree with in another way: several people are, a group of people is.
_QUANTITIES = words("several many numerous multiple two three lots various")


def _is_counted(tree: Tree, place: int, end: int) -> bool:
    """Whether things are counted that no verb agrees with: "with several dogs", not "several dogs are"."""
    noun = next((i for i in range(end - 1, len(tree)) if tree.is_noun(i) and not tree.is_noun(i + 1)), None)
    before = tree.tag(place - 1)
    governed = before == "IN" or (before in ("VBG", "VBZ", "VBP") and tree[place - 1].lemma != "be")
    return noun is not None and tree.tag(noun) == "NNS" and tree.noun_start(noun) <= end and governed


def _verb(tree: Tree, place: int, end: int, old: tuple[str, ...], new: str, has_object: bool = True) -> str:
    token = tree[place]
    if not tree.is_verb(place) or token.lemma != old[0] or token.label in ("aux", "amod", "compound"):
        return ""
    if token.tag == "VBN" or tuple(tree.words[place + 1 : end]) != old[1:]:
        return ""
    if tree.is_noun(end - 1) and tree.is_noun(end):
        return ""
    if len(old) > 1 and tree.is_noun(end - 1) and tree.child(end - 1, "acl", "relcl", "prep") is not None:
        return ""  # plays drums made from buckets
    if len(old) == 1 and (tree.child(place, "prt") or (tree.child(place, "dobj") is not None) != has_object):
        return ""
    first, _, rest = new.partition(" ")
    if first == "be" and token.tag == "VBD":
        return ""  # was or were
    if first == "be" and token.tag == "VBG":
        return rest if token.label == "acl" or tree.lower(place - 1) in ("is", "are") else ""
    return f"{inflect(first, token.tag)} {rest}".strip()


def _verb_alone(tree: Tree, place: int, end: int, old: tuple[str, ...], new: str) -> str:
    return _verb(tree, place, end, old, new, has_object=False)


def _verb_of_beings(tree: Tree, place: int, end: int, old: tuple[str, ...], new: str) -> str:
    subject = tree.subject(place)
    doer = tree[place].head if subject is None else subject
    return _verb(tree, place, end, old, new) if is_being(tree, doer) else ""


#: A preposition is one where such a word is behind it.
_GOVERNED = ("DT", "PRP$", "CD", "NN", "NNS", "JJ", "NNP")
_PREPOSITIONS = words("to of near beside alongside underneath beneath atop toward towards outside")


def _adverb(tree: Tree, place: int, end: int, old: tuple[str, ...], new: str) -> str:
    if tuple(tree.words[place:end]) != old or tree.tag(end) in _GOVERNED or tree.lower(end) in ("of", "to"):
        return ""
    return new if tree[place].label in ("advmod", "prt", "prep", "npadvmod") else ""


def _phrase(tree: Tree, place: int, end: int, old: tuple[str, ...], new: str) -> str:
    if tuple(tree.words[place:end]) != old or (tree.is_noun(end - 1) and tree.is_noun(end)):
        return ""
    if not {old[0], new.split()[0]}.isdisjoint(_QUANTITIES) and not _is_counted(tree, place, end):
        return ""
    if "pair" in (old[1:2] or new.split()[1:2]) and tree.lower(end) in PLURAL_ONLY | _WORN_IN_PAIRS:
        return ""
    if old[-1] in _PREPOSITIONS and tree.tag(end) not in _GOVERNED:
        return ""
    if "with" in new.split() and tree.lower(end) == "with":
        return ""
    if new in ("as", "while", "whilst") and (
        tree[place].label != "mark" or not any(t.label == "nsubj" for t in tree.tokens[end:])
    ):
        return ""
    return new if old[0] not in ("within", "inside", "outside") or tree[place].label == "prep" else ""


_WORN_IN_PAIRS = listed("worn in pairs")

_OF_KIND: dict[str, Callable[[Tree, int, int, tuple[str, ...], str], str]] = {
    "N": _noun, "J": _adjective, "V": _verb, "I": _verb_alone, "B": _verb_of_beings, "R": _adverb, "P": _phrase,
    "T": _phrase, "M": _behind,
}  # fmt: skip
