"""Lines of a text file, decoded one at a time so that an error can name the line."""

import codecs
from collections.abc import Iterator
from pathlib import Path

from semclip.core.errors import UserError


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    """(line number from 1, line with its ending). Raises UserError where a line is not UTF-8."""
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if number == 1:
                    line = line.removeprefix(codecs.BOM_UTF8)  # spreadsheets write one
                try:
                    yield number, line.decode("utf-8")
                except UnicodeDecodeError as error:
                    raise UserError(
                        f"not UTF-8: byte 0x{line[error.start]:02x} at position {error.start + 1} of the line",
                        where=f"{path}:{number}",
                        fix="save the file as UTF-8, for example with `iconv -f LATIN1 -t UTF-8 OLD > NEW`",
                    ) from None
    except OSError as error:
        raise UserError(f"cannot read the file: {error.strerror or error}", where=str(path), fix="check it") from error
