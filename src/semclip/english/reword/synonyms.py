"""Other words for the same: what may take the place of which words of a tree."""

import functools
from collections.abc import Callable, Iterator
from typing import NamedTuple

from semclip.core.seeds import derive_seed
from semclip.english.inflection import PLURAL_ONLY, inflect, plural_of, words
from semclip.english.parse.clause import is_being
from semclip.english.parse.tree import Tree
from semclip.english.siblings import Siblings
from semclip.english.words.load import listed, rows_of


class Swap(NamedTuple):
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
    titled, said = any(tree.style), [(word, token.lemma) for word, token in zip(tree.words, tree, strict=True)]
    for place, (forms, following) in enumerate(zip(said, [*said[1:], ("", "")], strict=True)):
        for pair in _beginning(family, forms, following):
            end = place + len(pair.old) + (pair.kind == "M")
            if (titled and pair.kind != "T") or not _stands(tree, place, pair):
                continue  # what is written Like This may be a name
            if not titled and any(token.text[:1].isupper() for token in tree[max(place, 1) : end]):
                continue  # Our Lady of Sorrows
            new = _OF_KIND[pair.kind](tree, place, end, pair)
            if not new or not pair.suits(tree, place, end) or (pair.new.endswith(" of") and tree.lower(end) == "of"):
                continue
            fresh = set(pair.new.split()) - set(pair.old) - _SMALL
            if siblings.lemmas.isdisjoint(_CONTRADICTED.get(pair.new, ())) and tree.lemmas.isdisjoint(fresh):
                yield Swap(place, end, new, verb=pair.new if _INFLECTED.get(pair.kind) == 0 else "")


@functools.lru_cache(16384)
def _beginning(family: str, forms: tuple[str, str], following: tuple[str, str]) -> tuple[Pair, ...]:
    """The pairs that a word may begin, by its lemma or as written, with another one behind it."""
    pairs = (pair for form in dict.fromkeys(reversed(forms)) for pair in PAIRS[family].get(form, ()))
    return tuple(pair for pair in pairs if len(pair.old) < 2 or pair.old[1] in following)


#: Words that a caption may hold twice.
_SMALL = words("a the of to in on with by at up as over through from for it off into be")
#: Kinds of which the first word has any form, or the last one.
_INFLECTED = {"V": 0, "I": 0, "B": 0, "N": -1}


def _stands(tree: Tree, place: int, pair: Pair) -> bool:
    """Whether the words of a pair stand there: a verb's first and a noun's last in any form."""
    said = tree.words[place : place + len(pair.old)]
    if pair.kind in _INFLECTED and len(said) == len(pair.old):
        at = _INFLECTED[pair.kind]
        said[at] = tree[place + at % len(said)].lemma
    return tuple(said) == pair.old


def _noun(tree: Tree, place: int, end: int, pair: Pair) -> str:
    head, parts = end - 1, pair.new.split()
    token = tree[head]
    if token.tag not in ("NN", "NNS") or tree.is_noun(end) or tree.lower(end) in _OWNERS:
        return ""  # a bike rider, women's shoes
    if any(i < place for i in tree.children(head, "compound", "nmod")):
        return ""  # a dirt bike
    if not _BEHIND.isdisjoint(parts) and tree.child(head, "prep", "acl", "relcl", "conj") is not None:
        return ""
    bare = token.tag == "NN" and not tree.determiner(head)
    if parts[0] in _FIRST and (bare or tree.child(head, "amod") is not None):
        return ""
    if token.tag == "NNS":  # person on skis -> people on skis, small child -> small children
        named = next((i for i, word in enumerate(parts) if i and word in _BEHIND), len(parts)) - 1
        parts[named] = plural_of(parts[named])
    return " ".join(parts)


_BEHIND = words("on in of with made")
#: Adjectives before which no other stands.
_FIRST = words("young small large baby male female very bare former newly")


def _behind(tree: Tree, place: int, end: int, pair: Pair) -> str:
    """a wooden bench -> a bench made of wood; where nothing else describes it."""
    head = end - 1
    several = tree.tag(head) == "NNS" and " a " in pair.new  # men with a beard
    if several or tree.tag(head) not in ("NN", "NNS") or tree[head - 1].head != head:
        return ""
    if tree.is_noun(end) or tree.tag(end) in ("VBG", "VBN") or tree.lower(end) in _GO_ON:
        return ""
    before = tree.lower(tree.noun_start(head) - 1)
    if tree.lower(place - 1) in ("and", "or", ",") or before == pair.new.split()[0]:
        return ""  # with arms with tattoos
    further = tree.child(head, "acl", "relcl", "conj", "appos") is not None
    return "" if further else f"{tree.words[head]} {pair.new}"


