"""Checkpoints: when one is due; complete or absent on disk, verified by hash, loaded without unpickling code.

checkpoints/step_00000200/state.pt         tensors and plain values: what a run needs to continue exactly
                          manifest.json    step, size and SHA-256 of state.pt, and what is worth knowing of it
"""

import hashlib
import os
import re
import shutil
import time
import warnings
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, BinaryIO

import torch
from torch import Tensor

from semclip.core.errors import UserError, first_line
from semclip.core.files import read_json, sha256_file, write_json
from semclip.core.folders import new_folder, restore
from semclip.training.config import TrainConfig
from semclip.training.ranks import SINGLE_PROCESS, Ranks
from semclip.training.state import State

#: `checkpoint_every: auto` waits this many times as long as the last checkpoint took to write: below 2 % of the time.
PATIENCE = 60
#: What the first one is taken to cost, in seconds.
_FIRST_COST = 1.0
STATE, MANIFEST = "state.pt", "manifest.json"
_NAME = re.compile(r"step_(\d+)")
#: Folders that a killed process leaves while it replaces a checkpoint or a saved model, and inside of one.
_INCOMPLETE = re.compile(r"\.(step_\d+|best|model)\.\d+\.(?P<kind>tmp|old)|\.\.best\..*\.(tmp|old)")


class Checkpoints:
    """The checkpoints of one run; rank 0 writes them, all ranks read them.

    With several ranks, the answers of `due` must be shared, since they may depend on a clock.
    """

    def __init__(self, run_folder: Path, config: TrainConfig, ranks: Ranks = SINGLE_PROCESS) -> None:
        self.folder = run_folder / "checkpoints"
        self.every, self.steps = config.train.checkpoint_every, config.train.steps
        self.keep, self.spare_mb = config.train.keep_checkpoints, config.guards.free_disk_mb
        self.seconds = 0.0  # spent on writing in this session
        self._cost, self._last = _FIRST_COST, time.monotonic()
        self.ranks = ranks
        if ranks.first:
            remove_incomplete(run_folder)

    def due(self, step: int) -> bool:
        if step == self.steps:
            return True
        if self.every == "auto":
            return time.monotonic() - self._last > PATIENCE * self._cost
        return bool(self.every and step % self.every == 0)

    def save(self, state: State) -> None:
        """Write one, unless it would fill the disk; the newest `keep` and the best validated one stay.

        Raises UserError when there is no room, or it cannot be written; those that stood there before then stand.
        """
        started = time.monotonic()
        snapshot = state.snapshot()
        self.ranks.on_rank_zero(lambda: self._write(state, snapshot))
        self._last = time.monotonic()
        self._cost = self._last - started
        self.seconds += self._cost

    def _write(self, state: State, snapshot: Mapping[str, Any]) -> None:
        there = next(folder for folder in (self.folder, *self.folder.parents) if folder.exists())
        refuse_full_disk(there, _bytes(snapshot), self.spare_mb)
        about = {"best_step": state.best_step, "processes": self.ranks.world_size, **state.seen}
        save_checkpoint(self.folder, state.step, snapshot, self.keep, {state.best_step}, about)


def refuse_full_disk(folder: Path, needed: int, spare_mb: int) -> None:
    """Raise UserError while there is still room, before a checkpoint of `needed` bytes would fill the disk."""
    free = shutil.disk_usage(folder).free
    if free < needed + spare_mb * 1_000_000:
        raise UserError(
            f"the disk is nearly full: {free / 1e6:,.0f} MB are free, a checkpoint takes {needed / 1e6:,.0f} MB and "
            f"{spare_mb:,} MB are to be left (guards.free_disk_mb)",
            where=f"{folder}; the checkpoints that stand there are untouched",
            fix="free some space, then continue with --resume",
        )


