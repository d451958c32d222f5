"""Small changes of phrases: in a hat -> wearing a hat; black and white -> white and black."""

from collections.abc import Callable, Iterator

from semclip.english import lexicon
from semclip.english.inflection import words
from semclip.english.paraphrase import grammar as g
from semclip.english.paraphrase import verbs
from semclip.english.paraphrase.conditions import Tokens, at, clothes_end, dressed_in, ends_a_phrase
from semclip.english.paraphrase.joined import joined_swapped
from semclip.english.paraphrase.swap import Swap


def phrases(tokens: Tokens, family: str) -> Iterator[Swap]:
    """Every small change that may be made in these tokens."""
    for i, word in enumerate(tokens):
        rule = _RULES.get(word)
        if rule is not None:
            yield from rule(tokens, i, family)
        elif word in verbs.ING:
            yield from _doing(tokens, i, family)


def _in_clothes(tokens: Tokens, i: int, family: str) -> Iterator[Swap]:
    """a man in a coat -> a man wearing a coat, who is wearing a coat."""
    before = at(tokens, i - 1)
    end = clothes_end(tokens, i + 1)
    if g.is_being(before) and end:
        plain = family == "A" or not dressed_in(tokens, i + 1)
        yield Swap(i, i + 1, ("wearing",) if plain else ("dressed", "in"), "wearing")
        if _takes_a_relative(tokens, i, i):
            yield Swap(i, i + 1, ("who", _be(before), "wearing"), "wearing+relative")
        else:
            yield Swap(i, i + 1, ("wearing",), "wearing")


def _wearing(tokens: Tokens, i: int, family: str) -> Iterator[Swap]:
    """a man wearing a coat -> a man in a coat, who is wearing a coat."""
    start = i + 1 if tokens[i] == "wearing" else i + 2
    end = clothes_end(tokens, start)
    if not g.is_being(at(tokens, i - 1)) or (tokens[i] == "dressed" and at(tokens, i + 1) != "in"):
        return
    if end and tokens[end - 1] not in g.HEADWEAR:
        yield Swap(i, start, ("in",), "in")
    if _takes_a_relative(tokens, i, i + 1):
        yield Swap(i, i, ("who", _be(tokens[i - 1])), "relative")


def _doing(tokens: Tokens, i: int, family: str) -> Iterator[Swap]:
    """a man throwing a ball -> a man who is throwing a ball."""
    seen = not _SEEING.isdisjoint(tokens[max(0, i - 4) : i])
    # "a man in a crowd of people waving": he waves, perhaps.
    alone = not any(g.is_being(word) for word in tokens[: max(0, i - 3)] + tokens[i:])
    if i > 1 and alone and not seen and _takes_a_relative(tokens, i, i + 1):
        yield Swap(i, i, ("who", _be(tokens[i - 1])), "relative")


def _takes_a_relative(tokens: Tokens, i: int, behind: int) -> bool:
    """Whether "who is" may stand at i: behind one indefinite person, and before the last participle.

    "The man who is" would choose among men; behind "a man and a woman" it is unclear of whom it speaks.
    """
    shortly_before = tokens[max(0, i - 5) : i]
    if not _is_person(at(tokens, i - 1)) or "and" in shortly_before or not _DEFINITE.isdisjoint(shortly_before):
        return False
    if not g.is_plural(tokens[i - 1]) and "of" in tokens[max(0, i - 3) : i - 1]:
        return False  # a group of woman
    window = range(behind, min(behind + 14, len(tokens)))
    return not any(tokens[k] in verbs.ING and tokens[k - 1] not in ("and", "while", "of") for k in window)


_SEEING = words("see sees watch watches watching")
_DEFINITE = words("the this that these those")


def _is_person(word: str) -> bool:
    return g.is_being(word) and not g.is_animal(word) and word not in _NOBODY


_NOBODY = words("group crowd team band pair female male")


def _be(noun: str) -> str:
    return "are" if g.is_plural(noun) else "is"


def _with(tokens: Tokens, i: int, family: str) -> Iterator[Swap]:
    """a girl with red hair -> a girl who has red hair; a dog with a stick in its mouth -> holding a stick."""
    before = at(tokens, i - 1)
    if _is_person(before):
        if _is_hair(tokens, i + 1) and _takes_a_relative(tokens, i, i + 1):
            yield Swap(i, i + 1, ("who", "have" if g.is_plural(before) else "has"), "relative")
    elif g.is_being(before) and at(tokens, i + 1) in ("a", "an") and "in" in tokens[i + 3 : i + 6]:
        place = tokens.index("in", i + 3)
        if at(tokens, place + 1) in g.POSSESSIVES and at(tokens, place + 2) in ("mouth", "mouths"):
            yield Swap(i, i + 1, ("holding",) if family == "A" else ("carrying",), "holding")