#: What would be said of the wood, or of nothing: a wooden box of pens, a wooden bench and a lamp.
_OWNERS = words("'s ’s ' ’")
_GO_ON = _OWNERS | words("with of in for and or - full made that which who as like")


def _adjective(tree: Tree, place: int, end: int, pair: Pair) -> str:
    label = tree[end - 1].label
    if label not in ("amod", "acomp") or (label == "amod" and tree.lower(end) in ("-", "|", "birthday", "")):
        return ""  # men's jacket - black - large; happy birthday
    if any(i < place or tree[i].label == "conj" for i in tree.children(end - 1, "advmod", "conj")):
        return ""
    return pair.new if _is_counted(tree, place, end, pair) else ""


#: What a verb would have to agree with in another way: several people are, a group of people is.
_QUANTITIES = words("several many numerous multiple two three lots various")


def _is_counted(tree: Tree, place: int, end: int, pair: Pair) -> bool:
    """Whether things, if they are counted, are such that no verb agrees with: "with several dogs", not "... are"."""
    if {pair.old[0], pair.new.split()[0]}.isdisjoint(_QUANTITIES) and pair.new != "a number of":
        return True
    noun = next((i for i in range(end - 1, len(tree)) if tree.is_noun(i) and not tree.is_noun(i + 1)), place)
    before = tree.tag(place - 1)
    governed = before == "IN" or (before in ("VBG", "VBZ", "VBP") and tree[place - 1].lemma != "be")
    return governed and tree.tag(noun) == "NNS" and tree.noun_start(noun) <= end


def _verb(tree: Tree, place: int, end: int, pair: Pair) -> str:
    token, taken, subject = tree[place], tree.child(place, "dobj") is not None, tree.subject(place)
    if not tree.is_verb(place) or token.tag == "VBN" or token.label in ("aux", "amod", "compound"):
        return ""
    if pair.kind == "B" and not is_being(tree, token.head if subject is None else subject):
        return ""
    if len(pair.old) == 1 and (tree.child(place, "prt") is not None or taken is (pair.kind == "I")):
        return ""
    further = tree.is_noun(end) or tree.child(end - 1, "acl", "relcl", "prep") is not None
    if end > place + 1 and tree.is_noun(end - 1) and further:
        return ""  # plays drums made from buckets
    first, _, rest = pair.new.partition(" ")
    if first == "be" and token.tag == "VBD":
        return ""  # was or were
    if first == "be" and token.tag == "VBG":
        return rest if token.label == "acl" or tree.lower(place - 1) in ("is", "are") else ""
    return f"{inflect(first, token.tag)} {rest}".strip()


#: A preposition is one where such a word is behind it.
_GOVERNED = ("DT", "PRP$", "CD", "NN", "NNS", "JJ", "NNP")
_PREPOSITIONS = words("to of near beside alongside underneath beneath atop toward towards outside")


def _adverb(tree: Tree, place: int, end: int, pair: Pair) -> str:
    if tree.tag(end) in _GOVERNED or tree.lower(end) in ("of", "to"):
        return ""
    return pair.new if tree[place].label in ("advmod", "prt", "prep", "npadvmod") else ""


def _phrase(tree: Tree, place: int, end: int, pair: Pair) -> str:
    old, new = pair.old, pair.new.split()
    if (tree.is_noun(end - 1) and tree.is_noun(end)) or not _is_counted(tree, place, end, pair):
        return ""
    if "pair" in (old[1:2] or new[1:2]) and tree.lower(end) in _WORN_IN_PAIRS:
        return ""
    if (old[-1] in _PREPOSITIONS and tree.tag(end) not in _GOVERNED) or ("with" in new and tree.lower(end) == "with"):
        return ""
    clause = tree[place].label == "mark" and any(t.label == "nsubj" for t in tree[end:])
    if pair.new in ("as", "while", "whilst") and not clause:
        return ""
    return pair.new if old[0] not in ("within", "inside", "outside") or tree[place].label == "prep" else ""


_WORN_IN_PAIRS = listed("worn in pairs") | PLURAL_ONLY

_OF_KIND: dict[str, Callable[[Tree, int, int, Pair], str]] = {
    "N": _noun, "J": _adjective, "V": _verb, "I": _verb, "B": _verb, "R": _adverb, "P": _phrase,
    "T": _phrase, "M": _behind,
}  # fmt: skip
