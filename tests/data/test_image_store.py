"""The store of encoded images: filled once, made anew when anything changes, never half written."""

import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from semclip.core.errors import UserError
from semclip.core.example import ImageRef
from semclip.data.image_store import ImageStore
from tests.data.files import write_picture


class Encoder:
    """Encodes an image as (size of its name, counter)."""

    def __init__(self) -> None:
        self.calls: list[int] = []

    def __call__(self, refs: list[ImageRef]) -> np.ndarray:
        self.calls.append(len(refs))
        return np.array([[float(ref.name.removesuffix(".png")), len(refs)] for ref in refs], dtype=np.float32)


def images(folder: Path, count: int) -> list[ImageRef]:
    first = write_picture(folder / "0.png")
    refs = [ImageRef(f"{i}.png", folder / f"{i}.png") for i in range(count)]
    for ref in refs[1:]:
        assert ref.path is not None
        ref.path.write_bytes(first.read_bytes())
    return refs


def test_rows_belong_to_their_images_over_several_batches(tmp_path: Path) -> None:
    refs, encode = images(tmp_path, 300), Encoder()
    store = ImageStore.build(tmp_path / "s.npy", refs, encode, "key")
    assert encode.calls == [256, 44]
    assert len(store.names) == 300
    assert [store.row(ref)[0] for ref in refs] == list(range(300))
    assert refs[3].name in store.names
    assert np.load(tmp_path / "s.npy").shape == (300, 2)


def test_reused_when_nothing_changed_in_any_order_with_repeats(tmp_path: Path) -> None:
    refs, encode = images(tmp_path, 5), Encoder()
    ImageStore.build(tmp_path / "s.npy", refs, encode, "key")
    store = ImageStore.build(tmp_path / "s.npy", [*reversed(refs), refs[0]], encode, "key")
    assert encode.calls == [5]
    assert [store.row(ref)[0] for ref in refs] == [0, 1, 2, 3, 4]


def test_made_anew_when_key_names_or_files_change(tmp_path: Path) -> None:
    refs, encode = images(tmp_path, 4), Encoder()
    path = tmp_path / "s.npy"
    ImageStore.build(path, refs, encode, "key")
    ImageStore.build(path, refs, encode, "other key")
    ImageStore.build(path, refs[:3], encode, "other key")
    assert refs[0].path is not None
    os.utime(refs[0].path, ns=(1, 1))
    ImageStore.build(path, refs[:3], encode, "other key")
    write_picture(refs[1].path, "blue") if refs[1].path else None
    ImageStore.build(path, refs[:3], encode, "other key")
    assert encode.calls == [4, 4, 3, 3, 3]


def test_images_without_files_are_known_by_name(tmp_path: Path) -> None:
    encode = Encoder()
    store = ImageStore.build(tmp_path / "s.npy", [ImageRef("7.png")], encode, "key")
    assert store.row(ImageRef("7.png"))[0] == 7
    with pytest.raises(UserError, match="not in the store"):
        store.row(ImageRef("8.png"))


def test_a_failure_in_between_leaves_no_store_behind(tmp_path: Path) -> None:
    refs = images(tmp_path, 300)
    good = Encoder()

    def failing(batch: list[ImageRef]) -> np.ndarray:
        if len(batch) < 256:
            raise KeyboardInterrupt
        return good(batch)

    with pytest.raises(KeyboardInterrupt):
        ImageStore.build(tmp_path / "s.npy", refs, failing, "key")
    assert [p for p in tmp_path.iterdir() if p.suffix not in (".png", ".lock")] == []
    assert ImageStore.build(tmp_path / "s.npy", refs, good, "key").row(refs[299])[0] == 299


def test_an_array_without_its_key_is_not_trusted(tmp_path: Path) -> None:
    refs, encode = images(tmp_path, 2), Encoder()
    ImageStore.build(tmp_path / "s.npy", refs, encode, "key")
    (tmp_path / "s.key.json").unlink()
    ImageStore.build(tmp_path / "s.npy", refs, encode, "key")
    assert encode.calls == [2, 2]


@pytest.mark.parametrize("left", [0, 50, 140])
def test_one_that_was_cut_short_is_said_and_made_anew(
    left: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refs, encode = images(tmp_path, 5), Encoder()
    ImageStore.build(tmp_path / "s.npy", refs, encode, "key")
    os.truncate(tmp_path / "s.npy", left)
    store = ImageStore.build(tmp_path / "s.npy", refs, encode, "key")
    assert encode.calls == [5, 5] and [store.row(ref)[0] for ref in refs] == [0, 1, 2, 3, 4]
    assert "s.npy is damaged and is made anew" in capsys.readouterr().err


def test_full_disk_is_a_user_error(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    from semclip.data import image_store

    with pytest.raises(OSError, match="No space"):
        image_store._fill(Path("/dev/full"), [ImageRef("1.png")], lambda refs: np.zeros((1, 10_000_000), np.uint8))


def test_bad_rows_name_the_image(tmp_path: Path) -> None:
    refs = images(tmp_path, 3)

    def with_nan(batch: list[ImageRef]) -> np.ndarray:
        rows = np.zeros((len(batch), 2), dtype=np.float32)
        rows[1] = np.nan
        return rows

    with pytest.raises(UserError, match="became NaN"):
        ImageStore.build(tmp_path / "s.npy", refs, with_nan, "key")
    with pytest.raises(UserError, match="3 images became"):
        ImageStore.build(tmp_path / "s.npy", refs, lambda batch: np.zeros((2, 2)), "key")
    with pytest.raises(UserError, match="cannot read the image") as caught:
        ImageStore.build(tmp_path / "s.npy", [ImageRef("m", tmp_path / "missing.png")], with_nan, "key")
    assert "missing.png" in caught.value.where


def test_pickle_maps_the_file_again(tmp_path: Path) -> None:
    refs = images(tmp_path, 3)
    store = ImageStore.build(tmp_path / "s.npy", refs, lambda batch: np.ones((len(batch), 100_000), np.uint8), "key")
    data = pickle.dumps(store)
    assert len(data) < 1000
    assert pickle.loads(data).row(refs[1]).sum() == 100_000
