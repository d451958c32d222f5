"""Base class of readers: a file format of caption data that yields raw rows with their places."""

import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, NoReturn

from semclip.core.errors import UserError


def raise_it(error: UserError) -> NoReturn:
    """What is done about a bad row unless all are to be listed."""
    raise error


@cache
def say(note: str) -> None:
    """What was left out, or chosen where something else could be meant; once in a process."""
    print(f"note: {note}", file=sys.stderr)


#: What a person looks for in the file: the line a row starts on in a text file, the position counted from 1 elsewhere;
#: or a text that is put behind the path as it is, such as `:annotations[17]` or `/dog/1.jpg`.
Place = int | str


class Reader:
    """Base of all readers: set `suffixes`, write `rows`.

    A row is a mapping of the file's own column names to raw cells; what the columns mean is decided in
    `semclip.data.columns`. A reader that tells its files by their content overrides `reads`.
    """

    name: ClassVar[str] = ""
    suffixes: tuple[str, ...] = ()
    #: Readers are asked in this order, equal ones in that of their names: the more special ones come first.
    rank: ClassVar[int] = 0

    def __init__(self, bad_row: Callable[[UserError], None] = raise_it) -> None:
        """bad_row: told of each row that cannot be read. Where it returns, the reader goes on with the next row."""
        self.bad_row = bad_row

    @classmethod
    def reads(cls, path: Path) -> bool:
        """Whether this reader is the one for a path."""
        return path.suffix.lower() in cls.suffixes

    @classmethod
    def is_there(cls, path: Path) -> bool:
        """Whether a path leads to something; a reader of patterns finds out by itself what they name."""
        return path.exists()

    def rows(self, path: Path) -> Iterator[tuple[Place, dict[str, Any]]]:
        """(place, row) of every row. Raises UserError naming `file:row` where the file is malformed."""
        raise NotImplementedError

    def skipped(self, path: Path) -> list[Path]:
        """Files that belong to the data set but are no data, so that a check can show them."""
        return []

    def notes(self, path: Path) -> list[str]:
        """What a check should say about how the file was read: what was left out, and what else could be meant."""
        return []
