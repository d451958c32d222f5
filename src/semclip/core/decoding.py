"""From an image file to pixels: 8-bit RGB, upright, whatever the file holds. The check and the trainer both use it."""

import math
import struct

import numpy as np
from PIL import ExifTags, Image, ImageStat

from semclip.core.errors import UserError
from semclip.core.example import ImageRef

#: What Pillow raises for files that are cut short, damaged or no image at all.
UNDECODABLE = (
    OSError, SyntaxError, ValueError, EOFError, struct.error, Image.DecompressionBombError, TypeError, KeyError,
    OverflowError,
)  # fmt: skip

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
#: Bits that cameras and scanners use of the 16 that a file has for each pixel.
_BITS = (8, 10, 12, 14, 16)
#: Mean brightness above which what is visible of a transparent image would vanish on white.
_NEARLY_WHITE = 230


class MissingImageError(UserError):
    """There is no such file."""


def read_rgb(ref: ImageRef, shortest: int = 0, notes: list[str] | None = None) -> Image.Image:
    """The image as 8-bit RGB, turned upright as its EXIF data say; greyscale, palette and CMYK are converted.

    What is transparent becomes white, or black where the visible part is nearly white. Of 16-bit pixels that use 8, 10,
    12 or 14 bits only, those bits are taken. `ref.as_stored`: not turned, transparency dropped, the upper eight bits.
    shortest: a JPEG may be decoded at 1/2, 1/4 or 1/8 of its size while its shorter side keeps at least so many pixels;
    0: always whole. Other formats, and parts of images, are decoded whole.
    notes: takes what was done that a person may want to know, in a few words each.

    A box is cut out with Pillow, as the scripts of public benchmarks do: its sides are rounded half to even, and what
    lies outside the image is black. Raises UserError naming the file when it is missing or cannot be decoded, or when
    the box is empty.
    """
    if ref.path is None:
        raise UserError(
            f"this model reads pixels, and only the name of '{ref.name}' is known",
            where=ref.name,
            fix="give the folder of the images (`data.images=FOLDER`), or use the backend `features`",
        )
    try:
        with ref.open() as file, Image.open(file) as image:
            if shortest and ref.box is None:
                scale = shortest / min(image.size)
                image.draft(None, (math.ceil(image.width * scale), math.ceil(image.height * scale)))
            return _crop(to_rgb(image, ref, notes), ref)
    except FileNotFoundError:
        raise MissingImageError(
            "image file not found", where=ref.where, fix="check `data.root` and `data.images`, or remove the row"
        ) from None
    except UNDECODABLE as error:
        raise UserError(
            f"cannot decode the image: {error}", where=ref.where, fix="replace the file, or remove its row"
        ) from error


def to_rgb(image: Image.Image, ref: ImageRef, notes: list[str] | None = None) -> Image.Image:
    """An open image as 8-bit RGB, as `read_rgb` says. Raises UserError for pixels of 32 bits."""
    notes = [] if notes is None else notes
    image.load()  # a TIFF is turned by Pillow itself, and has no orientation afterwards
    turn = None if ref.as_stored else _UPRIGHT.get(_orientation(image))
    rgb = _eight_bit_rgb(image, ref, notes)
    if turn is None:
        return rgb
    notes.append("turned upright as its EXIF data say")
    return rgb.transpose(turn)


def _eight_bit_rgb(image: Image.Image, ref: ImageRef, notes: list[str]) -> Image.Image:
    if image.mode.startswith("I;16"):
        return _from_sixteen_bits(np.asarray(image), ref, notes)
    if image.mode == "I":
        low, high = (int(value) for value in image.getextrema())  # type: ignore[arg-type]  # one band
        if low >= 0 and high < 1 << 16:
            return _from_sixteen_bits(np.asarray(image), ref, notes)
    if image.mode in ("I", "F"):
        raise UserError(
            f"the image has 32-bit pixels (mode {image.mode}), whose range of brightness is unknown",
            where=ref.where,
            fix="save it with 8 or 16 bits per channel",
        )
    if not image.has_transparency_data:
        return image.convert("RGB")
    return (image.convert("RGBA") if ref.as_stored else _on_paper(image.convert("RGBA"), notes)).convert("RGB")


def _from_sixteen_bits(pixels: np.ndarray, ref: ImageRef, notes: list[str]) -> Image.Image:
    """Grey pixels of 16 bits (H, W) without the lower ones; Pillow would clip them to white."""
    used = 16 if ref.as_stored else next(bits for bits in _BITS if int(pixels.max()) < 1 << bits)
    if used < 16:
        notes.append(f"16-bit pixels of which only {used} bits are used: read as {used}-bit")
    return Image.fromarray((pixels >> (used - 8)).astype(np.uint8)).convert("RGB")


def _on_paper(image: Image.Image, notes: list[str]) -> Image.Image:
    """An RGBA image on a ground that its visible part stands out from."""
    alpha = image.getchannel("A")
    if alpha.getextrema()[0] == 255:
        return image
    visible = ImageStat.Stat(image.convert("L"), alpha.point(lambda value: 255 if value else 0))
    black = bool(visible.count[0]) and visible.mean[0] > _NEARLY_WHITE
    notes.append(f"transparent: laid on {'black' if black else 'white'}")
    ground = Image.new("RGBA", image.size, (0, 0, 0, 255) if black else (255, 255, 255, 255))
    return Image.alpha_composite(ground, image)


def _orientation(image: Image.Image) -> int:
    """1 to 8; 1 where the EXIF data cannot be read, as they often cannot although the pixels can."""
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except UNDECODABLE:
        return 1


def _crop(image: Image.Image, ref: ImageRef) -> Image.Image:
    if ref.box is None:
        return image
    left, top, right, bottom = (round(side) for side in ref.box)
    if right <= left or bottom <= top:
        raise UserError(f"the box {ref.box} is empty", where=ref.where, fix="mend it: x, y, x + width, y + height")
    return image.crop((left, top, right, bottom))
