"""A table as data, and its form in a terminal and in Markdown; for the page, macros.html has it."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table as RichTable

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
class Table:
    """One table. heads: of all columns, the first one's too. rows: a title and a cell for each further column.

    name: of the table in the code. note: how to read it, in sentences.
    """

    name: str
    title: str
    note: str
    heads: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Cell]]]


def as_rich(table: Table) -> "list[RichTable]":
    """The table for a terminal: one table, or several of at most `WIDE` columns that repeat the first."""
    from rich import box
    from rich.table import Table as RichTable
    from rich.text import Text

    columns = len(table.heads) - 1
    count = math.ceil(columns / WIDE)
    edges = [round(columns * i / count) for i in range(count + 1)]
    tables = []
    for start, end in itertools.pairwise(edges):
        part = RichTable(box=box.SIMPLE_HEAD, title_justify="left", caption_justify="left")
        part.add_column(Text(table.heads[0]))
        for head in table.heads[1 + start : 1 + end]:
            part.add_column(Text(head), justify="right")
        for title, cells in table.rows:
            texts = [Text(_lines(c, short=count > 1), style=_COLOURS[c.state]) for c in cells[start:end]]
            part.add_row(Text(title), *texts)
        tables.append(part)
    tables[0].title = Text(table.title)
    starred = count > 1 and any(cell.p for _, cells in table.rows for cell in cells)
    tables[-1].caption = Text(f"{table.note} {'* is clear: p below 0.05.' * starred}".strip())
    return tables


def as_markdown(table: Table) -> str:
    """The table as a Markdown section: values with their intervals, and differences as a table of their own.

    Shares are written in percent without the sign; bold: a clear difference.
    """
    values = [[_pair(c.value, c.interval, "" if c.change else c.p, c) for c in cells] for _, cells in table.rows]
    changes = [
        [_pair(c.change, c.change_interval, c.p, c) if c.change else "" for c in cells] for _, cells in table.rows
    ]
    parts = [f"### {table.title}", table.note, _pipes(table, values)]
    if any(text for row in changes for text in row):
        parts += ["The same as differences:", _pipes(table, changes)]
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


def _pipes(table: Table, rows: Sequence[Sequence[str]]) -> str:
    used = [i for i in range(len(table.heads) - 1) if any(row[i] for row in rows)]
    lines = [[table.heads[0], *(table.heads[i + 1] for i in used)], ["---", *("---:" for _ in used)]]
    lines += [[title, *(row[i] for i in used)] for (title, _), row in zip(table.rows, rows, strict=True) if any(row)]
    return "\n".join(f"| {' | '.join(text.replace('|', chr(92) + '|') for text in line)} |" for line in lines)
