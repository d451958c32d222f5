"""The gallery over an array: exact products, by blocks, of any float type."""

from pathlib import Path

import numpy as np
import pytest

from semclip.core.errors import UserError
from semclip.core.query import Gallery, Leaf, Text
from semclip.search import gallery as module
from semclip.search.gallery import ArrayGallery


def rows(count: int = 50, dtype: type = np.float32) -> np.ndarray:
    made = np.random.default_rng(0).normal(size=(count, 6))
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(dtype)


def embed(leaf: Leaf) -> np.ndarray:
    return np.arange(1.0, 7.0)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize("block", [1, 7, 1000])
def test_cosines_are_those_of_a_plain_product(dtype: type, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ROWS", block)
    table, vectors = rows(dtype=dtype), rows(3)
    gallery: Gallery = ArrayGallery(table, embed, sample=[4, 9])
    expected = vectors.astype(np.float64) @ table.astype(np.float64).T
    assert gallery.similarity(vectors).dtype == np.float32
    np.testing.assert_allclose(gallery.similarity(vectors), expected, atol=1e-6)
    np.testing.assert_allclose(gallery.sampled(vectors), expected[:, [4, 9]], atol=1e-6)
    np.testing.assert_allclose(gallery.centre, table[[4, 9]].astype(np.float64).mean(axis=0), atol=1e-6)
    np.testing.assert_array_equal(gallery.rows(np.array([3, 3, 0])), table[[3, 3, 0]].astype(np.float32))


def test_a_memory_mapped_file_is_read_as_it_is(tmp_path: Path) -> None:
    np.save(tmp_path / "rows.npy", rows(dtype=np.float16))
    mapped = np.load(tmp_path / "rows.npy", mmap_mode="r")
    found = ArrayGallery(mapped, embed).similarity(rows(2))
    assert np.array_equal(found, ArrayGallery(np.array(mapped), embed).similarity(rows(2)))


def test_an_embedding_gets_unit_length() -> None:
    vector = ArrayGallery(rows(), embed).embed(Text("a dog"))
    np.testing.assert_allclose(vector, np.arange(1, 7) / np.sqrt(91), atol=1e-6)
    assert vector.dtype == np.float32


@pytest.mark.parametrize("count", [1, 5000])
def test_the_sample_is_spread_over_the_gallery(count: int) -> None:
    gallery = ArrayGallery(rows(count), embed)
    assert len(gallery) == count
    assert gallery.sampled(rows(1)).shape == (1, min(count, 4096))


@pytest.mark.parametrize("wrong", [np.zeros(6), np.full(6, np.nan), np.ones(5), np.ones((1, 6))])
def test_an_embedding_that_cannot_be_compared_is_an_error(wrong: np.ndarray) -> None:
    with pytest.raises(UserError, match="embedding of 'a dog'"):
        ArrayGallery(rows(), lambda leaf: wrong).embed(Text("a dog"))


def test_no_photos_and_a_sample_outside_are_errors() -> None:
    with pytest.raises(UserError, match="gallery of shape"):
        ArrayGallery(np.zeros((0, 6), np.float32), embed)
    for sample in ([], [50], [-1]):
        with pytest.raises(UserError, match="sample outside the 50 photos"):
            ArrayGallery(rows(), embed, sample=sample)
