"""Trackers of a run: warnings and a progress bar on the terminal, metrics.jsonl always, TensorBoard if asked for."""

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from semclip.core.errors import UserError
from semclip.core.files import write_text


def warn(console: Console, message: str) -> None:
    """Print a warning; nothing for ""."""
    if message:
        console.print(f"[yellow]warning:[/] {escape(message)}", soft_wrap=True)


@contextlib.contextmanager
def progress_bar(console: Console, total: int, done: int) -> Iterator[Callable[[float], None]]:
    """A bar with the loss beside it; silent when the output is no terminal."""
    columns = (
        TextColumn("  training"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("loss {task.fields[loss]:.3f}"),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
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
            for line in path.read_text("utf-8").splitlines():
                try:
                    record = json.loads(line)
                except json.JSONDecodeError:
                    continue
                # The validation of the checkpoint's own step comes again, too.
                if record["step"] < resume_step or (record["step"] == resume_step > 0 and record["split"] == "train"):
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
