"""From an image file to pixels: 8-bit RGB, whatever the file holds. Needs no torch."""

import math
import struct

import numpy as np
from PIL import Image

from semclip.core.errors import UserError
from semclip.core.example import ImageRef

#: What Pillow raises for files that are cut short, damaged or no image at all.
UNDECODABLE = (OSError, SyntaxError, ValueError, EOFError, struct.error, Image.DecompressionBombError)


def read_rgb(ref: ImageRef, shortest: int = 0) -> Image.Image:
    """The image as 8-bit RGB; greyscale, palette, CMYK and alpha are converted (alpha is dropped).

    shortest: a JPEG may be decoded at 1/2, 1/4 or 1/8 of its size while its shorter side keeps at least so many pixels;
    0: always whole. Other formats, and parts of images, are decoded whole.

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
            return _crop(to_rgb(image, ref), ref)
    except FileNotFoundError:
        raise UserError(
            "image file not found", where=ref.where, fix="check `data.root` and `data.images`, or remove the row"
        ) from None
    except UNDECODABLE as error:
        raise UserError(
            f"cannot decode the image: {error}", where=ref.where, fix="replace the file, or remove its row"
        ) from error


def to_rgb(image: Image.Image, ref: ImageRef) -> Image.Image:
    """An open image as 8-bit RGB, as `read_rgb` says. Raises UserError for pixels of 32 bits."""
    if image.mode.startswith("I;16"):
        # Pillow would clip 16-bit grey to white; keep the upper eight bits instead.
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    if image.mode in ("I", "F"):
        raise UserError(
            f"the image has 32-bit pixels (mode {image.mode}), whose range of brightness is unknown",
            where=ref.where,
            fix="save it with 8 or 16 bits per channel",
        )
    if image.mode == "P" and "transparency" in image.info:
        image = image.convert("RGBA")
    return image.convert("RGB")


def _crop(image: Image.Image, ref: ImageRef) -> Image.Image:
    if ref.box is None:
        return image
    left, top, right, bottom = (round(side) for side in ref.box)
    if right <= left or bottom <= top:
        raise UserError(f"the box {ref.box} is empty", where=ref.where, fix="mend it: x, y, x + width, y + height")
    return image.crop((left, top, right, bottom))