def _has(tokens: Tokens, i: int, family: str) -> Iterator[Swap]:
    """a dog has a stick in its mouth -> is holding a stick in its mouth."""
    if at(tokens, i + 1) not in ("a", "an", "something") or "in" not in tokens[i + 2 : i + 8]:
        return
    place = tokens.index("in", i + 2)
    if at(tokens, place + 1) in g.POSSESSIVES and at(tokens, place + 2) in ("mouth", "mouths", "hand", "hands"):
        be = "is" if tokens[i] == "has" else "are"
        yield Swap(i, i + 1, (be, "holding" if family == "A" else "carrying"), "holding")


def _is_hair(tokens: Tokens, i: int) -> bool:
    j = i
    while at(tokens, j) in lexicon.ADJECTIVES:
        j += 1
    return j > i and at(tokens, j) in ("hair", "beard", "mohawk", "ponytail")


def _material(tokens: Tokens, i: int, family: str) -> Iterator[Swap]:
    """a wooden bench -> a bench made of wood."""
    if at(tokens, i + 1) in _MADE and ends_a_phrase(tokens, i, i + 2):
        yield Swap(i, i + 2, (tokens[i + 1], "made", "of", _MATERIALS[tokens[i]]), "attribute behind")


_MATERIALS = {
    "brick": "brick",
    "stone": "stone",
    "metal": "metal",
    "plastic": "plastic",
    "concrete": "concrete",
}
_MADE = words(
    """bench fence table bridge chair deck dock wall walls house structure pole railing gate door box benches chairs
    ramp steps stairs platform tables floor ladder boat statue bowl barrel cabin shed swing"""
)


def _owned(tokens: Tokens, i: int, family: str) -> Iterator[Swap]:
    """the dog 's head -> the head of the dog."""
    if i < 2 or tokens[i - 2] not in ("a", "an", "the", "another") or not g.is_noun(tokens[i - 1]):
        return
    item, following = at(tokens, i + 1), at(tokens, i + 2)
    if item in _PARTS and (following in ("", ",", "and", "while", "as") or following in g.PREPOSITIONS - {"of"}):
        yield Swap(i - 2, i + 2, ("the", item, "of", *tokens[i - 2 : i]), "possessive")


_PARTS = words(
    """edge head face back hand hands shoulders lap side mouth surface leg legs neck tail nose ear ears arms arm hair
    owner owners chest body foot feet"""
)


def _tail_verb(tokens: Tokens, i: int, family: str) -> Iterator[Swap]:
    """as another dog watches -> as another dog is watching."""
    if at(tokens, i + 1) not in g.DETERMINERS - g.POSSESSIVES:
        return
    start = i + 2 if tokens[i + 1] == "another" else i + 3
    for j in range(start, min(i + 6, len(tokens))):
        verb, subject = g.third(tokens[j]), tokens[j - 1]
        if verb and verb not in verbs.STATIVE:
            if g.is_noun(subject) and not g.is_plural(subject) and not g.is_noun(tokens[j]):
                yield Swap(j, j + 1, ("is", verbs.ING_OF[verb]), "progressive")
            return


def _is_doing(tokens: Tokens, i: int, family: str) -> Iterator[Swap]:
    """is running -> runs, where no further participle is joined to it."""
    verb = verbs.ING.get(at(tokens, i + 1), "be")
    joined = any(tokens[k] in ("and", ",", "or") and at(tokens, k + 1) in verbs.ING for k in range(i, len(tokens)))
    if verb == "be" or joined or tokens[i + 1 : i + 3] == ["going", "to"] or at(tokens, i - 1) in _NO_SUBJECT:
        return
    yield Swap(i, i + 2, (verbs.finite(verb, tokens[i] == "are"),), "simple")


_NO_SUBJECT = words("there this that it what here and ,") | {""}


_RULES: dict[str, Callable[[Tokens, int, str], Iterator[Swap]]] = {
    "in": _in_clothes,
    "wearing": _wearing,
    "dressed": _wearing,
    "with": _with,
    "has": _has,
    "have": _has,
    "'s": _owned,
    "and": joined_swapped,
    "is": _is_doing,
    "are": _is_doing,
    **dict.fromkeys(_MATERIALS, _material),
    **dict.fromkeys(("while", "whilst", "as"), _tail_verb),
}
