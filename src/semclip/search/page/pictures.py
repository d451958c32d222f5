"""Pictures that come in and go out: uploads held in memory, and photos made small enough for a screen."""

import hashlib
import io
import re
from collections import OrderedDict
from functools import cache
from pathlib import Path
from threading import Lock

from PIL import Image

from semclip.core.decoding import UNDECODABLE, to_rgb
from semclip.core.errors import UserError
from semclip.core.example import ImageRef

#: What an upload may weigh, and how many pixels it may unfold to: a camera's photos pass, a bomb does not.
MOST_BYTES = 30_000_000
MOST_PIXELS = 80_000_000
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "HEIF", "AVIF", "MPO")
_QUERY_SIDE = 768  # more than any encoder looks at
_SCREEN_SIDE = 1600
_NAME = re.compile("upload-[0-9a-f]{16}")


class Uploads:
    """The last pictures that were dropped on the page, in memory only. Safe to use from several threads."""

    def __init__(self, most: int = 16) -> None:
        self._most = most
        self._pictures: OrderedDict[str, Image.Image] = OrderedDict()
        self._lock = Lock()

    def add(self, data: bytes) -> str:
        """Name of the picture, the same for the same bytes. Raises UserError for what is no picture, or too large."""
        name = f"upload-{hashlib.sha256(data).hexdigest()[:16]}"
        picture = _opened(data)
        with self._lock:
            self._pictures[name] = picture
            self._pictures.move_to_end(name)
            while len(self._pictures) > self._most:
                self._pictures.popitem(last=False)
        return name

    def get(self, name: str) -> Image.Image | None:
        with self._lock:
            return self._pictures.get(name)

    @staticmethod
    def names(path: str) -> bool:
        """Whether a picture in a query is meant to be an upload."""
        return _NAME.fullmatch(path) is not None


def for_screen(file: Path) -> bytes:
    """A photo of the index as JPEG, upright, at most 1,600 pixels a side, without metadata. Raises UserError."""
    from semclip.search.photo import UndecodableError, decode, read_bytes
    from semclip.search.scan import Seen

    if not file.is_file():
        raise UserError("the photo is no longer there", str(file), "put it back, or index its folder again")
    try:
        _, picture = decode(file, read_bytes(Seen(file, file.stat().st_size, 0)), keep_gps=False)
    except UndecodableError as error:
        raise UserError(
            f"the photo cannot be shown: {error}", str(file), "mend it, or index its folder again"
        ) from error
    picture.thumbnail((_SCREEN_SIDE, _SCREEN_SIDE))
    return as_jpeg(picture)


def as_jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=90, subsampling=0)
    return out.getvalue()


def _opened(data: bytes) -> Image.Image:
    """RGB, upright, small. The size is read from the header before a pixel is unpacked. Raises UserError."""
    where = "the picture you dropped"
    try:
        with Image.open(io.BytesIO(data), formats=_formats()) as image:
            if image.width * image.height > MOST_PIXELS:
                raise UserError(
                    f"a picture of {image.width:,} x {image.height:,} pixels is too large",
                    where,
                    f"give one of at most {MOST_PIXELS // 1_000_000} million pixels",
                )
            image.draft("RGB", (_QUERY_SIDE, _QUERY_SIDE))  # a large JPEG is unpacked small
            image.load()
            image.thumbnail((_QUERY_SIDE, _QUERY_SIDE))
            return to_rgb(image, ImageRef(where))
    except (*UNDECODABLE, MemoryError) as error:
        raise UserError("this is no picture that can be read", where, "give a JPEG, PNG, WebP, HEIC or TIFF") from error


@cache
def _formats() -> list[str]:
    """What an upload may be: Pillow reads more, among them formats that start other programs."""
    from pillow_heif import register_heif_opener

    register_heif_opener()
    Image.init()
    return [name for name in _FORMATS if name in Image.OPEN]
