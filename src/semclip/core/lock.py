"""One process at a time: a lock that says who holds it, and that goes with the process that held it."""

import json
import os
import platform
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from semclip.core.errors import UserError

#: Seconds between two signs of life of a holder, and after how many without one it counts as dead: for holders on other
#: machines, whose locks some shared disks do not pass on.
BEAT, SILENCE = 15.0, 60.0
#: Seconds that are waited for a lock whose holder is dead: its workers, which hold it as well, end a moment later.
_DYING = 10.0
_PAUSE = 0.1


@dataclass(frozen=True)
class Holder:
    """A process that has a lock."""

    host: str
    pid: int

    @classmethod
    def this(cls) -> "Holder":
        return cls(platform.node(), os.getpid())

    @property
    def here(self) -> bool:
        return self.host == platform.node()

    def alive(self) -> bool:
        """Whether it runs on this machine."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"


def lock_of(held: Path) -> Path:
    """The lock of a file or a folder, hidden beside it as `.NAME`; "." has a name, too."""
    place = held.resolve()
    return place.with_name(f".{place.name}")


@contextmanager
def only_one(lock: Path, doing: str, where: str, fix: str = "", wait: bool = False) -> Iterator[None]:
    """Hold the lock in the files LOCK.lock and LOCK.json, the second of which names the holder.

    The system drops the lock when its owner dies, however it dies; what it leaves is no obstacle.
    doing: for messages, "is training here". wait: until the other is done, instead of refusing.
    Raises UserError naming machine and process where another one holds it, and for a place that cannot be written.
    """
    said = lock.with_name(f"{lock.name}.json")
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        held = FileLock(lock.with_name(f"{lock.name}.lock"))
        _acquire(held, said, doing, where, fix, wait)
        said.write_text(json.dumps(asdict(Holder.this())))
    except OSError as error:
        raise UserError(
            f"cannot write here: {error.strerror or error}", where=str(lock.parent), fix="choose another folder"
        ) from error
    stop = threading.Event()
    threading.Thread(target=_beat, args=(said, stop), name=f"holder of {lock}", daemon=True).start()
    try:
        yield
    finally:
        stop.set()
        said.unlink(missing_ok=True)
        held.release()


def _acquire(held: FileLock, said: Path, doing: str, where: str, fix: str, wait: bool) -> None:
    started, told = time.monotonic(), False
    while True:
        try:
            held.acquire(timeout=0)
        except Timeout:
            holder = _holder(said)
            dying = holder is not None and holder.here and not holder.alive()
            if not wait and not (dying and time.monotonic() - started < _DYING):
                raise UserError(
                    f"another process {doing}: {holder or 'one that has just begun'}",
                    where=where,
                    fix=fix or "wait until it is done, or end that process; nothing of its work is lost",
                ) from None
        else:
            holder = _holder(said)
            # The lock of this machine is no proof where a disk is shared without its locks.
            if holder is None or holder.here or _silence(held, said) > SILENCE:
                return
            held.release()
            if not wait:
                raise UserError(
                    f"another process {doing}: {holder}, which gave a sign of life less than {SILENCE:.0f} seconds ago",
                    where=where,
                    fix=fix or f"wait until it is done; if it has died, wait {SILENCE:.0f} seconds and try again",
                )
        if wait and not told:
            told = True
            print(f"waiting: another process {doing}: {holder or 'one that has just begun'}", file=sys.stderr)
        time.sleep(_PAUSE)


def _holder(said: Path) -> Holder | None:
    try:
        found = json.loads(said.read_text())
        return Holder(str(found["host"]), int(found["pid"]))
    except (OSError, ValueError, KeyError, TypeError):  # it has the lock and has not yet written who it is
        return None


def _silence(held: FileLock, said: Path) -> float:
    """Seconds since the holder's last sign of life, by the clock of the disk."""
    os.utime(held.lock_file)
    try:
        return Path(held.lock_file).stat().st_mtime - said.stat().st_mtime
    except FileNotFoundError:
        return SILENCE + 1


def _beat(said: Path, stop: threading.Event) -> None:
    while not stop.wait(BEAT):
        try:
            os.utime(said)
        except OSError:
            return
