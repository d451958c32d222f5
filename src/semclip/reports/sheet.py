"""A table as data, and how it looks in a terminal and in Markdown. The page has its own template for it."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

#: More columns than this do not fit into a terminal; then "*" stands for a clear difference instead of its p.
WIDE = 5
_COLOURS = {"better": "green", "worse": "red", "": ""}


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A number, and its difference to a reference (`change`), or a difference itself. p: of the difference.

    state: "better" or "worse" than the reference where that is clear, else "". official: the published script's value.
    """

    value: str
    interval: str = ""
    ties: str = ""
    change: str = ""
    change_interval: str = ""
    p: str = ""
    state: str = ""
    official: str = ""


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One table. heads: of all columns, the first one's too. rows: a title and a cell for each further column.

    name: of the sheet in the code. note: how to read it, in sentences.
    """

    name: str
    title: str
    note: str
    heads: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Cell]]]


def as_tables(sheet: Sheet) -> "list[Table]":
    """The sheet for a terminal: one table, or several of at most `WIDE` columns that repeat the first."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    columns = len(sheet.heads) - 1
    parts = math.ceil(columns / WIDE)
    edges = [round(columns * part / parts) for part in range(parts + 1)]
    tables = []
    for start, end in itertools.pairwise(edges):
        table = Table(box=box.SIMPLE_HEAD, title_justify="left", caption_justify="left")
        table.add_column(Text(sheet.heads[0]))
        for head in sheet.heads[1 + start : 1 + end]:
            table.add_column(Text(head), justify="right")
        for title, cells in sheet.rows:
            texts = [Text(_lines(c, short=parts > 1), style=_COLOURS[c.state]) for c in cells[start:end]]
            table.add_row(Text(title), *texts)
        tables.append(table)
    tables[0].title = Text(sheet.title)
    starred = parts > 1 and any(cell.p for _, cells in sheet.rows for cell in cells)
    tables[-1].caption = Text(f"{sheet.note} * is clear: p below 0.05." if starred else sheet.note)
    return tables


def as_markdown(sheet: Sheet) -> str:
    """The sheet as a Markdown section: values with their intervals, and differences as a table of their own.

    Shares are written in percent without the sign; bold: a clear difference.
    """
    values = [[_pair(c.value, c.interval, "" if c.change else c.p, c) for c in cells] for _, cells in sheet.rows]
    changes = [
        [_pair(c.change, c.change_interval, c.p, c) if c.change else "" for c in cells] for _, cells in sheet.rows
    ]
    parts = [f"### {sheet.title}", sheet.note, _pipes(sheet, values)]
    if any(text for row in changes for text in row):
        parts += ["The same as differences:", _pipes(sheet, changes)]
    return "\n\n".join(filter(None, parts)) + "\n"


def _lines(cell: Cell, short: bool) -> str:
    lines = [text for text in (cell.value, cell.change) if text]
    if short:
        lines = [without_unit(text) for text in lines]
        lines[-1] += "*" if cell.state else ""
    elif cell.p:
        lines[-1] += f", {cell.p}"
    return "\n".join(lines)


def without_unit(text: str) -> str:
    """Where every number of a table has the same unit and there is no room to repeat it."""
    return text.removesuffix(" points").removesuffix(" %")


def _pair(number: str, interval: str, p: str, cell: Cell) -> str:
    number = without_unit(number)
    return " ".join(filter(None, (f"**{number}**" if cell.state and p else number, interval, p)))


def _pipes(sheet: Sheet, rows: Sequence[Sequence[str]]) -> str:
    used = [i for i in range(len(sheet.heads) - 1) if any(row[i] for row in rows)]
    lines = [[sheet.heads[0], *(sheet.heads[i + 1] for i in used)], ["---", *("---:" for _ in used)]]
    lines += [[title, *(row[i] for i in used)] for (title, _), row in zip(sheet.rows, rows, strict=True) if any(row)]
    return "\n".join(f"| {' | '.join(text.replace('|', chr(92) + '|') for text in line)} |" for line in lines)
