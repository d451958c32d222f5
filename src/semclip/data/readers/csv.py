"""Tables with a header line, .csv or .tsv; the separator (comma, semicolon, tab or |) is detected."""

import csv
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from semclip.core.errors import UserError
from semclip.data.readers._lone_quote import RowShape
from semclip.data.readers._table_header import names_of_columns
from semclip.data.readers._text import numbered_lines
from semclip.data.readers.base import Reader, raise_it

_SEPARATORS = (",", ";", "\t", "|")
_SAMPLED_LINES = 50
#: Lines that one row may take. A quote that is open for longer was never meant to be one.
_MOST_LINES = 200
#: What Excel writes first, to say which separator it used.
_SEP = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)


class Csv(Reader):
    """Quoted cells may hold separators and line breaks; the row number is the line on which a row starts.

    A quote that is opened by mistake joins rows into one cell, which no table's grammar forbids. So lines inside a cell
    are compared with the other rows: where one looks like a row of its own, the row is refused.
    """

    suffixes = (".csv", ".tsv")
    rank = 8  # after the readers that know a published file by its content

    def rows(self, path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
        sample = [line for _, line in islice(numbered_lines(path), _SAMPLED_LINES)]
        said = _SEP.fullmatch(sample[0]) if sample else None
        first = 2 if said else 1
        separator = said[1] if said else _separator(sample)
        lines = _Lines(islice(numbered_lines(path), first - 1, None))
        start, header = next(_records(lines, separator, RowShape([], []), path, raise_it), (first, []))
        names = names_of_columns(header, separator, f"{path}:{start}")
        shape = RowShape(names, [cells for line in sample[first:] for cells in _lenient([line], separator)])
        called = "a tab" if separator == "\t" else f"'{separator}'"
        for number, cells in _records(lines, separator, shape, path, self.bad_row):
            if len(cells) == len(names):
                yield number, dict(zip(names, cells, strict=True))
                continue
            self.bad_row(
                UserError(
                    f"{len(cells)} cells, but the header names {len(names)} columns: {_shown(names)}",
                    where=f"{path}:{number}",
                    fix=f"put cells that contain {called} or line breaks in double quotes",
                )
            )


class _Lines:
    """Numbered lines, some of which can be put back."""

    def __init__(self, lines: Iterator[tuple[int, str]]) -> None:
        self._lines = lines
        self._again: deque[tuple[int, str]] = deque()

    def take(self) -> tuple[int, str] | None:
        return self._again.popleft() if self._again else next(self._lines, None)

    def put_back(self, lines: Sequence[tuple[int, str]]) -> None:
        self._again.extendleft(reversed(lines))


def _records(
    lines: _Lines, separator: str, shape: RowShape, path: Path, bad_row: Callable[[UserError], None]
) -> Iterator[tuple[int, list[str]]]:
    """(line on which the record starts, cells); blank lines are no records. After a bad one comes the next line."""
    while (line := lines.take()) is not None:
        taken = [line]
        try:
            cells = _cells(lines, taken, separator)
            inside = shape.first_row_among([text for _, text in taken[1:]], separator)
            if inside is not None:
                raise _lone_quote(taken, f"line {taken[inside + 1][0]} looks like a row of its own, but is inside it")
        except (csv.Error, UserError) as error:
            lines.put_back(taken[1:])
            fault = error if isinstance(error, UserError) else _malformed(str(error), taken)
            bad_row(UserError(fault.what, f"{path}:{line[0]}", fault.fix))
            continue
        if cells:
            yield line[0], cells


def _cells(lines: _Lines, taken: list[tuple[int, str]], separator: str) -> list[str]:
    """The cells of the record that begins with the line taken; takes more lines while a quote is open."""
    while True:
        try:
            return next(csv.reader((text for _, text in taken), delimiter=separator, strict=True), [])
        except csv.Error as error:
            if "unexpected end of data" not in str(error):
                raise
        while True:  # only a line with a quote can close the cell
            more = lines.take()
            if more is None or len(taken) == _MOST_LINES:
                lines.put_back([more] if more else [])
                raise _lone_quote(taken, "it is never closed")
            taken.append(more)
            if '"' in more[1]:
                break


def _lone_quote(taken: list[tuple[int, str]], how: str) -> UserError:
    return UserError(
        f"a cell of this row opens with a double quote, and {how}",
        fix='close the cell with a second quote, or remove it; write a quote that belongs to a text twice ("") in a '
        "quoted cell",
    )


def _malformed(said: str, taken: list[tuple[int, str]]) -> UserError:
    if len(taken) > 1 and "expected after" in said:
        return _lone_quote(taken, f"the next quote, on line {taken[-1][0]}, does not end the cell")
    if '\\"' in "".join(text for _, text in taken):
        what, fix = r"a quote is written as \" in a quoted cell", 'write it twice: ""; `sed \'s/\\\\"/""/g\' OLD > NEW`'
    elif "field larger" in said:
        what, fix = f"a cell of more than {csv.field_size_limit():,} characters", "shorten it, or remove the column"
    elif "new-line" in said:
        what, fix = "a carriage return inside the row, in a cell without quotes", "remove it, or quote the cell"
    else:
        what = f"malformed table row: {said}"
        fix = 'a cell that starts with " must end with one; write a quote inside such a cell twice ("")'
    return UserError(what, fix=fix)


def _separator(sample: Sequence[str]) -> str:
    """The separator that cuts the header into the most columns and the first rows into as many.

    Not csv.Sniffer, which pandas asks, too: it takes what stands beside quotes for the separator, so one caption that
    says 'stop', with commas around, makes a table of tabs one of commas; and a table of one column has none for it.
    """

    def fitness(separator: str) -> tuple[bool, float, int]:
        table = _lenient(sample, separator)
        width = len(table[0]) if table else 0
        # Captions hold commas too: a wrong separator betrays itself by rows of differing width.
        same = sum(len(cells) == width for cells in table) / max(len(table), 1)
        return width > 1, same, width

    return max(_SEPARATORS, key=fitness)  # the first of equals: a table of one column has commas


def _lenient(lines: Sequence[str], separator: str) -> list[list[str]]:
    """Records as far as they can be read: a sample may end inside a quoted cell."""
    table = []
    try:
        for cells in csv.reader(lines, delimiter=separator):
            if cells:
                table.append(cells)
    except csv.Error:
        pass  # the rows read before it are the sample; `rows` reports the error with its place
    return table


def _shown(names: Sequence[str], most: int = 12) -> str:
    more = f", and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(name[:40] for name in names[:most]) + more
