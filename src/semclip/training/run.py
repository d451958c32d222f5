"""A run in progress: its parts, restored from the newest checkpoint where there is one."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from semclip.core.seeds import derive_seed, seed_everything
from semclip.models.backends.base import Encoder
from semclip.training.best import Best
from semclip.training.checkpoint import Checkpoints, newest_valid
from semclip.training.compiling import compile_blocks
from semclip.training.config import TrainConfig
from semclip.training.gradients import Gradients
from semclip.training.guards import Guards
from semclip.training.loading import DataWait
from semclip.training.optim import Ema, build_optimizer, use_row_gradients
from semclip.training.setup import Setup
from semclip.training.sharding import WholeEncoder, separate
from semclip.training.state import State
from semclip.training.trackers import Tracker, build_trackers, warn


@dataclass(frozen=True)
class Run:
    """A run under way: what it is made of, what changes in it, and who watches. optimizer: as Fabric wraps it.

    evaluated: the encoder whole, to be evaluated: itself where every rank holds all weights.
    """

    config: TrainConfig
    folder: Path
    setup: Setup
    state: State
    gradients: Gradients
    optimizer: Any
    evaluated: Callable[[Encoder], Encoder]
    checkpoints: Checkpoints
    trackers: list[Tracker]
    wait: DataWait
    console: Console


def assemble(config: TrainConfig, folder: Path, setup: Setup, console: Console, resume: bool) -> Run:
    """Optimizer, checkpoints, guards and trackers around a setup, at the newest checkpoint where there is one."""
    notify = partial(warn, console)
    fabric, module, ranks = setup.fabric, setup.module, setup.ranks
    sharded = ranks.world_size > 1 and config.train.strategy == "sharded"
    evaluated: Callable[[Encoder], Encoder] = WholeEncoder(setup.encoder, ranks) if sharded else lambda same: same
    if ranks.world_size == 1 and fabric.device.type == "cpu":
        use_row_gradients(module)
    wrapped = fabric.setup_module(module)
    if config.train.compile:
        compile_blocks(setup.encoder)
    optimizer = build_optimizer(module, config.train)
    separate(optimizer)
    guards = Guards(config.guards, config.train.batch_size, notify)
    state = State(module, optimizer, Ema(setup.encoder, config.train.ema), guards, ranks)
    checkpoints = Checkpoints(folder, config, ranks)
    snapshot = newest_valid(checkpoints.folder, notify) if resume else None
    if ranks.rank > 0:
        seed_everything(derive_seed("rank", config.seed, ranks.rank))  # dropout of its own; rank 0 draws as one process
    if snapshot is not None:
        notify(state.restore(snapshot, config.seed))
        best = ranks.on_rank_zero(lambda: Best.of(folder))
        if best is not None:
            state.best_step, state.best_value = best.step, best.value
        console.print(f"resuming after step {state.step} of {config.train.steps}")
    return Run(
        config=config,
        folder=folder,
        setup=setup,
        state=state,
        gradients=Gradients(fabric, wrapped, module, config.train.micro_batch, notify),
        optimizer=fabric.setup_optimizers(optimizer),
        evaluated=evaluated,
        checkpoints=checkpoints,
        trackers=build_trackers(config.trackers, folder, resume_step=state.step) if ranks.first else [],
        wait=DataWait(),
        console=console,
    )
