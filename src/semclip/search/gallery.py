"""The photos of an index as rankers see them: similarities by blocks, so that a memory-mapped file is never copied."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from semclip.core.errors import UserError
from semclip.core.highest import highest
from semclip.core.query import Leaf

_ROWS = 16_384  # photos multiplied at a time: 32 MB of float32 at 512 dimensions
_SAMPLE = 4_096  # photos that calibration sees where nothing else is said


class ArrayGallery:
    """N photos as unit rows, exact. It keeps to `core.query.Gallery`.

    embeddings: (N, D) float16 or float32 of unit length; may be a memory map. embed: leaf -> (D,), any length.
    sample: the rows that calibration sees; by default 4,096 spread evenly, or all.
    Raises UserError for rows of another shape, no row, a sample outside the rows, and a vector that is zero or not
    finite.
    """

    def __init__(
        self, embeddings: NDArray[np.floating], embed: Callable[[Leaf], ArrayLike], sample: ArrayLike | None = None
    ) -> None:
        if embeddings.ndim != 2 or not embeddings.size:
            raise UserError(
                f"a gallery of shape {embeddings.shape}", where="gallery", fix="give (N, D) with at least one photo"
            )
        self._rows, self._embed = embeddings, embed
        count = len(embeddings)
        spread = np.linspace(0, count - 1, min(count, _SAMPLE)).astype(np.int64)
        chosen = spread if sample is None else np.asarray(sample, dtype=np.int64)
        if not chosen.size or chosen.min() < 0 or chosen.max() >= count:
            raise UserError(
                f"a sample outside the {count:,} photos", where="gallery", fix=f"give rows from 0 to {count - 1}"
            )
        self._sample = np.asarray(embeddings[chosen], dtype=np.float32)  # (M, D)

    def __len__(self) -> int:
        return len(self._rows)

    def embed(self, leaf: Leaf) -> NDArray[np.float32]:
        """(D,) of unit length."""
        vector = np.asarray(self._embed(leaf), dtype=np.float64)
        length = float(np.linalg.norm(vector))
        if vector.shape != (self._rows.shape[1],) or not np.isfinite(length) or length == 0:
            raise UserError(
                f"the embedding of '{leaf}' has shape {vector.shape} and length {length:.3g}",
                where="gallery",
                fix=f"use the model that indexed the photos: {self._rows.shape[1]} dimensions",
            )
        return (vector / length).astype(np.float32)

    def similarity(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """(Q, D) -> cosines (Q, N); rows are widened a block at a time."""
        queries = np.asarray(vectors, dtype=np.float32)
        found = np.empty((len(queries), len(self._rows)), dtype=np.float32)
        for start in range(0, len(self._rows), _ROWS):
            block = np.asarray(self._rows[start : start + _ROWS], dtype=np.float32)
            found[:, start : start + _ROWS] = queries @ block.T
        return found

    def sampled(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """(Q, D) -> cosines (Q, M) of the sample."""
        return np.asarray(np.asarray(vectors, dtype=np.float32) @ self._sample.T)

    def nearest(self, vectors: NDArray[np.float32], count: int) -> NDArray[np.int64]:
        """(Q, D) -> (Q, count) places of the highest cosines, ascending."""
        return np.stack([highest(row, count) for row in self.similarity(vectors)])

    def rows(self, places: NDArray[np.int64]) -> NDArray[np.float32]:
        """(K,) places -> (K, D) rows of those photos."""
        return np.asarray(self._rows[places], dtype=np.float32)

    @property
    def centre(self) -> NDArray[np.float32]:
        """(D,) mean row of the sample."""
        return np.asarray(self._sample.mean(axis=0), dtype=np.float32)
