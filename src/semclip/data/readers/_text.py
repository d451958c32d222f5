"""Lines of a text file, decoded one at a time so that an error can name the line."""

import codecs
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import IO

from semclip.core.errors import UserError
from semclip.core.files import reason

#: Bytes of one line; a longer one is a file of another kind, and would fill the memory.
LONGEST_LINE = 64 * 1024**2
_HEAD = 64 * 1024

#: First bytes of files of other kinds -> what they are, and the command that makes a text file of one.
_OTHER_KINDS = (
    (codecs.BOM_UTF32_LE, "UTF-32 text", "iconv -f UTF-32 -t UTF-8 OLD > NEW"),
    (codecs.BOM_UTF32_BE, "UTF-32 text", "iconv -f UTF-32 -t UTF-8 OLD > NEW"),
    (codecs.BOM_UTF16_LE, "UTF-16 text", "iconv -f UTF-16 -t UTF-8 OLD > NEW"),
    (codecs.BOM_UTF16_BE, "UTF-16 text", "iconv -f UTF-16 -t UTF-8 OLD > NEW"),
    (b"\x1f\x8b", "compressed by gzip", "gunzip -c OLD > NEW"),
    (b"BZh", "compressed by bzip2", "bunzip2 -c OLD > NEW"),
    (b"\xfd7zXZ\0", "compressed by xz", "unxz -c OLD > NEW"),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd", "zstd -dc OLD > NEW"),
    (b"PK\x03\x04", "a zip archive or an Excel workbook", "unpack it, or save the sheet as CSV UTF-8"),
    (b"PAR1", "a Parquet table", "mv OLD NEW.parquet"),
)


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    """(line number from 1, line with its ending). Lines end with LF, CR LF, or CR alone as on old Macs.

    Raises UserError for a file that is no UTF-8 text, with the command that makes it one, and for a pipe or a device,
    which opening would wait for.
    """
    try:
        if path.exists() and not path.is_file():
            raise UserError("not a regular file", where=str(path), fix="put a file of text there, or remove it")
        with path.open("rb") as file:
            head = file.read(_HEAD)
            file.seek(0)
            _refuse_other_kinds(head, path)
            for number, line in enumerate(_lines(file, head), 1):
                if number == 1:
                    line = line.removeprefix(codecs.BOM_UTF8)  # spreadsheets write one
                if len(line) > LONGEST_LINE:
                    raise UserError(
                        f"a line of more than {LONGEST_LINE // 1024**2} MB",
                        f"{path}:{number}",
                        "write one row per line",
                    )
                try:
                    yield number, line.decode("utf-8")
                except UnicodeDecodeError as error:
                    raise _not_utf8(line, error, f"{path}:{number}") from None
    except (OSError, ValueError) as error:
        raise UserError(f"cannot read the file: {reason(error)}", where=str(path), fix="check it") from error


def _lines(file: IO[bytes], head: bytes) -> Iterator[bytes]:
    if b"\n" in head or b"\r" not in head:
        yield from iter(partial(file.readline, LONGEST_LINE + 1), b"")
        return
    rest = b""
    while piece := file.read(_HEAD):
        *whole, rest = (rest + piece).split(b"\r")
        yield from (line + b"\n" for line in whole)
    if rest:
        yield rest


def _refuse_other_kinds(head: bytes, path: Path) -> None:
    found = next(((kind, command) for magic, kind, command in _OTHER_KINDS if head.startswith(magic)), None)
    if found is None and head[:400].count(0) > len(head[:400]) // 3:  # every other byte of Latin letters in UTF-16
        order = "LE" if head[1:2] == b"\0" else "BE"
        found = "UTF-16 text", f"iconv -f UTF-16{order} -t UTF-8 OLD > NEW"
    if found:
        raise UserError(f"not a UTF-8 text, but {found[0]}", where=str(path), fix=f"make one of it: `{found[1]}`")


#: Latin-1 has control characters where Windows writes curly quotes and dashes, and all else is the same.
HOW_TO_RECODE = (
    "save the file as UTF-8; where it comes from a Western European computer, "
    "`iconv -f WINDOWS-1252 -t UTF-8 OLD > NEW`"
)


def _not_utf8(line: bytes, error: UnicodeDecodeError, where: str) -> UserError:
    return UserError(
        f"not UTF-8: byte 0x{line[error.start]:02x} at position {error.start + 1} of the line",
        where=where,
        fix=HOW_TO_RECODE,
    )


def read_text(path: Path) -> str:
    """A whole text file. Raises UserError where it cannot be read or is not UTF-8."""
    return "".join(line for _, line in numbered_lines(path))


def captions_of(text: str) -> list[str]:
    """The captions in a text file beside a picture: one for each line that is not blank.

    Lines end with LF, CR LF or CR; other characters that may break a line, such as U+2028, are part of a caption.
    """
    return [line.strip() for line in text.replace("\r", "\n").split("\n") if line.strip()]
