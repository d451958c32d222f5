"""Rows of a data file, read by the reader for its format."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from semclip.core.errors import UserError, did_you_mean
from semclip.core.registry import FAMILIES

#: Column names that mean the image, in every file that names images.
IMAGE_COLUMNS = ("image", "filename", "filepath", "image_path", "image_number")


def reader_for(path: Path) -> Any:
    """The reader that the suffix (or being a folder) asks for. Raises UserError for a missing file or other suffix."""
    readers = [FAMILIES["readers"].get(name) for name in FAMILIES["readers"].names()]
    chosen = next((reader for reader in readers if reader.reads(path)), None)
    if not (chosen.is_there(path) if chosen else path.exists()):
        names = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        hint = did_you_mean(path.name, names) if len(names) <= 20 else "check the path"
        raise UserError("file not found", where=str(path), fix=hint if names else "check the path")
    if chosen is not None:
        return chosen()
    known = sorted(suffix for reader in readers for suffix in reader.suffixes)
    raise UserError(
        f"no reader for files that end in '{path.suffix}'",
        where=str(path),
        fix=f"known: {', '.join(known)}, or a folder of class folders; convert or rename the file",
    )


def read_rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """(row number, row) of every row of a data file in any known format. Raises UserError also when there is none."""
    empty = True
    for number, row in reader_for(path).rows(path):
        empty = False
        yield number, row
    if empty:
        raise UserError("the file holds no rows", where=str(path), fix="check that it was written completely")
