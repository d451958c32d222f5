"""One photo file, read once: what the index keeps of it, and the upright picture that the model is given."""

import hashlib
import io
import threading
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from semclip.core.decoding import to_rgb
from semclip.core.errors import UserError
from semclip.core.example import ImageRef
from semclip.search.scan import RAW, Seen

#: Longer side of a thumbnail in pixels.
THUMBNAIL = 256
#: A JPEG may be decoded at 1/2, 1/4 or 1/8 of its size while its shorter side keeps this many pixels: at least twice
#: what networks of up to 336 pixels see, and just below a quarter of 12 megapixels, the commonest size of cameras.
#: Photos below twice this size are decoded whole, as everywhere else.
ENOUGH = 720
#: Files above this many bytes are not read: photos are smaller, and memory has to stay flat.
LARGEST = 1 << 29
_ONCE = threading.Lock()


class UndecodableError(Exception):
    """Why a file is no photo that can be read; one sentence for people."""


@dataclass(frozen=True, slots=True)
class Photo:
    """What a photo's file says. taken: `2023-05-17T14:03:22`, local, "" where unknown. gps: latitude, longitude."""

    content: bytes
    width: int
    height: int
    type: str
    taken: str
    camera: str
    gps: tuple[float, float] | None
    thumbnail: bytes


class UprightPicture(ImageRef):
    """A photo as it is to be looked at, decoded already; stands where a model expects a file.

    Its file, for a model that opens it, is the picture without compression.
    """

    __slots__ = ("picture",)
    picture: Image.Image

    @classmethod
    def of(cls, name: str, path: Path, picture: Image.Image) -> "UprightPicture":
        ref = cls(name, path)
        object.__setattr__(ref, "picture", picture)
        return ref

    def open(self) -> io.BytesIO:
        file = io.BytesIO()
        self.picture.save(file, "PPM")
        file.seek(0)
        return file


def content_hash(data: bytes) -> bytes:
    """What tells two contents apart: 16 bytes of SHA-256."""
    return hashlib.sha256(data).digest()[:16]


def read_bytes(seen: Seen) -> bytes:
    """The file's bytes. Raises UndecodableError for one that is empty, far too large or not to be read."""
    if seen.size == 0:
        raise UndecodableError("the file is empty")
    if seen.size > LARGEST:
        raise UndecodableError(
            f"the file has {seen.size / 1e6:,.0f} MB, and photos above {LARGEST / 1e6:,.0f} are not read"
        )
    try:
        return seen.path.read_bytes()
    except OSError as error:
        raise UndecodableError(error.strerror or str(error)) from error


def decode(path: Path, data: bytes, keep_gps: bool) -> tuple[Photo, Image.Image]:
    """What the bytes of a photo hold, and the picture: upright, 8-bit RGB. Raises UndecodableError."""
    raw = path.suffix.lower() in RAW
    try:
        with Image.open(io.BytesIO(_raw_preview(data) if raw else _known(data))) as image:
            exif = image.getexif()
            width, height = image.size
            if image.format == "JPEG":
                scale = ENOUGH / min(image.size)
                image.draft(None, (int(width * scale) + 1, int(height * scale) + 1))
            kind = path.suffix.lower().removeprefix(".") if raw else (image.format or "").lower()
            camera, taken, gps = _camera(exif), _taken(exif), _gps(exif) if keep_gps else None
            if exif.get(ExifTags.Base.Orientation, 1) in (5, 6, 7, 8):
                width, height = height, width
            picture = to_rgb(image, ImageRef(path.name, path))
    except UserError as error:
        raise UndecodableError(error.what) from error
    except UnidentifiedImageError as error:
        raise UndecodableError("no format of pictures that is known") from error
    except Exception as error:  # whatever a library makes of a damaged file, the other files are to be read
        kind = "" if isinstance(error, OSError | SyntaxError | ValueError) else f"{type(error).__name__}: "
        raise UndecodableError(f"cannot be decoded: {kind}{error}") from error
    content = content_hash(data)
    return Photo(content, width, height, kind, taken, camera, gps, _thumbnail(picture)), picture


def _known(data: bytes) -> bytes:
    """The same bytes, after making sure that whatever reads their format is there."""
    if data[4:8] == b"ftyp" and data[8:12] not in (b"avif", b"avis"):
        try:
            from pillow_heif import register_heif_opener
        except ImportError as error:
            raise UndecodableError("HEIC needs a library: pip install 'semclip[search]'") from error
        with _ONCE:
            register_heif_opener()
    return data


def _raw_preview(data: bytes) -> bytes:
    try:
        import rawpy
    except ImportError as error:
        raise UndecodableError("RAW photos need a library: pip install 'semclip[search]'") from error
    try:
        with rawpy.imread(io.BytesIO(data)) as raw:
            preview = raw.extract_thumb()
            if preview.format == rawpy.ThumbFormat.JPEG:
                return bytes(preview.data)
            file = io.BytesIO()
            Image.fromarray(np.asarray(preview.data)).save(file, "PPM")
            return file.getvalue()
    except rawpy.LibRawError as error:
        raise UndecodableError(f"no preview in the RAW file: {error}") from error


def _thumbnail(picture: Image.Image) -> bytes:
    small = picture.copy()
    small.thumbnail((THUMBNAIL, THUMBNAIL), Image.Resampling.BICUBIC, reducing_gap=2.0)
    file = io.BytesIO()
    Image.frombytes("RGB", small.size, small.tobytes()).save(file, "JPEG", quality=82)  # no EXIF travels along
    return file.getvalue()


def _taken(exif: Image.Exif) -> str:
    inner = exif.get_ifd(ExifTags.IFD.Exif)
    for value in (inner.get(ExifTags.Base.DateTimeOriginal), exif.get(ExifTags.Base.DateTime)):
        try:
            return datetime.strptime(str(value).strip("\0 "), "%Y:%m:%d %H:%M:%S").isoformat()
        except ValueError:  # cameras without a clock write zeros or blanks
            continue
    return ""


def _camera(exif: Image.Exif) -> str:
    """Maker and model, without saying the maker twice."""
    make, model = (_plain(exif.get(tag)) for tag in (ExifTags.Base.Make, ExifTags.Base.Model))
    return model if model.lower().startswith(make.lower()) else f"{make} {model}".strip()


def _plain(value: Any) -> str:
    """Text of a tag without what could not be shown."""
    return "".join(c for c in str(value or "") if c.isprintable() and not "\ud800" <= c <= "\udfff").strip()[:100]


def _gps(exif: Image.Exif) -> tuple[float, float] | None:
    where = exif.get_ifd(ExifTags.IFD.GPSInfo)
    try:
        latitude, longitude = (_degrees(where[tag]) for tag in (ExifTags.GPS.GPSLatitude, ExifTags.GPS.GPSLongitude))
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    south, west = where.get(ExifTags.GPS.GPSLatitudeRef) == "S", where.get(ExifTags.GPS.GPSLongitudeRef) == "W"
    return (-latitude if south else latitude, -longitude if west else longitude)


def _degrees(parts: Any) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    return degrees + minutes / 60 + seconds / 3600
