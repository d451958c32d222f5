"""Rows of a data file, read by the reader for its format."""

import shlex
import stat
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from semclip.core.addresses import refuse_address
from semclip.core.errors import UserError, did_you_mean
from semclip.core.files import reason
from semclip.core.registry import FAMILIES

#: Column names that mean the image, in every file that names images; the first of several is taken.
IMAGE_COLUMNS = (
    *("image", "filename", "filepath", "image_path", "image_number", "image_name", "file_name", "image_file"),
    *("image_filename", "image_filepath", "img", "img_path", "img_name", "img_file", "file_path", "path", "file"),
    *("photo", "picture", "jpg", "jpeg", "png", "webp", "url", "image_url"),
)

#: Suffix of a packed file -> what unpacks it, here or beside it.
_UNPACK = {
    ".gz": "gunzip -k",
    ".bz2": "bunzip2 -k",
    ".xz": "unxz -k",
    ".zst": "unzstd",
    ".tgz": "tar -xzf",
    ".zip": "unzip",
    ".7z": "7z x",
    ".rar": "unrar x",
}


def reader_for(path: Path, bad_row: Callable[[UserError], None] | None = None) -> Any:
    """The reader that the content or suffix asks for. Raises UserError for a missing file or an unknown format."""
    refuse_address(path, where="the data file")
    readers = _readers()
    try:
        kind = path.stat().st_mode if path.exists() else stat.S_IFREG
    except (OSError, ValueError) as error:  # a name that is too long, a folder that may not be looked into
        raise UserError(f"cannot read the file: {reason(error)}", str(path), "check the path") from None
    if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):  # a pipe can be read once only, and data is read twice
        raise UserError("neither a file nor a folder", str(path), "write what it gives to a file")
    chosen = next((reader for reader in readers if reader.reads(path)), None)
    if not (chosen.is_there(path) if chosen else path.exists()):
        names = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        hint = did_you_mean(path.name, names) if len(names) <= 20 else "check the path"
        raise UserError("file not found", where=str(path), fix=hint if names else "check the path")
    if chosen is not None:
        return chosen(bad_row) if bad_row else chosen()
    if unpack := how_to_unpack(path):
        raise UserError("a packed file: data are read where they lie", where=str(path), fix=unpack)
    known = sorted({suffix for reader in readers for suffix in reader.suffixes})
    if path.suffix.lower() in known:
        raise UserError(
            f"no reader knows what this {path.suffix} holds",
            where=str(path),
            fix="a table has names of columns in its first line, such as `image,caption`; or write a photo's name, a "
            "tab and its caption in each line",
        )
    raise UserError(
        f"no reader for files that end in '{path.suffix}'",
        where=str(path),
        fix=f"known: {', '.join(known)}, or a folder of pictures with texts beside them; convert or rename the file",
    )


def how_to_unpack(path: Path) -> str:
    """What to type to unpack a compressed file, "" for any other."""
    command = _UNPACK.get(path.suffix.lower())
    return f"unpack it with `{command} {shlex.quote(str(path))}`, and give what comes out" if command else ""


@cache
def _readers() -> tuple[Any, ...]:
    """In the order in which they are asked. To look for them takes longer than to read a small file."""
    family = FAMILIES["readers"]
    return tuple(sorted(map(family.get, family.names()), key=lambda reader: reader.rank))


def read_rows(
    path: Path, bad_row: Callable[[UserError], None] | None = None
) -> Iterator[tuple[int | str, dict[str, Any]]]:
    """(place, row) of every row of a data file in any known format. Raises UserError also when there is none.

    bad_row: told of each row that cannot be read, so that all can be listed; without it the first one is raised.
    """
    empty = True

    def noted(error: UserError) -> None:
        nonlocal empty
        empty = False
        assert bad_row is not None
        bad_row(error)

    for place, row in reader_for(path, noted if bad_row else None).rows(path):
        empty = False
        yield place, row
    if empty:
        raise UserError("the file holds no rows", where=str(path), fix="check that it was written completely")


def where_of(path: Path, place: int | str) -> str:
    """`file:row` for messages, from what `read_rows` gives."""
    return f"{path}:{place}" if isinstance(place, int) else f"{path}{place}"
