"""Decoding images, and the evaluation transform."""

from pathlib import Path

import numpy as np
import pytest
import torch
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image

from semclip.core.decoding import read_rgb
from semclip.core.errors import UserError
from semclip.core.example import ImageRef
from semclip.models.images import Preprocessing


def image(width: int = 48, height: int = 48) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8))


def ref(path: Path) -> ImageRef:
    return ImageRef(path.name, path)


@pytest.mark.parametrize("size", [(48, 48), (60, 48), (100, 31), (20, 20)])
@pytest.mark.parametrize("mode", ["shortest", "longest", "squash"])
def test_bit_equal_to_open_clip(size: tuple[int, int], mode: str) -> None:
    settings = {"size": 48, "resize_mode": mode, "interpolation": "bilinear", "mean": (0.5, 0.4, 0.3)}
    theirs = image_transform_v2(PreprocessCfg(**settings), is_train=False)(image(*size))
    assert torch.equal(Preprocessing(settings, "test")(image(*size)), theirs)


def test_not_square() -> None:
    ours = Preprocessing({"size": (32, 48)}, "test")
    assert ours(image(48, 32)).shape == ours(image(70, 70)).shape == (3, 32, 48)
    assert torch.equal(ours(image(48, 32)), image_transform_v2(PreprocessCfg(size=(32, 48)), False)(image(48, 32)))


@pytest.mark.parametrize("mode", ["L", "CMYK", "RGBA", "P", "1", "LA"])
def test_every_mode_becomes_rgb(mode: str, tmp_path: Path) -> None:
    path = tmp_path / ("x.jpg" if mode == "CMYK" else "x.png")
    image().convert(mode).save(path)
    decoded = read_rgb(ref(path))
    assert decoded.mode == "RGB"
    if mode in ("CMYK", "RGBA", "P"):
        difference = np.asarray(decoded, int) - np.asarray(image().convert(mode).convert("RGB"), int)
        assert abs(difference).mean() < 40  # not inverted; JPEG of noise is lossy


def test_sixteen_bit_grey_is_not_clipped(tmp_path: Path) -> None:
    Image.fromarray(np.full((4, 4), 0x80FF, dtype=np.uint16)).save(tmp_path / "x.png")
    assert read_rgb(ref(tmp_path / "x.png")).getpixel((0, 0)) == (128, 128, 128)


def test_bad_files_are_named(tmp_path: Path) -> None:
    image().save(tmp_path / "cut.png")
    data = (tmp_path / "cut.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(data[: len(data) // 2])
    (tmp_path / "text.jpg").write_text("not an image")
    (tmp_path / "empty.png").write_bytes(b"")
    Image.fromarray(np.zeros((2, 2), np.float32)).save(tmp_path / "float.tiff")
    for name in ("cut.png", "text.jpg", "empty.png", "float.tiff", "missing.png"):
        with pytest.raises(UserError) as caught:
            read_rgb(ref(tmp_path / name))
        assert name in caught.value.where and caught.value.fix
    with pytest.raises(UserError, match="only the name"):
        read_rgb(ImageRef("a.jpg"))


@pytest.mark.parametrize(
    "settings", [{"size": 48, "crop": 3}, {"size": 48, "resize_mode": "tall"}, {"interpolation": "cubic"}]
)
def test_unknown_settings(settings: dict[str, object]) -> None:
    with pytest.raises(UserError):
        Preprocessing(settings, "config.yaml")


def test_a_box_is_cut_out_and_its_sides_are_rounded_half_to_even(tmp_path: Path) -> None:
    pixels = (np.arange(10 * 12 * 3) % 256).astype(np.uint8).reshape(10, 12, 3)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    cut = read_rgb(ImageRef("a.png", tmp_path / "a.png", (0.5, 1.5, 4.5, 6.6)))
    assert np.array_equal(np.asarray(cut), pixels[2:7, 0:4])
    beyond = np.asarray(read_rgb(ImageRef("a.png", tmp_path / "a.png", (10, 8, 14, 11))))
    assert beyond.shape == (3, 4, 3) and not beyond[:, 2:].any() and np.array_equal(beyond[:2, :2], pixels[8:, 10:])
    with pytest.raises(UserError, match="is empty"):
        read_rgb(ImageRef("a.png", tmp_path / "a.png", (3, 3, 3.2, 5)))


def test_two_boxes_of_one_file_are_two_images() -> None:
    whole, one, other = (ImageRef("a.png", None, box) for box in (None, (0, 0, 1, 1), (0, 0, 1, 2)))
    assert len({whole.key, one.key, other.key}) == len({whole, one, other}) == 3
    assert whole.key == "a.png" and ImageRef("a.png", None, (0.0, 0.0, 1.0, 1.0)).key == one.key
