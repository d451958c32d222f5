"""Trains in a process of its own that kills itself at a moment it is told, as the out-of-memory killer would.

`python -m tests.training.victim CONFIG RUN [MOMENT]`; moments are (N is the first step that is not before it):
    step:N       between two steps                     write:N    half of a checkpoint is written
    publish:N    the checkpoint is on the disk, but under its temporary name
    best         the best weights are on the disk, but under their temporary name
    wait:S       S seconds after the first step, wherever that is
"""

import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from semclip.core.config import load_config, parse
from semclip.training import checkpoint
from semclip.training.config import TrainConfig
from semclip.training.loop import train
from semclip.training.state import State


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)  # the signal is on its way


def arm(moment: str) -> None:
    """Put the death into the function in which it is to happen."""
    kind, _, at = moment.partition(":")
    count, write, publish, rename = State.count, checkpoint._write_state, checkpoint._publish, Path.rename
    waits = threading.Thread(target=lambda: (time.sleep(float(at)), die()), daemon=True)

    def counted(state: State, batch: Any) -> None:
        count(state, batch)
        if kind == "step" and state.step >= int(at):
            die()
        if kind == "wait" and not waits.is_alive():
            waits.start()

    def written(state: Any, path: Path) -> str:
        if kind == "write" and state["step"] >= int(at):
            path.write_bytes(b"half of it")
            die()
        return write(state, path)

    def published(temporary: Path, path: Path) -> None:
        if kind == "publish" and checkpoint.step_of(path) >= int(at):
            die()
        publish(temporary, path)

    def renamed(path: Path, target: Path) -> Path:
        if kind == "best" and path.name.startswith(".best.") and path.suffix == ".tmp":
            die()
        return rename(path, target)

    State.count = counted  # type: ignore[method-assign]
    checkpoint._write_state = written
    checkpoint._publish = published
    Path.rename = renamed  # type: ignore[method-assign,assignment]


def main() -> None:
    config, run = parse(TrainConfig, load_config(sys.argv[1]), sys.argv[1]), Path(sys.argv[2])
    for moment in sys.argv[3:]:
        arm(moment)
    train(config, run, Console(), resume=(run / "run.json").exists())


if __name__ == "__main__":
    main()
