"""Trackers of a run: warnings and a progress bar on the terminal, metrics.jsonl always, TensorBoard if asked for."""

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from semclip.core.errors import UserError
from semclip.core.files import write_text


def warn(console: Console, message: str) -> None:
    """Print a warning; nothing for ""."""
    if message:
        console.print(Text.assemble(("warning:", "yellow"), f" {message}"), soft_wrap=True)


class LogLines:
    """Progress for a log file: the first steps, and then a line a minute, with the time that is left."""

    SECONDS = 60.0
    FIRST = (1, 3, 10)

    def __init__(self, console: Console, total: int, done: int) -> None:
        self.console, self.total, self.step, self.begun = console, total, done, done
        self.first = self.said = time.monotonic()

    def __call__(self, loss: float) -> None:
        """After each step."""
        self.step += 1
        taken, now = self.step - self.begun, time.monotonic()
        if taken == 1:
            self.first = now  # what is prepared for the first step is no measure of the others
        if taken not in self.FIRST and now - self.said < self.SECONDS:
            return
        self.said = now
        left = f", {duration((now - self.first) / (taken - 1) * (self.total - self.step))} left" if taken > 1 else ""
        line = f"  step {self.step:>6} of {self.total:,}  loss {loss:.3f}{left}"
        self.console.print(line, markup=False, highlight=False, soft_wrap=True)


def duration(seconds: float) -> str:
    """Such as `3 h 20 min`; to a person, finer is noise."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return "less than a minute"
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


@contextlib.contextmanager
def progress_bar(console: Console, total: int, done: int) -> Iterator[Callable[[float], None]]:
    """A bar with the loss beside it; where the output is no terminal, a line now and then instead."""
    if not console.is_terminal:
        yield LogLines(console, total, done)
        return
    columns = (
        TextColumn("  training"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("loss {task.fields[loss]:.3f}"),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("training", total=total, completed=done, loss=float("nan"))
        yield lambda loss: progress.update(task, advance=1, loss=loss)


class Tracker(Protocol):
    def log(self, step: int, split: str, values: Mapping[str, float]) -> None: ...


class JsonLines:
    """One line per logged step: {"step": 10, "split": "train", "loss": 1.2, ...}."""

    def __init__(self, path: Path, resume_step: int) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = []
        if path.exists():
            # A killed run may have logged past its last checkpoint, and cut its last line: those steps come again.
            for line in path.read_text("utf-8", errors="replace").splitlines():
                try:
                    record = json.loads(line)
                    step, split = int(record["step"]), record["split"]
                except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
                    continue
                # The validation of the checkpoint's own step comes again, too.
                if step < resume_step or (step == resume_step > 0 and split == "train"):
                    kept.append(line)
        write_text(path, "".join(line + "\n" for line in kept))

    def log(self, step: int, split: str, values: Mapping[str, float]) -> None:
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"step": step, "split": split, **values}) + "\n")
        except OSError as error:
            raise UserError(
                f"cannot write the metrics: {error.strerror or error}",
                where=str(self.path),
                fix="free some space; --resume continues from the last checkpoint",
            ) from error


class TensorBoard:
    """The same numbers as TensorBoard scalars, in the run folder's `tensorboard/`."""

    def __init__(self, folder: Path) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise UserError(
                "TensorBoard is not installed",
                where="trackers: [tensorboard]",
                fix="pip install 'semclip[tensorboard]'",
            ) from error
        self.writer = SummaryWriter(str(folder))

    def log(self, step: int, split: str, values: Mapping[str, float]) -> None:
        for name, value in values.items():
            self.writer.add_scalar(f"{split}/{name}", value, step)
        self.writer.flush()


def build_trackers(names: tuple[str, ...], run_folder: Path, resume_step: int) -> list[Tracker]:
    trackers: list[Tracker] = [JsonLines(run_folder / "metrics.jsonl", resume_step)]
    if "tensorboard" in names:
        trackers.append(TensorBoard(run_folder / "tensorboard"))
    return trackers
