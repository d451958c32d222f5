"""Small galleries whose similarities are known."""

import zlib

import numpy as np

from semclip.core.query import Leaf
from semclip.search.gallery import ArrayGallery


def words_as_vectors(leaf: Leaf) -> np.ndarray:
    """Any text or picture as a direction of its own: random, but the same whenever it is asked."""
    return np.random.default_rng(zlib.crc32(str(leaf).encode())).normal(size=8)


def random_gallery(count: int, seed: int = 0) -> ArrayGallery:
    rows = np.random.default_rng(seed).normal(size=(count, 8))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return ArrayGallery(rows.astype(np.float32), words_as_vectors)


def concept_gallery() -> tuple[ArrayGallery, np.ndarray]:
    """Photos that show dogs, cars, both or neither, with a little noise; and (N, 2) what they show.

    A text points to the sum of the concepts it names, whatever else it says.
    """
    random = np.random.default_rng(3)
    shows = np.array([(a, b) for a in (0, 1) for b in (0, 1) for _ in range(50)])
    rows = np.zeros((len(shows), 8))
    rows[:, :2], rows[:, 2] = shows, 1.0
    rows += 0.15 * random.normal(size=rows.shape)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)

    def embed(leaf: Leaf) -> np.ndarray:
        vector = np.zeros(8)
        vector[:3] = "dog" in str(leaf), "car" in str(leaf), 0.2
        return vector

    return ArrayGallery(rows.astype(np.float32), embed), shows
