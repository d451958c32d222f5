"""Rows of official annotation files, each with its `file:row` for messages."""

import ast
import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from semclip.core.errors import UserError, did_you_mean
from semclip.core.files import read_json
from semclip.data.readers.jsonl import Jsonl

_FIX = "get the official file again; it is read unchanged"


@dataclass(frozen=True, slots=True)
class Row:
    """One row. where: `file:row`, in a CSV the line it starts on, in JSON its key or place."""

    where: str
    values: Mapping[str, Any]

    @property
    def key(self) -> str:
        """The last part of `where`: the row's number or key in its file."""
        return self.where.rpartition(":")[2]

    def text(self, key: str) -> str:
        """The text under `key`, neither stripped nor re-cased; it may be empty."""
        value = self._get(key)
        if not isinstance(value, str):
            raise self.fault(f"'{key}' is {value!r}, not a text")
        return value

    def whole(self, key: str) -> int:
        """The whole number under `key`."""
        value = self.number(key)
        if value != int(value):
            raise self.fault(f"'{key}' is {value!r}, not a whole number")
        return int(value)

    def number(self, key: str) -> float:
        """The number under `key`; in a CSV it is written as text."""
        value = self._get(key)
        try:
            number = float(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else math.nan
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise self.fault(f"'{key}' is {value!r}, not a number")
        return number

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts under `key`; in a CSV it is written as a Python list literal, which is read, never run."""
        value = self._get(key)
        if isinstance(value, str):
            try:
                value = ast.literal_eval(value)
            except (ValueError, SyntaxError, MemoryError, RecursionError):
                raise self.fault(f"'{key}' is no list of texts: {value[:60]!r}") from None
        if not isinstance(value, list | tuple) or not all(isinstance(v, str) for v in value):
            raise self.fault(f"'{key}' is no list of texts")
        return tuple(value)

    def one_of(self, key: str, known: Sequence[str]) -> str:
        """The text under `key`, which must be one of `known`."""
        value = self.text(key)
        if value not in known:
            raise self.fault(f"'{key}' is '{value}'", did_you_mean(value, known))
        return value

    def fault(self, what: str, fix: str = _FIX) -> UserError:
        """What is wrong with this row, to be raised."""
        return UserError(what, where=self.where, fix=fix)

    def _get(self, key: str) -> Any:
        if key not in self.values:
            raise self.fault(f"no '{key}'", f"found: {', '.join(map(str, self.values)) or 'nothing'}; {_FIX}")
        return self.values[key]


def csv_rows(path: Path, columns: Sequence[str]) -> list[Row]:
    """Rows of a CSV file with at least these columns. Raises UserError with `file:row`."""
    rows: list[Row] = []
    line = 1
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            missing = [c for c in columns if c not in (reader.fieldnames or ())]
            if missing:
                raise UserError(f"no column '{missing[0]}'", where=str(path), fix=_FIX)
            line = reader.line_num + 1
            for values in reader:
                row = Row(f"{path}:{line}", values)
                if None in values or None in values.values():
                    raise row.fault("more or fewer cells than the header has")
                rows.append(row)
                line = reader.line_num + 1
    except FileNotFoundError:
        raise UserError("file not found", where=str(path), fix="check the path") from None
    except (csv.Error, UnicodeDecodeError) as error:
        raise UserError(f"not a readable CSV file: {error}", where=f"{path}:{line}", fix=_FIX) from error
    return rows


def objects(path: Path, columns: Sequence[str]) -> list[Row]:
    """Rows of a JSON file that have a text in each of `columns`; a list counts from 0, a dict has keys."""
    found = read_json(path)
    if not isinstance(found, dict | list):
        raise UserError("neither a dict nor a list of rows", where=str(path), fix=_FIX)
    rows = []
    for key, values in found.items() if isinstance(found, dict) else enumerate(found):
        rows.append(Row(f"{path}:{key}", values))
        for column in columns:
            if not isinstance(values, dict) or not isinstance(values.get(column), str):
                raise rows[-1].fault(f"no text '{column}'")
    return rows


def json_lines(path: Path) -> list[Row]:
    """Rows of a JSON Lines file. Raises UserError with `file:line`."""
    if not path.is_file():
        raise UserError("file not found", where=str(path), fix="check the path")
    rows = [Row(f"{path}:{number}", values) for number, values in Jsonl().rows(path)]
    if not rows:
        raise UserError("the file holds no rows", where=str(path), fix=_FIX)
    return rows
