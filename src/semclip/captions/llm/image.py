"""An image as a data URL, small enough to send by the thousand."""

import base64
import io

from semclip.core.decoding import read_rgb
from semclip.core.errors import UserError
from semclip.core.example import ImageRef

LONGEST_SIDE = 672  # pixels: what common multimodal models look at, two tiles of 336


class UnreadableImage(Exception):  # noqa: N818
    """The file is missing or holds no image."""


def data_url(ref: ImageRef) -> str:
    """The image, or the box of it that is meant, as JPEG of at most LONGEST_SIDE pixels a side.

    Raises UnreadableImage for a missing or broken file, UserError where no file is known for any image.
    """
    if ref.path is None:
        raise UserError(
            f"looking needs pixels, and only the name of '{ref.name}' is known",
            where="verifier judge, `look`",
            fix="give the folder of the images: --images FOLDER",
        )
    try:
        image = read_rgb(ref, shortest=LONGEST_SIDE)
    except UserError as error:
        raise UnreadableImage(error.what) from error
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    small = io.BytesIO()
    image.save(small, "JPEG", quality=90)
    return "data:image/jpeg;base64," + base64.b64encode(small.getvalue()).decode()
