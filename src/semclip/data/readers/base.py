"""What a reader is: a file format of caption data that yields raw rows with their row numbers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from semclip.core.errors import UserError, did_you_mean
from semclip.core.registry import FAMILIES


class Reader:
    """Base of all readers: set `suffixes`, write `rows`.

    A row is a mapping of the file's own column names to raw cells; what the columns mean is decided in
    `semclip.data.columns`. The row number is what a person looks for in the file: the line a row starts on in a text
    file, the position counted from 1 elsewhere.
    """

    name: ClassVar[str] = ""
    suffixes: tuple[str, ...] = ()

    @classmethod
    def reads(cls, path: Path) -> bool:
        """Whether this reader is the one for a path."""
        return path.suffix.lower() in cls.suffixes

    @classmethod
    def is_there(cls, path: Path) -> bool:
        """Whether a path leads to something; a reader of patterns finds out by itself what they name."""
        return path.exists()

    def rows(self, path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
        """(row number, row) of every row. Raises UserError naming `file:row` where the file is malformed."""
        raise NotImplementedError

    def skipped(self, path: Path) -> list[Path]:
        """Files that belong to the data set but are no data, so that a check can show them."""
        return []


def reader_for(path: Path) -> Reader:
    """The reader that the suffix (or being a folder) asks for. Raises UserError for a missing file or other suffix."""
    readers = [FAMILIES["readers"].get(name) for name in FAMILIES["readers"].names()]
    chosen = next((reader for reader in readers if reader.reads(path)), Reader)
    if not chosen.is_there(path):
        names = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        hint = did_you_mean(path.name, names) if len(names) <= 20 else "check the path"
        raise UserError("file not found", where=str(path), fix=hint if names else "check the path")
    if chosen is not Reader:
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
