"""Pixels as a person sees them: upright, not black for want of bits or of a ground."""

from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from semclip.core.decoding import MissingImageError, read_rgb
from semclip.core.errors import UserError
from semclip.core.example import ImageRef

#: How each orientation is stored, by the method that undoes it: a picture whose top left quarter alone is red.
STORED = {
    1: lambda upright: upright,
    2: lambda upright: upright.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    3: lambda upright: upright.transpose(Image.Transpose.ROTATE_180),
    4: lambda upright: upright.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
    5: lambda upright: upright.transpose(Image.Transpose.TRANSPOSE),
    6: lambda upright: upright.transpose(Image.Transpose.ROTATE_90),
    7: lambda upright: upright.transpose(Image.Transpose.TRANSVERSE),
    8: lambda upright: upright.transpose(Image.Transpose.ROTATE_270),
}


def upright() -> Image.Image:
    image = Image.new("RGB", (32, 16), "white")
    image.paste("red", (0, 0, 16, 8))
    return image


def ref(path: Path, **more: object) -> ImageRef:
    return ImageRef(path.name, path, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tiff"])
def test_every_orientation_comes_out_upright(orientation: int, suffix: str, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    STORED[orientation](upright()).save(tmp_path / f"x.{suffix}", exif=exif, quality=95)
    read = read_rgb(ref(tmp_path / f"x.{suffix}"))
    assert read.size == (32, 16)
    assert abs(np.asarray(read, int) - np.asarray(upright(), int)).mean() < 6


def test_as_stored_is_neither_turned_nor_laid_on_a_ground(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    upright().save(tmp_path / "x.png", exif=exif)
    notes: list[str] = []
    assert read_rgb(ref(tmp_path / "x.png", as_stored=True), notes=notes).size == (32, 16)
    Image.new("RGBA", (4, 4), (0, 0, 0, 0)).save(tmp_path / "logo.png")
    assert read_rgb(ref(tmp_path / "logo.png", as_stored=True), notes=notes).getpixel((0, 0)) == (0, 0, 0)
    assert notes == []


def test_exif_data_that_cannot_be_read_are_no_fault_of_the_pixels(tmp_path: Path) -> None:
    image = Image.new("RGB", (8, 8), "blue")
    image.save(tmp_path / "x.jpg", exif=b"Exif\0\0II*\0\xff\xff\xff\x7f" + bytes(40))
    assert read_rgb(ref(tmp_path / "x.jpg")).size == (8, 8)


@pytest.mark.parametrize(("bits", "shown"), [(8, 255), (10, 255), (12, 255), (14, 255), (16, 255)])
def test_bits_that_are_used_are_the_ones_that_are_read(bits: int, shown: int, tmp_path: Path) -> None:
    pixels = np.linspace(0, (1 << bits) - 1, 64).astype(np.uint16).reshape(8, 8)
    for name in ("x.png", "x.tiff"):
        notes: list[str] = []
        Image.fromarray(pixels).save(tmp_path / name)
        read = np.asarray(read_rgb(ref(tmp_path / name), notes=notes))
        assert read[-1, -1].tolist() == [shown] * 3 and read[0, 0].tolist() == [0] * 3
        assert notes == ([f"16-bit pixels of which only {bits} bits are used: read as {bits}-bit"] if bits < 16 else [])


def test_black_pixels_of_16_bits_stay_black(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((4, 4), np.uint16)).save(tmp_path / "x.png")
    assert read_rgb(ref(tmp_path / "x.png")).getextrema() == ((0, 0),) * 3


@pytest.mark.parametrize(("ink", "ground"), [((0, 0, 0), 255), ((200, 0, 0), 255), ((255, 255, 255), 0)])
def test_a_logo_stands_out_from_its_ground(ink: tuple[int, int, int], ground: int, tmp_path: Path) -> None:
    logo = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    logo.paste((*ink, 255), (2, 2, 6, 6))
    notes: list[str] = []
    for name, image in (("rgba.png", logo), ("palette.png", logo.quantize(4)), ("x.webp", logo)):
        image.save(tmp_path / name, lossless=True)
        read = read_rgb(ref(tmp_path / name), notes=notes)
        assert read.getpixel((4, 4)) == pytest.approx(ink, abs=3) and read.getpixel((0, 0)) == (ground,) * 3
    assert all(note.startswith("transparent: laid on ") for note in notes) and len(notes) == 3


def test_an_alpha_channel_that_hides_nothing_changes_nothing(tmp_path: Path) -> None:
    upright().convert("RGBA").save(tmp_path / "x.png")
    notes: list[str] = []
    assert np.array_equal(read_rgb(ref(tmp_path / "x.png"), notes=notes), upright()) and notes == []


def test_32_bits_are_refused_and_a_missing_file_is_told_from_a_broken_one(tmp_path: Path) -> None:
    Image.fromarray(np.full((2, 2), 0.5, np.float32)).save(tmp_path / "float.tiff")
    Image.fromarray(np.full((2, 2), 1 << 20, np.int32)).save(tmp_path / "int.tiff")
    for name in ("float.tiff", "int.tiff"):
        with pytest.raises(UserError, match="32-bit pixels"):
            read_rgb(ref(tmp_path / name))
    with pytest.raises(MissingImageError):
        read_rgb(ref(tmp_path / "none.png"))
