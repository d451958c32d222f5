"""Rows that lack their caption or the name of their image: few are left out and told, more are refused."""

import shlex
from collections.abc import Iterator
from pathlib import Path

from semclip.core.errors import UserError
from semclip.core.example import Example
from semclip.core.rows import read_rows, where_of
from semclip.data.cells import EmptyTextError
from semclip.data.columns import RowParser

#: Proportion of what a file holds that may be unusable, be it rows without a caption or photos that cannot be read.
ALLOWED = 0.01
#: What may be done about either.
HOW_TO_ALLOW = f"{100 * ALLOWED:g} % of them are left out and told; in training, guards.unreadable=0.1 leaves out 10 %"


class IncompleteRows:
    """The rows of one file that lack something: how many, and the first.

    allowed: the proportion of all rows that may be left out.
    """

    def __init__(self, allowed: float = ALLOWED) -> None:
        self.allowed = allowed
        self.count = self.complete = 0
        self.first: EmptyTextError | None = None

    def examples(self, path: Path, parser: RowParser) -> Iterator[Example]:
        """The rows of a file but those that lack something, which are noted.

        Raises UserError for every other fault of a row, and at the end where too many are incomplete.
        """
        for place, row in read_rows(path, self._note):
            try:
                example = parser.example(row, where_of(path, place))
            except EmptyTextError as error:
                self._note(error)
            else:
                self.complete += 1
                yield example
        parser.finish(str(path))
        first = self.first
        if first and too_many(self.count, self.complete + self.count, self.allowed):
            raise EmptyTextError(
                f"{self._counted()}, more than {100 * self.allowed:g} %; the first: {first.what}",
                where=first.where,
                fix=f"{first.fix}; {how_to_list(path)}; up to {HOW_TO_ALLOW}",
            )

    def sentence(self, path: Path) -> str:
        """What to tell people, "" where no row lacks anything."""
        first = self.first
        if first is None:
            return ""
        return f"{self._counted()} and are left out (first: {first.where}: {first.what}); {how_to_list(path)}"

    def _note(self, error: UserError) -> None:
        if not isinstance(error, EmptyTextError):
            raise error
        self.first = self.first or error
        self.count += 1

    def _counted(self) -> str:
        return f"{self.count:,} of {self.complete + self.count:,} rows lack a text or an image"


def too_many(count: int, of: int, allowed: float = ALLOWED) -> bool:
    """The one rule of what may be left out: a proportion, and never all."""
    return count > allowed * of or count == of > 0


def how_to_list(path: Path) -> str:
    """The command that names every place."""
    return f"`semclip data check {shlex.quote(str(path))} --all` lists all"
