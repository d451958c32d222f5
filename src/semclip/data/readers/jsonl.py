"""One JSON object per line, .jsonl or .ndjson."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from semclip.core.errors import UserError
from semclip.core.parsing import parse_json
from semclip.data.readers._json_stream import is_lines
from semclip.data.readers._text import numbered_lines
from semclip.data.readers.base import Reader


class Jsonl(Reader):
    """The row number is the line number; blank lines are no rows."""

    suffixes = (".jsonl", ".ndjson")
    rank = 6  # after the readers that find another kind of JSON under these names

    @classmethod
    def reads(cls, path: Path) -> bool:
        return path.suffix.lower() in cls.suffixes or (path.suffix.lower() == ".json" and is_lines(path))

    def rows(self, path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
        for number, line in numbered_lines(path):
            if not line.strip():
                continue
            where = f"{path}:{number}"
            try:
                yield number, _row(line, where)
            except UserError as error:
                self.bad_row(error)


def _row(line: str, where: str) -> dict[str, Any]:
    row = parse_json(line, where, fix="write one complete JSON object per line")
    if not isinstance(row, dict):
        raise UserError(
            f"a row must be a JSON object, found {type(row).__name__}",
            where=where,
            fix='write {"image": ..., "caption": ...}, one per line',
        )
    return row
