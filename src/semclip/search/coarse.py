"""Products with all photos, a little wrong and by how much at most: they find the few that are looked at closely.

    row = scale * codes + e,  |e| <= error        vector = t_1 q_1 + t_2 q_2 + r        codes, q: int8
    |<row, vector> - scale * (t_1 <codes, q_1> + t_2 <codes, q_2>)|  <=  |vector| * error + |r| * (1 + error)

The rough way leaves t_2 q_2 in the rest r.

Products of codes are exact in int32. Codes are half of the bytes that have to be read, and processors with AVX-512 VNNI
multiply them as fast as memory gives them; elsewhere, and for few photos, the float16 rows are multiplied in float32.
"""

import contextlib
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from semclip.core.files import write_atomic
from semclip.search.product import in_threads, product

if TYPE_CHECKING:
    from torch import Tensor

#: From this many photos on, codes are made.
CODED = 65_536
#: Rows that are multiplied at a time, and coded at a time.
_BLOCK = 8_192
_TOP = 127
_TINY = 2.0**-100  # what nothing but zeros is scaled by
#: What float32 arithmetic on finished products may add, relative to the length of the vector.
_ROUNDING = 2e-6
#: Relative rounding of one float32 operation.
_FLOAT32 = 2.0**-24


class Coarse(Protocol):
    """vectors (Q, D) float64 -> products (Q, N) float32 and the most that each may be wrong, (Q,).

    rough: in half the time, and up to twice as wrong.
    """

    def products(self, vectors: np.ndarray, threads: int, rough: bool = False) -> tuple[np.ndarray, np.ndarray]: ...


class Halves:
    """The rows themselves: (N, D) float16, products in float32."""

    def __init__(self, rows: np.ndarray) -> None:
        self._rows = rows

    def products(self, vectors: np.ndarray, threads: int, rough: bool = False) -> tuple[np.ndarray, np.ndarray]:
        lengths = np.linalg.norm(vectors, axis=1)
        bound = (self._rows.shape[1] + 8) * _FLOAT32 * 1.01  # rows have unit length but for float16
        return product(vectors.astype(np.float32), self._rows, threads), lengths * bound


class Codes:
    """codes: (N, D) int8. scale: (N,) float32. error: the longest difference between a row and what its code says."""

    def __init__(self, codes: np.ndarray, scale: np.ndarray, error: float) -> None:
        self._codes, self._scale, self._error = codes, scale, error

    def products(self, vectors: np.ndarray, threads: int, rough: bool = False) -> tuple[np.ndarray, np.ndarray]:
        import torch

        asked = [_coded(vector, 1 if rough else 2) for vector in vectors]
        codes, scale = torch.from_numpy(self._codes), torch.from_numpy(self._scale)
        found = torch.empty(len(asked), len(codes))

        def piece(start: int, stop: int) -> None:
            for at in range(start, stop, _BLOCK):
                end = min(at + _BLOCK, stop)
                block, length = codes[at:end].T, scale[at:end]
                for row, (parts, _) in zip(found, asked, strict=True):
                    sums = [torch._int_mm(q, block)[0] * t for q, t in parts]
                    torch.mul(sum(sums[1:], sums[0]), length, out=row[at:end])

        in_threads(piece, len(codes), threads)
        lengths, left = np.linalg.norm(vectors, axis=1), np.array([rest for _, rest in asked])
        return found.numpy(), lengths * (self._error + _ROUNDING) + left * (1.01 + self._error)


def coarse_of(rows: np.ndarray, file: Path) -> Coarse:
    """Of the rows (N, D) float16; what has to be made for it is kept beside `file`. Raises UserError on a full disk."""
    import torch

    if len(rows) < CODED or not torch.cpu._is_vnni_supported():
        return Halves(rows)
    codes, scales = file.with_suffix(".codes.npy"), file.with_suffix(".scales.npz")
    with contextlib.suppress(OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):  # not there, or damaged
        return _read(codes, scales)
    _make(rows, codes, scales)
    return _read(codes, scales)


def _read(codes: Path, scales: Path) -> Codes:
    with np.load(scales) as read:
        return Codes(np.load(codes, mmap_mode="c"), read["scale"], float(read["error"]))


def _make(rows: np.ndarray, codes: Path, scales: Path) -> None:
    scale, errors = np.empty(len(rows), np.float32), [0.0]

    def fill(path: Path) -> None:
        with path.open("wb") as file:
            header = {"descr": "|i1", "fortran_order": False, "shape": rows.shape}
            np.lib.format.write_array_header_2_0(file, header)
            for at in range(0, len(rows), _BLOCK):
                made, scale[at : at + _BLOCK], wrong = code(rows[at : at + _BLOCK])
                errors.append(wrong)
                file.write(made.data)

    def finish(path: Path) -> None:
        with path.open("wb") as file:
            np.savez(file, scale=scale, error=max(errors))

    write_atomic(codes, fill)
    write_atomic(scales, finish)  # last, so that it stands for both


def code(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """(n, D) float16 -> codes (n, D) int8, scale (n,) float32, and the longest error of a row."""
    wide = rows.astype(np.float32)
    scale = np.maximum(np.abs(wide).max(axis=1), np.float32(_TINY)) / np.float32(_TOP)
    codes = np.rint(wide / scale[:, None])
    wrong = np.linalg.norm(wide - codes * scale[:, None], axis=1).max()
    return codes.astype(np.int8), scale, float(wrong) + _ROUNDING


def _coded(vector: np.ndarray, count: int) -> "tuple[list[tuple[Tensor, float]], float]":
    """(D,) -> pairs of codes (1, D) int8 and scale, each of what those before leave; and the length of the rest."""
    import torch

    left, parts = np.asarray(vector, dtype=np.float64), []
    for _ in range(count):
        scale = max(float(np.abs(left).max()), _TINY) / _TOP
        codes = np.rint(left / scale)
        left = left - scale * codes
        parts.append((torch.from_numpy(codes[None].astype(np.int8)), scale))
    return parts, float(np.linalg.norm(left))
