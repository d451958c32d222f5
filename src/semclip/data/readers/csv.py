"""Tables with a header line, .csv or .tsv; the separator (comma, semicolon, tab or |) is detected."""

import csv
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from semclip.core.errors import UserError
from semclip.data.readers._text import numbered_lines
from semclip.data.readers.base import Reader

_SEPARATORS = (",", ";", "\t", "|")
_SAMPLED_LINES = 50


class Csv(Reader):
    """Quoted cells may hold separators and line breaks; the row number is the line on which a row starts."""

    suffixes = (".csv", ".tsv")

    def rows(self, path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
        separator = _separator(path)
        records = _records(path, separator)
        start, header = next(records, (1, []))
        twice = {name for name in header if header.count(name) > 1 and name.strip()}
        if twice:
            raise UserError(f"two columns are called '{min(twice)}'", f"{path}:{start}", "rename one of them")
        # A table saved with its row labels has a nameless first column.
        names = [name.strip() or f"column {position}" for position, name in enumerate(header, 1)]
        called = "a tab" if separator == "\t" else f"'{separator}'"
        for number, cells in records:
            if len(cells) != len(names):
                raise UserError(
                    f"{len(cells)} cells, but the header names {len(names)} columns: {', '.join(names)}",
                    where=f"{path}:{number}",
                    fix=f"put cells that contain {called} or line breaks in double quotes",
                )
            yield number, dict(zip(names, cells, strict=True))


def _records(path: Path, separator: str) -> Iterator[tuple[int, list[str]]]:
    """(line on which the record starts, cells); blank lines are no records."""
    reader = csv.reader((line for _, line in numbered_lines(path)), delimiter=separator, strict=True)
    while True:
        start = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UserError(
                f"malformed table row: {error}",
                where=f"{path}:{start}",
                fix='a cell that starts with " must end with one; write a quote inside such a cell twice ("")',
            ) from None
        if cells:
            yield start, cells


def _separator(path: Path) -> str:
    """The separator that cuts the header into the most columns and the first rows into as many.

    Not csv.Sniffer, which pandas asks, too: it takes what stands beside quotes for the separator, so one caption that
    says 'stop', with commas around, makes a table of tabs one of commas; and a table of one column has none for it.
    """
    sample = [line for _, line in islice(numbered_lines(path), _SAMPLED_LINES)]

    def fitness(separator: str) -> tuple[bool, float, int]:
        table = _lenient(sample, separator)
        width = len(table[0]) if table else 0
        # Captions hold commas too: a wrong separator betrays itself by rows of differing width.
        same = sum(len(cells) == width for cells in table) / max(len(table), 1)
        return width > 1, same, width

    return max(_SEPARATORS, key=fitness)  # the first of equals: a table of one column has commas


def _lenient(lines: Iterable[str], separator: str) -> list[list[str]]:
    """Records as far as they can be read: a sample may end inside a quoted cell."""
    table = []
    try:
        for cells in csv.reader(lines, delimiter=separator):
            if cells:
                table.append(cells)
    except csv.Error:
        pass  # the rows read before it are the sample; `rows` reports the error with its place
    return table
