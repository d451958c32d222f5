"""Which words may replace each other; which of these pairs training uses, and which only tests do."""

import functools
from collections import Counter
from collections.abc import Iterator
from itertools import combinations

from semclip.english import lexicon
from semclip.english.edits import Change, Scene, tried
from semclip.english.inflection import words
from semclip.english.words.load import lines_of


def _table() -> dict[str, list[tuple[list[str], frozenset[str], frozenset[str]]]]:
    """word -> [(what may replace it, governors of which one is needed, governors that forbid it)]."""
    found: dict[str, list[tuple[list[str], frozenset[str], frozenset[str]]]] = {}
    for line in lines_of("replacements"):
        names, _, governors = line.partition(":")
        several, _, rest = names.rpartition(">")
        firsts, others = (several.split(), rest.split()) if several else (rest.split()[:1], rest.split()[1:])
        needed = words(governors) if not governors.strip().startswith("-") else frozenset[str]()
        forbidden = words(governors) - {"-"} if governors.strip().startswith("-") else frozenset[str]()
        for first in firsts:
            found.setdefault(first, []).append((others, needed, forbidden))
    return found


REPLACEMENTS = _table()

#: Kinds whose pairs of words are dealt to the two families.
_PAIRED = frozenset({"attribute_swapped", "number_swapped", "object_replaced"})


def tried_in_family(kind: str, scene: Scene) -> list[Change]:
    """The changes of a kind whose pair of words belongs to the family of the scene."""
    found = tried(kind, scene)
    return found if kind not in _PAIRED else [c for c in found if family_of_pair(c.pair) == scene.family]


@functools.lru_cache(65536)
def family_of_pair(pair: tuple[str, str]) -> str:
    """The family of a pair of swapped words, "A" for training and "B" for tests.

    Either direction and every form of a word (men/women, lady/man) is the same pair.
    """
    return _FAMILY.get(_canonical(pair), "A")


def _canonical(pair: tuple[str, str]) -> frozenset[str]:
    return frozenset(lexicon.SAME.get(word, word) for word in pair)


def _pairs() -> Iterator[tuple[str, str]]:
    for palette in (lexicon.FUR_COLOURS, lexicon.CLOTH_COLOURS, lexicon.HAIR_COLOURS, lexicon.NUMBERS):
        yield from combinations(palette, 2)
    yield from combinations(lexicon.SPORTS, 2)
    yield from ((word, opposite) for word, (opposite, *_) in lexicon.OPPOSITES.items())
    yield from lexicon.PEOPLE_PAIRS
    yield from ((word, other) for word, entries in REPLACEMENTS.items() for others, *_ in entries for other in others)


def _dealt() -> dict[frozenset[str], str]:
    """Every pair to the family that its two words have fewer pairs in, so that both families change both words."""
    dealt: dict[frozenset[str], str] = {}
    held: Counter[tuple[str, str]] = Counter()
    turn = 0
    for pair in map(_canonical, _pairs()):
        if pair in dealt or len(pair) < 2:
            continue
        lead = {family: sum(held[word, family] for word in pair) for family in "AB"}
        family = min("AB", key=lambda f: (lead[f], (f == "B") ^ (turn % 2)))
        dealt[pair] = family
        turn += 1
        held.update((word, family) for word in pair)
    return dealt


_FAMILY = _dealt()


_CONFUSED = (("bicycle", "motorcycle"), ("car", "truck"), ("skateboard", "scooter"), ("train", "bus"))
#: thing -> the things that somebody else may call it, or that it may call.
TAKEN_FOR: dict[str, set[str]] = {}
for _one, _other in (
    *_CONFUSED,
    *((word, o) for word, rows in REPLACEMENTS.items() for others, *_ in rows for o in others),
):
    TAKEN_FOR.setdefault(_one, set()).add(_other)
    TAKEN_FOR.setdefault(_other, set()).add(_one)
