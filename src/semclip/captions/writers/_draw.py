"""Draws that depend on names only, so that no text depends on the order in which texts are written."""

import functools
import hashlib
import itertools
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")
_INTEGERS = struct.Struct(">8Q").unpack

#: What the draws for one caption depend on: seed, example, index of the caption, attempt.
Key = tuple[str | int, ...]


class Draw:
    """Numbers from BLAKE2b in counter mode: the same on every machine. Seeding a generator takes ten times as long."""

    def __init__(self, *parts: str | int) -> None:
        blocks = map(_numbers, itertools.repeat("\x1f".join(map(str, parts))), itertools.count())
        #: The next number in [0, 1).
        self.unit: Callable[[], float] = itertools.chain.from_iterable(blocks).__next__

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


@functools.lru_cache(64)  # a caption's negation and absence are drawn by the same numbers
def _numbers(name: str, block: int) -> list[float]:
    return [number / 2**64 for number in _INTEGERS(hashlib.blake2b(f"{name}\x1f{block}".encode()).digest())]
