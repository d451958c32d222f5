"""`semclip` in a process that kills itself while it indexes: `victim MOMENT:SECONDS WORDS`, seconds after the moment.

Moments: `look` the first photo is read, `write` rows are about to be committed (for the second time), `delete`, `tidy`,
`rows` the mapped files are written. Commits hold few photos, so that there are many of them.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from semclip.cli.main import run
from semclip.search import indexing
from semclip.search.rows import Rows
from semclip.search.table import PhotoTable

PLACES: dict[str, tuple[Any, str]] = {
    "look": (indexing.Indexer, "_look"),
    "write": (PhotoTable, "write"),
    "delete": (PhotoTable, "delete"),
    "tidy": (PhotoTable, "tidy"),
    "rows": (Rows, "of"),
}


def die(seconds: float) -> None:
    time.sleep(seconds)
    os.kill(os.getpid(), signal.SIGKILL)


def arm(owner: Any, name: str, seconds: float, times: int) -> None:
    original: Callable[..., Any] = getattr(owner, name)
    calls = 0

    def watched(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == times:
            threading.Thread(target=die, args=(seconds,), daemon=True).start()
        return original(*arguments)

    setattr(owner, name, watched)


def main() -> None:
    moment, _, seconds = sys.argv.pop(1).partition(":")
    indexing.COMMIT_PHOTOS = 5
    arm(*PLACES[moment], float(seconds), 2 if moment == "write" else 1)
    run()
    time.sleep(1)  # the signal may be on its way
