"""The cache of embeddings: hit by the same content and model, missed by anything else."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from semclip.core.errors import UserError
from semclip.core.example import ImageRef
from semclip.evaluation import Encodings
from semclip.evaluation.embedding_cache import FolderStore, image_keys
from tests.evaluation.own.fakes import FakeEncoder


class _Reader(FakeEncoder):
    """Reads bytes as pixels, and has fingerprints."""

    reads_pixels = True

    def __init__(self, image_print: str = "i", text_print: str = "t") -> None:
        super().__init__(_of, _of)
        self.prints = (image_print, text_print)

    def image_fingerprint(self) -> str:
        return self.prints[0]

    def text_fingerprint(self) -> str:
        return self.prints[1]

    def load_image(self, ref: ImageRef) -> Tensor:
        self.image_calls.append(ref.key)
        assert ref.path is not None
        return torch.from_numpy(_of(f"{ref.path.read_text()} {ref.box}"))


def _of(key: str) -> np.ndarray:
    return np.random.default_rng([*key.encode()]).normal(size=5)


def images(folder: Path) -> list[ImageRef]:
    for name in "abc":
        (folder / name).write_text(name)
    return [ImageRef(name, folder / name) for name in "abc"]


def encode(encoder: FakeEncoder, refs: Sequence[ImageRef], texts: Sequence[str], cache: Path) -> Encodings:
    return Encodings.compute(encoder, refs, texts, cache=cache)


def test_the_second_time_nothing_is_encoded(tmp_path: Path) -> None:
    refs, cache = images(tmp_path), tmp_path / "cache"
    first = encode(_Reader(), refs, ["x", "y"], cache)
    again = _Reader()
    second = encode(again, refs, ["x", "y"], cache)
    assert not again.image_calls and not again.batches
    assert np.array_equal(first.image(refs), second.image(refs))
    assert np.array_equal(first.text(["x", "y"]), second.text(["x", "y"]))
    assert first.facts == second.facts


def test_only_what_is_new_is_encoded(tmp_path: Path) -> None:
    refs, cache = images(tmp_path), tmp_path / "cache"
    encode(_Reader(), refs[:2], ["x"], cache)
    more = _Reader()
    found = encode(more, refs, ["x", "x "], cache)
    assert more.image_calls == ["c"] and more.batches == [["x "]]
    plain = Encodings.compute(_Reader(), refs, ["x", "x "])
    assert np.array_equal(found.image(refs), plain.image(refs))
    assert np.array_equal(found.text(["x", "x "]), plain.text(["x", "x "]))


def test_another_tower_image_or_box_misses_it(tmp_path: Path) -> None:
    refs, cache = images(tmp_path), tmp_path / "cache"
    encode(_Reader(), refs, ["x"], cache)
    other_image_tower = _Reader(image_print="other weights or preprocessing")
    encode(other_image_tower, refs, ["x"], cache)
    assert len(other_image_tower.image_calls) == 3 and not other_image_tower.batches
    other_text_tower = _Reader(text_print="other weights or tokenizer")
    encode(other_text_tower, refs, ["x"], cache)
    assert not other_text_tower.image_calls and other_text_tower.batches == [["x"]]
    (tmp_path / "b").write_text("B")  # the same name and size
    changed = _Reader()
    encode(changed, refs, ["x"], cache)
    assert changed.image_calls == ["b"]
    boxed = ImageRef("a", tmp_path / "a", (0, 0, 1, 1))
    cut = _Reader()
    found = encode(cut, [refs[0], boxed], [], cache)
    assert cut.image_calls == [boxed.key]
    assert not np.array_equal(found.image([refs[0]]), found.image([boxed]))


def test_the_same_content_under_another_name_is_found(tmp_path: Path) -> None:
    refs = images(tmp_path)
    (tmp_path / "copy").write_text("a")
    copy = ImageRef("copy", tmp_path / "copy")
    assert image_keys([refs[0]], by_name=False) == image_keys([copy], by_name=False)
    assert image_keys([refs[0]], by_name=True) != image_keys([copy], by_name=True)
    assert image_keys([ImageRef("gone", tmp_path / "gone")], by_name=False) == [""]


def test_a_part_without_its_keys_does_not_count_and_a_damaged_one_is_told(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "tower")
    store.keep(["k1", ""], np.ones((2, 3)), "float32")
    store.keep(["k2"], np.full((1, 3), 2.0), "float32")
    rows, kind = FolderStore(tmp_path / "tower").find(["k1", "k2", ""])
    assert sorted(rows) == ["k1", "k2"] and kind == "float32"
    first = min((tmp_path / "tower").glob("*.json"))
    kept = first.read_text()
    first.unlink()
    assert len(FolderStore(tmp_path / "tower").find(["k1", "k2"])[0]) == 1
    first.write_text(kept)
    first.with_suffix(".npy").write_bytes(b"\x93NUMPY")
    with pytest.raises(UserError, match="damaged part"):
        FolderStore(tmp_path / "tower").find(["k1"])


def test_writers_at_the_same_time_do_not_harm_each_other(tmp_path: Path) -> None:
    one, other = FolderStore(tmp_path / "tower"), FolderStore(tmp_path / "tower")
    for store in (one, other):
        assert store.find(["a", "b"]) == ({}, "")
    one.keep(["a", "b"], np.ones((2, 3)), "float32")
    other.keep(["a", "b"], np.ones((2, 3)), "float32")
    other.keep(["b", "c"], np.full((2, 3), 2.0), "float32")
    assert sorted(one.find(["a", "b", "c"])[0]) == ["a", "b", "c"]


def test_a_model_without_a_fingerprint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no fingerprint"):
        encode(FakeEncoder(_of, _of), [], ["x"], tmp_path)


def test_a_mistake_inside_a_fingerprint_is_not_taken_for_a_missing_one(tmp_path: Path) -> None:
    class Mistaken(_Reader):
        def text_fingerprint(self) -> str:
            return self.prints.joined  # type: ignore[attr-defined, no-any-return]

    with pytest.raises(AttributeError, match="joined"):
        encode(Mistaken(), [], ["x"], tmp_path)
