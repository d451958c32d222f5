"""The product of a few vectors with millions of stored rows: exact in float32, as fast as the rows can be read."""

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

#: Rows widened to float32 at a time: 1 MB at 512 dimensions, which stays in a core's own cache.
_ROWS = 512
#: Below this many rows, threads take longer to wake than the product.
_FEW = 8_192


def product(vectors: np.ndarray, rows: np.ndarray, threads: int) -> np.ndarray:
    """vectors (Q, D), rows (N, D) float16, writable or mapped with mode `c` -> (Q, N) float32, summed in float32.

    Each thread widens a piece of the rows and multiplies it while it is in the cache: the float16 bytes are read once,
    however many vectors there are, and no float32 copy of all rows exists.
    """
    import torch  # here, since an index is opened faster than torch is imported

    wanted = torch.from_numpy(np.ascontiguousarray(vectors, np.float32))
    given = torch.from_numpy(rows)
    result = torch.empty(len(wanted), len(given))
    if len(given) <= _FEW or threads == 1:
        _piece(wanted, given, result, 0, len(given))
        return result.numpy()
    in_threads(lambda start, stop: _piece(wanted, given, result, start, stop), len(given), threads)
    return result.numpy()


def small(vectors: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """(Q, D), a few thousand rows (N, D) float32 -> (Q, N) float32, in this thread alone.

    Waking another one takes as long as the product, and many times as long where processors are busy with other work.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return (torch.from_numpy(np.ascontiguousarray(vectors, np.float32)) @ torch.from_numpy(rows).T).numpy()
    finally:
        torch.set_num_threads(before)


def exact(vectors: np.ndarray, rows: np.ndarray, places: np.ndarray) -> np.ndarray:
    """(Q, D), rows (N, D), places (K,) -> (Q, K) float64, summed row by row: equal rows have equal products."""
    wanted, found = np.asarray(vectors, np.float64), np.empty((len(vectors), len(places)))
    for at in range(0, len(places), _ROWS):
        wide = rows[places[at : at + _ROWS]].astype(np.float64)
        for vector, result in zip(wanted, found, strict=True):
            result[at : at + _ROWS] = (wide * vector).sum(axis=1)
    return found


def in_threads(piece: Callable[[int, int], None], count: int, threads: int) -> None:
    """Call piece(start, stop) for pieces of `count` rows, each in one thread of torch."""
    import torch

    # More pieces than threads, so that one that starts late does not keep the others waiting.
    edges = [int(edge) for edge in np.linspace(0, count, 4 * threads + 1)]
    before = torch.get_num_threads()
    with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        list(pool.map(lambda pair: piece(*pair), itertools.pairwise(edges)))
    torch.set_num_threads(before)  # parts of that setting hold for the whole process


def _piece(vectors: "Tensor", rows: "Tensor", result: "Tensor", start: int, stop: int) -> None:
    import torch

    wide = torch.empty(_ROWS, rows.shape[1])
    for at in range(start, stop, _ROWS):
        part = rows[at : min(at + _ROWS, stop)]
        held = wide[: len(part)]
        held.copy_(part)
        result[:, at : at + len(part)] = vectors @ held.T
