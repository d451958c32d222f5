"""Atomic file writing and hashing: a crash never leaves a partial file."""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from semclip.core.errors import UserError
from semclip.core.parsing import parse_json


def write_atomic(path: str | Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside `path`, then rename it over `path`.

    A reader sees the old file or the new one, never a part; after a failure the old one stands and the temporary
    file is gone. Raises UserError when the disk is full or the folder cannot be written.
    """
    path = Path(path)
    place = path.absolute()  # "." has a name, too
    temporary = place.with_name(f".{place.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(temporary)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())  # the rename must not reach the disk before the bytes do
        temporary.replace(path)
    except OSError as error:
        raise UserError(
            f"cannot write {place.name}: {error.strerror or error}",
            where=str(path),
            fix="free some space or choose a folder you may write to; the file that stood there before is untouched",
        ) from error
    finally:
        if temporary.exists():  # unlink(missing_ok=True) would fail where the folder is a file
            temporary.unlink()


def write_text(path: str | Path, text: str) -> None:
    """Write UTF-8 text atomically."""
    write_atomic(path, lambda p: p.write_bytes(text.encode("utf-8")))


def write_json(path: str | Path, value: Any, indent: int | None = 1) -> None:
    """Write JSON atomically. NaN and infinity are refused: they are not JSON, and no result of ours may be one."""
    write_text(path, json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: str | Path) -> Any:
    """Read JSON, within the bounds of `core.parsing`. Raises UserError for a missing or malformed file."""
    return parse_json(read_bytes(path), where=str(path))


def read_bytes(path: str | Path) -> bytes:
    """The content of a file. Raises UserError for one that is missing or cannot be read."""
    try:
        return Path(path).read_bytes()
    except FileNotFoundError:
        raise UserError("file not found", where=str(path), fix="check the path") from None
    except (OSError, ValueError) as error:  # ValueError: a path with NUL in it
        raise UserError(f"cannot read the file: {reason(error)}", where=str(path), fix="check the path") from error


def is_file(path: str | Path) -> bool:
    """Whether a path leads to a regular file; False, too, for a path that no file can have: too long, or with NUL."""
    try:
        return Path(path).is_file()
    except (OSError, ValueError):
        return False


def is_dir(path: str | Path) -> bool:
    """Whether a path leads to a folder; False, too, for a path that no folder can have."""
    try:
        return Path(path).is_dir()
    except (OSError, ValueError):
        return False


def reason(error: OSError | ValueError) -> str:
    """What went wrong with a file, in the system's words and without its path."""
    return getattr(error, "strerror", None) or str(error)


def sha256_file(path: str | Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
