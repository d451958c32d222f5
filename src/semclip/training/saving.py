"""When a checkpoint of a run is due, and writing and finding it."""

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from semclip.training.checkpoint import newest_sound, remove_litter, save_checkpoint
from semclip.training.config import TrainConfig
from semclip.training.guards import refuse_full_disk
from semclip.training.ranks import ALONE, Ranks
from semclip.training.state import State

#: `checkpoint_every: auto` waits this many times as long as the last checkpoint took to write: below 2 % of the time.
PATIENCE = 60
#: What the first one is taken to cost, in seconds.
_FIRST_COST = 1.0


class Checkpoints:
    """The checkpoints of one run; rank 0 writes them, all ranks read them.

    With several ranks, the answers of `due` must be shared, since they may depend on a clock.
    """

    def __init__(self, run_folder: Path, config: TrainConfig, ranks: Ranks = ALONE) -> None:
        self.folder = run_folder / "checkpoints"
        self.every, self.steps = config.train.checkpoint_every, config.train.steps
        self.keep, self.spare_mb = config.train.keep_checkpoints, config.guards.free_disk_mb
        self.seconds = 0.0  # spent on writing in this session
        self._cost, self._last = _FIRST_COST, time.monotonic()
        self.ranks = ranks
        if ranks.first:
            remove_litter(run_folder)

    def newest(self, say: Callable[[str], None]) -> dict[str, Any] | None:
        """The newest sound checkpoint, None where there is none; damaged ones are told."""
        return newest_sound(self.folder, say)

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
        self.ranks.once(lambda: self._write(state, snapshot))
        self._last = time.monotonic()
        self._cost = self._last - started
        self.seconds += self._cost

    def _write(self, state: State, snapshot: Mapping[str, Any]) -> None:
        there = next(folder for folder in (self.folder, *self.folder.parents) if folder.exists())
        refuse_full_disk(there, sum(t.nbytes for t in _tensors(snapshot)), self.spare_mb)
        about = {"best_step": state.best_step, "processes": self.ranks.world_size, **state.seen}
        save_checkpoint(self.folder, state.step, snapshot, self.keep, {state.best_step}, about)


def _tensors(value: Any) -> Iterator[Tensor]:
    """All tensors in nested mappings, lists and tuples."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _tensors(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _tensors(inner)
