"""One indexer at a time where machines share no folder: a row on object storage that says who indexes, and shows it.

A commit of LanceDB that changes a row succeeds only if nobody changed that row meanwhile, so of several machines that
put their name into the free row one succeeds. Its holder counts the row up every BEAT seconds. Who finds the row taken
watches it, since clocks of machines differ: a holder that does not count for SILENCE seconds is dead, and its row free.
"""

import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pyarrow as pa

from semclip.core.errors import UserError
from semclip.core.lock import BEAT, SILENCE, Holder
from semclip.search.lance import connect, told

_NAME = "indexing"
_SCHEMA = pa.schema([("token", pa.string()), ("host", pa.string()), ("pid", pa.int64()), ("beat", pa.int64())])
#: Seconds between two looks at a row that somebody holds.
_LOOK = 1.0
#: Old versions of the row stay this long, for those that are looking at it.
_KEEP = timedelta(hours=1)


@dataclass(frozen=True)
class Claim:
    """What the row says: who indexes, and how often it has shown so. token: "" where nobody does."""

    token: str
    holder: Holder
    beat: int


class BucketLock:
    """The row of one index."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._table = self._made()

    def read(self) -> Claim:
        with told(self._place):
            self._table.checkout_latest()
            (row,) = self._table.to_arrow().to_pylist()
        return Claim(row["token"], Holder(row["host"], row["pid"]), row["beat"])

    def change(self, seen: Claim, new: Claim) -> bool:
        """Whether the row was still as `seen`, and is now `new`."""
        values = {"token": new.token, "host": new.holder.host, "pid": new.holder.pid, "beat": new.beat}
        where = f"token = '{seen.token}' AND beat = {seen.beat}"
        with told(self._place):
            self._table.checkout_latest()
            return bool(self._table.update(where=where, values=values).rows_updated)

    def tidy(self) -> None:
        with told(self._place):
            self._table.optimize(cleanup_older_than=_KEEP)

    def _made(self) -> Any:
        free = [{"token": "", "host": "", "pid": 0, "beat": 0}]
        with told(self._place):
            return connect(self._place).create_table(_NAME, pa.Table.from_pylist(free, _SCHEMA), exist_ok=True)


@contextmanager
def only_machine(place: str) -> Iterator[None]:
    """Hold the index's row. Raises UserError naming machine and process where another one holds it, and in the end
    where another machine has taken it over, since this one could not be seen for long."""
    row = BucketLock(place)
    mine = _acquired(row, place)
    heart = _Heart(row, mine)
    heart.start()
    try:
        yield
    finally:
        heart.stop()
    if heart.lost:
        raise UserError(
            "another machine took over indexing, since this one gave no sign of life for too long",
            where=place,
            fix="type the same command again when the other is done; no photo is lost",
        )


def _acquired(row: BucketLock, place: str) -> Claim:
    started, first = time.monotonic(), row.read()
    seen = first
    while True:
        dead = seen.holder.here and not seen.holder.alive()
        if not seen.token or dead or time.monotonic() - started > SILENCE:
            mine = Claim(uuid.uuid4().hex, Holder.this(), 0)
            if row.change(seen, mine):
                return mine
        elif seen is first:
            print(
                f"{place} is held by {seen.holder}: looking for {SILENCE:.0f} seconds whether it is alive",
                file=sys.stderr,
                flush=True,
            )
        time.sleep(_LOOK if seen.token else 0)
        now = row.read()
        if now.token and now != first:
            raise UserError(
                f"another process is indexing: {now.holder}",
                where=place,
                fix="wait until it is done, or end that process; nothing of its work is lost",
            )
        seen = now


class _Heart:
    """Shows in a thread that the holder is alive. lost: the row is another's, who took this holder for dead."""

    def __init__(self, row: BucketLock, mine: Claim) -> None:
        self._row, self._mine, self.lost = row, mine, False
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="holder of the index", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End it, and free the row."""
        self._stopped.set()
        self._thread.join()
        with suppress(UserError):  # out of reach: others see before long that nobody counts
            self._to(Claim("", Holder("", 0), 0))
            self._row.tidy()

    def _beat(self) -> None:
        while not self.lost and not self._stopped.wait(BEAT):
            with suppress(UserError):  # out of reach for a moment; if for long, another one takes over
                self._to(Claim(self._mine.token, self._mine.holder, self._mine.beat + 1))

    def _to(self, new: Claim) -> None:
        if self._row.change(self._mine, new):
            self._mine = new
            return
        found = self._row.read()
        self.lost = found.token != self._mine.token
        self._mine = self._mine if self.lost else found  # a change that seemed to fail has reached it
