"""An error that points at the place in a query."""

import unicodedata

from semclip.core.errors import UserError

AROUND = 60  # characters shown on each side of the place


class QueryError(UserError):
    """A query that can't be read.

    at: position of the mistake in the query as it was read, with one space for any white space.
    """

    def __init__(self, what: str, where: str = "", fix: str = "", at: int = 0) -> None:
        super().__init__(what, where, fix)
        self.at = at

    def __reduce__(self) -> tuple[type["QueryError"], tuple[object, ...]]:
        return type(self), (self.what, self.where, self.fix, self.at)


def pointing(what: str, query: str, at: int, fix: str) -> QueryError:
    """A QueryError whose `where` is the query and, below, a caret at position `at`."""
    start, end = max(0, at - AROUND), at + AROUND
    before = ("..." if start else "") + _printable(query[start:at])
    line = before + _printable(query[at:end]) + ("..." if end < len(query) else "")
    # `UserError` begins both lines in the same column.
    return QueryError(what, f"{line}\n{' ' * _columns(before)}^", fix, at)


def _printable(text: str) -> str:
    return "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp", "Cs") else c for c in text)


def _columns(text: str) -> int:
    """Columns of a terminal: two for Chinese characters and emoji, none for accents and joiners."""
    narrow = [c for c in text if unicodedata.category(c) not in ("Mn", "Me", "Cf")]
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in narrow)
