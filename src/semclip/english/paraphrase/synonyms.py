"""Other words for the same: synonyms that hold in captions, each under its conditions."""

from collections.abc import Iterator

from semclip.core.seeds import derive_seed
from semclip.english.inflection import plural_of, words
from semclip.english.paraphrase import verbs
from semclip.english.paraphrase.conditions import Condition, Tokens
from semclip.english.paraphrase.swap import Swap
from semclip.english.paraphrase.synonym_table import BOTH_WAYS, ONE_WAY


def family_of(one: str, other: str) -> str:
    """The family that a pair belongs to, in either direction and in any form: B is for test only.

    What both share does not count: little girl/small girl is the pair little/small.
    """
    return "AB"[derive_seed("synonym", *sorted((_own(one, other), _own(other, one)))) % 2]


def _own(phrase: str, other: str) -> str:
    shared = other.split()
    found = [word for word in phrase.split() if word not in shared]
    return " ".join(verbs.ING.get(word) or verbs.THIRD.get(word) or word for word in found)


_Row = tuple[tuple[str, ...], tuple[str, ...], Condition]


def _index(family: str) -> dict[str, list[_Row]]:
    index: dict[str, list[_Row]] = {}
    rows = [*BOTH_WAYS, *((k, other, one, c) for k, one, other, c in BOTH_WAYS), *ONE_WAY]
    for kind, old, new, condition in rows:
        if family != family_of(old, new):
            continue
        for one, other in _forms(kind, old, new):
            tokens = tuple(one.split())
            index.setdefault(tokens[0], []).append((tokens, tuple(other.split()), condition))
    return index


def _forms(kind: str, old: str, new: str) -> Iterator[tuple[str, str]]:
    yield old, new
    if kind == "N":
        yield plural_of(old), " ".join([*new.split()[:-1], plural_of(new.split()[-1])])
    if kind == "V":
        yield verbs.ING_OF[old], verbs.ING_OF[new]
        yield verbs.THIRD_OF[old], verbs.THIRD_OF[new]


_SYNONYMS = {family: _index(family) for family in ("A", "B")}


#: A bike is no bicycle where any caption of the picture says one of these.
_CONTRADICTED = {
    form: words("motorcycle motorcycles motorbike motorbikes motocross motor dirt bmx motorcyclist motorcyclists quad")
    for form in ("bicycle", "bicycles")
}


def synonyms(tokens: Tokens, family: str, said: frozenset[str]) -> Iterator[Swap]:
    """Every swap of the family that may be made in these tokens; said: words of all captions of the picture."""
    index = _SYNONYMS[family]
    for i, word in enumerate(tokens):
        for old, new, condition in index.get(word, ()):
            end = i + len(old)
            if (len(old) == 1 or tuple(tokens[i:end]) == old) and condition(tokens, i, end):
                if len(new) == 1 and not said.isdisjoint(_CONTRADICTED.get(new[0], ())):
                    continue
                yield Swap(i, end, new, "synonym")
