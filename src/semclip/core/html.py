"""What the HTML pages for people share: templates that treat text from outside as text, and small images."""

import base64
import io
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from jinja2 import Environment

_LONGEST_EDGE = 160  # pixels of a thumbnail
_EXACT = 96  # pixels up to which a thumbnail stays exact; above, JPEG is smaller


def environment(package: str) -> "Environment":
    """The jinja templates in `templates/` of a package: everything escaped, a name that is not there an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader(package, "templates")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def thumbnail(file: Path | BinaryIO) -> str:
    """A small image as a data URI. Raises OSError where the file is missing or is no image."""
    from PIL import Image, ImageOps

    try:
        with Image.open(file) as image:
            image.draft("RGB", (_LONGEST_EDGE, _LONGEST_EDGE))  # decodes large JPEGs at a fraction of their size
            small = ImageOps.exif_transpose(image).convert("RGB")
            small.thumbnail((_LONGEST_EDGE, _LONGEST_EDGE))
    except (SyntaxError, ValueError, Image.DecompressionBombError) as error:  # Pillow's decoders raise these, too
        raise OSError(f"cannot decode: {error}") from error
    buffer = io.BytesIO()
    kind, options = ("png", {"optimize": True}) if max(small.size) <= _EXACT else ("jpeg", {"quality": 82})
    small.save(buffer, kind, **options)
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}"
