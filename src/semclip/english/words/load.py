"""Word lists in files of this folder: lines, `#` for their source and what a line means."""

import functools
from pathlib import Path


@functools.cache
def lines_of(name: str) -> tuple[str, ...]:
    """The lines of a list without comments and empty ones."""
    text = Path(__file__).with_name(f"{name}.txt").read_text(encoding="utf-8")
    return tuple(line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#"))


def rows_of(name: str, columns: int) -> list[list[str]]:
    """The lines cut at ";" into so many columns, missing ones empty."""
    cut = [[cell.strip() for cell in line.split(";")] for line in lines_of(name)]
    return [[*cells, *[""] * (columns - len(cells))] for cells in cut]


@functools.cache
def table_of(name: str) -> dict[str, tuple[str, ...]]:
    """The words behind each "key : "; lines without a key go on with those of the line before."""
    found: dict[str, tuple[str, ...]] = {}
    key = ""
    for line in lines_of(name):
        before, _, words = line.rpartition(" : ")
        key = before or key
        found[key] = (*found.get(key, ()), *words.split())
    return found


def listed(name: str) -> frozenset[str]:
    """The words of one of the lists in `lists.txt`."""
    return frozenset(table_of("lists")[name])
