"""Equal numbers in a long list, such as hashes of texts, found in eight bytes for each."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray


def numbers(values: Iterable[int]) -> NDArray[np.int64]:
    """(N,) values of 64 bits, such as those of `hash`."""
    return np.fromiter(values, np.int64)


def firsts(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """(N,) -> (N,) for each value the index of the first that equals it: its own where none comes before."""
    _, first, inverse = np.unique(values, return_index=True, return_inverse=True)
    return first[inverse]


def repeated(values: NDArray[np.int64]) -> list[tuple[int, int]]:
    """(index, index of the first equal value) of every value that comes again."""
    first = firsts(values)
    again = np.flatnonzero(first != np.arange(len(values)))
    return list(zip(again.tolist(), first[again].tolist(), strict=True))
