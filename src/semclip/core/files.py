"""Atomic file writing and hashing: a crash never leaves a partial file."""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from semclip.core.errors import UserError


def write_atomic(path: str | Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside `path`, then rename it over `path`.

    A reader sees the old file or the new one, never a part; after a failure the old one stands and the temporary
    file is gone. Raises UserError when the disk is full or the folder cannot be written.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(temporary)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())  # the rename must not reach the disk before the bytes do
        temporary.replace(path)
    except OSError as error:
        raise UserError(
            f"cannot write {path.name}: {error.strerror or error}",
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
    """Read JSON. Raises UserError for a missing or malformed file."""
    path = Path(path)
    try:
        return json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise UserError("file not found", where=str(path), fix="check the path") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"not valid JSON: {error}", where=str(path), fix="write the file again") from error


def sha256_file(path: str | Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
