"""Rows that a stray quote has swallowed: lines inside a cell that look like the rows around it."""

import csv
import re
from collections.abc import Callable, Sequence
from pathlib import PurePath

#: What a cell of a column of names or numbers may have -> whether a cell has it.
_TRAITS: dict[str, Callable[[str], bool]] = {
    "a digit": lambda cell: bool(re.search(r"\d", cell)),
    "digits alone": str.isdecimal,
    "a suffix": lambda cell: bool(re.search(r"\w\.[A-Za-z]\w{1,4}$", cell)),
    "a folder": lambda cell: len(PurePath(cell).parts) > 1,
}
#: Rows that must share a trait before it says something about another.
_FEWEST = 2


class RowShape:
    """What the rows of a table have in common, by which a line inside a cell is known as one of them.

    Telling are columns whose cells are single words with a trait in common: names of files, numbers. A table without
    one tells nothing, and its cells are believed.
    """

    def __init__(self, names: Sequence[str], sample: Sequence[Sequence[str]]) -> None:
        """sample: cells of single lines."""
        self._width = len(names)
        rows = [[cell.strip() for cell in cells] for cells in sample if len(cells) == len(names)]
        self._telling: dict[int, list[str]] = {}
        for column in range(len(names)) if len(rows) >= _FEWEST else ():
            cells = [row[column] for row in rows]
            if sum(_single_word(cell) for cell in cells) < 0.8 * len(cells):
                continue
            words = [cell for cell in cells if _single_word(cell)]
            traits = [name for name, has in _TRAITS.items() if sum(map(has, words)) >= 0.9 * len(words)]
            if traits:
                self._telling[column] = traits

    def first_row_among(self, lines: Sequence[str], separator: str) -> int | None:
        """The place of the first line that looks like a row, None where none does."""
        if not self._telling:
            return None
        return next((place for place, line in enumerate(lines) if self._is_row(line, separator)), None)

    def _is_row(self, line: str, separator: str) -> bool:
        # Quotes are letters here: where one was left out or added, pairs of them mean nothing.
        cells = next(csv.reader([line.strip("\r\n")], delimiter=separator, quoting=csv.QUOTE_NONE), [])
        if len(cells) < self._width:
            return False
        return all(self._fits(cells[column].strip(' "'), traits) for column, traits in self._telling.items())

    def _fits(self, cell: str, traits: Sequence[str]) -> bool:
        return _single_word(cell) and all(_TRAITS[trait](cell) for trait in traits)


def _single_word(cell: str) -> bool:
    return bool(cell) and not re.search(r"\s", cell)