def save_checkpoint(
    folder: Path,
    step: int,
    state: Mapping[str, Any],
    keep: int = 2,
    keep_steps: Collection[int] = (),
    about: Mapping[str, Any] | None = None,
) -> Path:
    """Write `step_<step>/`, then remove all but the newest `keep` and those of the steps in `keep_steps`.

    Everything is on the disk before the folder gets its name, so a checkpoint is whole or absent whenever the process
    dies. about: more for the manifest, JSON-ready. Raises UserError when the disk is full or cannot be written; the
    checkpoints that stood there before then stand.
    """
    path = folder / f"step_{step:08d}"
    with new_folder(
        path,
        f"cannot write the checkpoint of step {step}",
        there="replaced",  # only a damaged one is ever written again
        fix="free some space, or make the folder writable; the checkpoints before it are untouched, and --resume "
        "continues from the newest",
    ) as filling:
        digest = _write_state(state, filling / STATE)
        size = (filling / STATE).stat().st_size
        write_json(filling / MANIFEST, {"step": step, **(about or {}), "bytes": size, "sha256": digest})
    for old in list_checkpoints(folder)[:-keep]:
        if int(old.name.removeprefix("step_")) not in keep_steps:
            shutil.rmtree(old, ignore_errors=True)
    return path


def list_checkpoints(folder: Path) -> list[Path]:
    """Checkpoints by step, oldest first; none of them is opened."""
    return sorted(p for p in folder.glob("step_*") if _NAME.fullmatch(p.name) and p.is_dir())


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint whose bytes are those that were written; only tensors and plain values, never pickled code.

    Raises UserError for a file that is damaged, cut short, without its manifest, or a pickle from elsewhere.
    """
    try:
        written = read_json(path / MANIFEST)["sha256"]
        if sha256_file(path / STATE) != written:
            raise OSError("its hash is not the one that was written down: the file is damaged")
        with warnings.catch_warnings(action="ignore"):  # torch asks whoever meets a foreign pickle to report it
            return torch.load(path / STATE, map_location="cpu", weights_only=True)
    except (RuntimeError, UnpicklingError, EOFError, OSError, KeyError, TypeError, UserError) as error:
        # torch's own words on a pickle say how to load it all the same, which would run what it holds.
        code = "it holds more than tensors and plain values, perhaps code"
        reason = code if isinstance(error, UnpicklingError) else first_line(error)
        raise UserError(
            f"the checkpoint cannot be read: {reason}",
            where=str(path),
            fix="delete this folder; `--resume` then continues from the checkpoint before it",
        ) from error


def newest_valid(folder: Path, notify: Callable[[str], None]) -> dict[str, Any] | None:
    """The newest checkpoint that can be read, None where there is none; `notify` is called with a message for each
    damaged one on the way.

    Raises UserError when there are checkpoints and all are damaged: starting anew would be no continuation.
    """
    found = list_checkpoints(folder)[::-1]
    for path in found:
        try:
            return load_checkpoint(path)
        except UserError as error:
            notify(f"{path.name} is skipped and the one before it is tried: {error.what}")
    if found:
        raise UserError(
            f"none of the {len(found)} checkpoints can be read",
            where=str(folder),
            fix="restore one from a backup, or delete the run folder and start anew",
        )
    return None


def remove_incomplete(run_folder: Path) -> None:
    """Delete what earlier processes, killed while they wrote, left in a run folder."""
    for folder in (run_folder, run_folder / "checkpoints"):
        for path in folder.glob(".*") if folder.is_dir() else ():
            if found := _INCOMPLETE.fullmatch(path.name):
                restore(path) if found["kind"] == "old" else shutil.rmtree(path, ignore_errors=True)


class _Hashed:
    """A file that hashes what is written to it, so that a gigabyte need not be read again.

    failure: why writing failed, which torch does not pass on.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.hash = file, hashlib.sha256()
        self.failure: OSError | None = None

    def write(self, data: bytes) -> int:
        self.hash.update(data)
        try:
            return self._file.write(data)
        except OSError as error:
            self.failure = error
            raise

    def flush(self) -> None:
        self._file.flush()


def _write_state(state: Mapping[str, Any], path: Path) -> str:
    """Write and flush to the disk; the SHA-256 of what was written."""
    with path.open("wb") as file:
        hashed = _Hashed(file)
        try:
            torch.save(dict(state), hashed)  # type: ignore[arg-type]  # all that torch asks of a file is here
        except RuntimeError as error:  # how torch reports that it could not write
            raise hashed.failure or OSError(first_line(error)) from error
        file.flush()
        os.fsync(file.fileno())
    return hashed.hash.hexdigest()


def _bytes(value: Any) -> int:
    """Of all tensors in nested mappings, lists and tuples."""
    if isinstance(value, Tensor):
        return value.nbytes
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    return sum(map(_bytes, inner))
