"""One JSON object per line, .jsonl or .ndjson."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from semclip.core.errors import UserError
from semclip.data.readers._text import numbered_lines
from semclip.data.readers.base import Reader


class Jsonl(Reader):
    """The row number is the line number; blank lines are no rows."""

    suffixes = (".jsonl", ".ndjson")

    def rows(self, path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
        for number, line in numbered_lines(path):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except json.JSONDecodeError as error:
                raise UserError(
                    f"not valid JSON: {error.msg} at character {error.colno}",
                    where=f"{path}:{number}",
                    fix="write one complete JSON object per line",
                ) from None
            except RecursionError:
                raise UserError("JSON nested too deeply", where=f"{path}:{number}", fix="mend the line") from None
            if not isinstance(row, dict):
                raise UserError(
                    f"a row must be a JSON object, found {type(row).__name__}",
                    where=f"{path}:{number}",
                    fix='write {"image": ..., "caption": ...}, one per line',
                )
            yield number, row
