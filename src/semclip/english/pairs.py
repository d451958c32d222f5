"""Which words may replace each other, or be set against each other; which of these pairs only tests use."""

import functools
import hashlib
from collections.abc import Iterator, Set
from typing import NamedTuple

from semclip.english import lexicon
from semclip.english.inflection import words
from semclip.english.words.load import lines_of


class Entry(NamedTuple):
    """others: what may take a word's place. needed, forbidden: governors of which one must, or none may, stand there.

    absurd_with: lemmas that make it far-fetched in a caption that holds one. far: few would expect it there.
    """

    others: list[str]
    needed: frozenset[str]
    forbidden: frozenset[str]
    absurd_with: frozenset[str] = frozenset()
    far: bool = False


def _table(name: str, alike: bool) -> dict[str, list[Entry]]:
    """The entries of each word. alike: whether all words of a line may replace each other, not the first alone."""
    found: dict[str, list[Entry]] = {}
    for line in lines_of(name):
        far = line.startswith("? ")
        told, _, absurd = line.removeprefix("? ").partition("|")
        names, _, governors = told.partition(":")
        several, _, rest = names.rpartition(">")
        firsts = several.split() or (rest.split() if alike else rest.split()[:1])
        forbids = governors.strip().startswith("-")
        above, nothing = words(governors) - {"-"}, frozenset[str]()
        for first in firsts:
            others = [word for word in rest.split() if word != first]
            needed, forbidden = (nothing, above) if forbids else (above, nothing)
            entry = Entry(others, needed, forbidden, words(absurd), far)
            found.setdefault(first, []).append(entry)
    return {word: sorted(entries, key=lambda entry: entry.far) for word, entries in found.items()}


REPLACEMENTS = _table("replacements", alike=False)
#: Nouns of which a thing is only one: a doctor is no nurse.
CONTRASTS = _table("contrasts", alike=True)
#: What stands before nouns; the governors are those nouns.
ATTRIBUTES = _table("attributes", alike=True)


def fitting(entries: list[Entry], governors: Set[str], said: Set[str]) -> Iterator[tuple[str, Entry]]:
    """What the entries of a word allow under these governors, in a caption that says all this, and the entry."""
    for entry in entries:
        if entry.needed and entry.needed.isdisjoint(governors):
            continue
        if entry.forbidden.isdisjoint(governors):
            entry = entry if entry.absurd_with.isdisjoint(said) else entry._replace(far=True)
            yield from ((other, entry) for other in entry.others)


@functools.lru_cache(65536)
def family_of_pair(pair: tuple[str, str]) -> str:
    """The family of a pair of swapped words, "A" for training and "B" for tests, by a hash of the pair alone.

    One in three is for tests. Either direction and every form of a word (men/women, lady/man) is the same pair.
    """
    name = " ".join(sorted({lexicon.SAME.get(word, word) for word in pair}))
    return "AAB"[hashlib.blake2b(name.encode(), digest_size=1, key=_KEY).digest()[0] % 3]


#: Deals common words, such as colours and numbers, partners in both families.
_KEY = b"939644"

_CONFUSED = (("bicycle", "motorcycle"), ("car", "truck"), ("skateboard", "scooter"), ("train", "bus"))
#: thing -> the things that somebody else may call it, or that it may call.
TAKEN_FOR: dict[str, set[str]] = {}
for _one, _other in (
    *_CONFUSED,
    *((word, o) for word, rows in REPLACEMENTS.items() for row in rows for o in row.others),
):
    TAKEN_FOR.setdefault(_one, set()).add(_other)
    TAKEN_FOR.setdefault(_other, set()).add(_one)
