"""Encoded photos as rankers see them, and a dry run that finds which texts rankers will ask for."""

from collections.abc import Iterable, Sequence

import numpy as np

from semclip.core.errors import UserError
from semclip.core.example import ImageRef
from semclip.core.highest import highest
from semclip.core.query import Leaf, Query, Ranker, Text
from semclip.evaluation.encodings import Encodings

_ROWS = 4096  # photos multiplied at a time
_SAMPLE = 4096  # photos that calibration sees
_KEPT = 64  # rows of similarities: several rankers ask for the same parts of a query


class EncodedPhotos:
    """Photos of a benchmark, in float64. It keeps to `core.query.Gallery`. asked: the texts embedded so far.

    Cosines are summed photo by photo: a matrix product may sum two equal rows in different orders and break a tie.
    """

    def __init__(self, encodings: Encodings, images: Sequence[ImageRef]) -> None:
        self.asked: set[str] = set()
        self._encodings = encodings
        self._rows = encodings.image(images)  # (N, D)
        self._sample = np.linspace(0, len(images) - 1, min(len(images), _SAMPLE)).astype(np.int64)
        self._known: dict[bytes, np.ndarray] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def embed(self, leaf: Leaf) -> np.ndarray:
        self.asked.add(_words(leaf))
        return self._encodings.text([_words(leaf)])[0]

    def similarity(self, vectors: np.ndarray) -> np.ndarray:
        return np.stack([self._scores(np.asarray(vector, dtype=np.float64)) for vector in vectors])

    def sampled(self, vectors: np.ndarray) -> np.ndarray:
        return self.similarity(vectors)[:, self._sample]

    def nearest(self, vectors: np.ndarray, count: int) -> np.ndarray:
        return np.stack([highest(row, count) for row in self.similarity(vectors)])

    def rows(self, places: np.ndarray) -> np.ndarray:
        return np.asarray(self._rows[places])

    @property
    def centre(self) -> np.ndarray:
        return np.asarray(self._rows[self._sample].mean(axis=0))

    def _scores(self, vector: np.ndarray) -> np.ndarray:
        key = vector.tobytes()
        if key not in self._known:
            if len(self._known) >= _KEPT:
                self._known.clear()
            blocks = (self._rows[start : start + _ROWS] for start in range(0, len(self._rows), _ROWS))
            self._known[key] = np.concatenate([(block * vector).sum(axis=1) for block in blocks])
        return self._known[key]


class _Listening:
    """Two photos, and a list of the texts that a ranker asks for."""

    def __init__(self) -> None:
        self.asked: dict[str, None] = {}

    def __len__(self) -> int:
        return 2

    def embed(self, leaf: Leaf) -> np.ndarray:
        self.asked[_words(leaf)] = None
        return np.array([1.0, 0.0], dtype=np.float32)

    def similarity(self, vectors: np.ndarray) -> np.ndarray:
        return np.asarray(vectors @ np.eye(2, dtype=np.float32))

    sampled = similarity

    def nearest(self, vectors: np.ndarray, count: int) -> np.ndarray:
        return np.zeros((len(vectors), count), np.int64)

    def rows(self, places: np.ndarray) -> np.ndarray:
        return np.eye(2, dtype=np.float32)[places]

    @property
    def centre(self) -> np.ndarray:
        return np.full(2, 0.5, dtype=np.float32)


def texts_asked_for(rankers: Iterable[Ranker], queries: Sequence[Sequence[Query]]) -> list[str]:
    """Every text that the rankers embed; what they ask for may not depend on similarities.

    queries: each in all its wordings; the others are asked only of rankers that read the first one's sentence.
    """
    every: dict[str, None] = {}
    for ranker in rankers:
        for wordings in queries:
            for query in wordings:
                listening = _Listening()
                ranker.rank(query, listening)
                every |= listening.asked
                if query.text not in listening.asked:
                    break
    return list(every)


def _words(leaf: Leaf) -> str:
    if not isinstance(leaf, Text):
        raise UserError(f"a ranker asked for the image '{leaf}'", where="benchmark 'exclusion'", fix="ask for texts")
    return leaf.text
