"""The `semclip` command in a process that kills itself at a moment it is told, as the out-of-memory killer would.

`python -m tests.training.victim MOMENT train CONFIG --out RUN`; moments are (N: at that step, or the first after it):
    step:N       between two steps
    write:N      half of a checkpoint's bytes are written
    rename:N     all of a checkpoint is on the disk, under its temporary name; the rename is the next system call
    best         the same with the best weights, whose predecessor has just been moved aside
    wait:S       S seconds after the first step, wherever that is
"""

import os
import re
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import torch

from semclip.cli.main import run
from semclip.training.state import State

HALF = 1_000_000  # bytes of a checkpoint of several times as many


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)  # the signal is on its way


def arm(moment: str) -> None:
    """Lay the death where it is to happen."""
    kind, _, at = moment.partition(":")
    {"step": at_step, "wait": after_seconds, "write": in_write, "rename": before_rename, "best": before_rename}[kind](
        at
    )


def at_step(step: str) -> None:
    count = State.count

    def counted(state: State, batch: Any) -> None:
        count(state, batch)
        if state.step >= int(step):
            die()

    State.count = counted  # type: ignore[method-assign]


def after_seconds(seconds: str) -> None:
    count = State.count
    waits = threading.Thread(target=lambda: (time.sleep(float(seconds)), die()), daemon=True)

    def counted(state: State, batch: Any) -> None:
        count(state, batch)
        if not waits.is_alive():
            waits.start()

    State.count = counted  # type: ignore[method-assign]


def in_write(step: str) -> None:
    save = torch.save

    class Half:
        def __init__(self, file: Any) -> None:
            self.file, self.written = file, 0

        def write(self, data: bytes) -> int:
            self.written += len(data)
            if self.written > HALF:
                die()
            return int(self.file.write(data))

        def flush(self) -> None:
            self.file.flush()

    def saved(state: dict[str, Any], file: Any) -> None:
        save(state, Half(file) if state["step"] >= int(step) else file)

    torch.save = saved  # type: ignore[assignment]


def before_rename(step: str) -> None:
    """Watched where Python asks the system, so whichever function of ours it is that renames."""
    name = re.compile(r"\.step_(?P<step>\d+)\.\d+\.tmp" if step else r"\.best\.\d+\.tmp")

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        found = name.fullmatch(Path(arguments[0]).name) if event == "os.rename" else None
        if found and (not step or int(found["step"]) >= int(step)):
            die()

    sys.addaudithook(watch)


def main() -> None:
    arm(sys.argv.pop(1))
    run()


if __name__ == "__main__":
    main()
