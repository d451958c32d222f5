"""One indexer at a time: a lock that says who holds it, and that goes with the process that held it."""

import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from semclip.core.errors import UserError


@contextmanager
def only_indexer(folder: Path, where: str) -> Iterator[None]:
    """Hold the lock in `folder`. Raises UserError naming machine and process where another one holds it.

    The system drops the lock when its owner dies, however it dies; what it leaves is no obstacle.
    """
    holder = folder / "indexing.json"
    lock = FileLock(folder / "indexing.lock")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout:
        raise UserError(
            f"another process is indexing: {_holder(holder)}",
            where=where,
            fix="wait until it is done, or end that process; nothing of its work is lost",
        ) from None
    except OSError as error:
        raise UserError(
            f"cannot write here: {error.strerror or error}", where=str(folder), fix="choose another --index"
        ) from error
    try:
        holder.write_text(json.dumps({"host": platform.node(), "pid": os.getpid()}))
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _holder(file: Path) -> str:
    try:
        found = json.loads(file.read_text())
        return f"process {found['pid']} on {found['host']}"
    except (OSError, ValueError, KeyError):  # it has the lock and has not yet written who it is
        return "a process that has just begun"
