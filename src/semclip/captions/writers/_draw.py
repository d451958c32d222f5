"""Draws that depend on names only, so that no text depends on the order in which texts are written."""

import hashlib
import itertools
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")

#: What the draws for one caption depend on: seed, example, index of the caption, attempt.
Key = tuple[str | int, ...]


class Draw:
    """Numbers from BLAKE2b in counter mode: the same on every machine. Seeding a generator takes ten times as long."""

    def __init__(self, *parts: str | int) -> None:
        #: The next number in [0, 1).
        self.unit = _units("\x1f".join(map(str, parts))).__next__

    def one(self, items: Sequence[T]) -> T:
        return items[int(self.unit() * len(items))]

    def weighted(self, weights: Mapping[T, float]) -> T:
        """A key, as often as its weight says."""
        target = self.unit() * sum(weights.values())
        for key, weight in weights.items():
            target -= weight
            if target < 0:
                return key
        return key


def _units(name: str) -> Iterator[float]:
    """Eight numbers of each hash."""
    for block in itertools.count():
        for number in struct.unpack(">8Q", hashlib.blake2b(f"{name}\x1f{block}".encode()).digest()):
            yield number / 2**64
