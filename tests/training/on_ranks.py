"""What tests run on several ranks: the real setup of a run, one step's gradients, or the whole loop."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from torch import Tensor

from semclip.core.config import load_config, parse
from semclip.data.collate import Batch
from semclip.training import setup
from semclip.training.config import TrainConfig
from semclip.training.loading import Schedule, batches
from semclip.training.loop import train
from semclip.training.run import assemble
from semclip.training.setup import set_up
from semclip.training.sharding import clip_gradients, whole
from semclip.training.start_and_end import StartAndEnd
from semclip.training.step import StepModule


def doubled() -> None:
    """Everything in float64, so that a sum over ranks shows no rounding. Fabric's own float64 cannot be sharded."""
    to = Batch.to
    setup.StepModule = lambda *a, **k: StepModule(*a, **k).double()  # type: ignore[misc, assignment]

    def doubles(batch: Batch, device: Any) -> Batch:
        batch.images = {view: x.double() for view, x in batch.images.items()}
        return to(batch, device)

    Batch.to = doubles  # type: ignore[method-assign, assignment]
    # Evaluation feeds a model float32 pictures, as every model that is not tested so takes them.
    StartAndEnd.start = lambda *_: None  # type: ignore[method-assign, assignment]
    StartAndEnd.end = lambda *_: []  # type: ignore[method-assign, assignment]


def read(config: str, **loop: Any) -> TrainConfig:
    values = load_config(Path(config))
    values["train"] |= loop
    return parse(TrainConfig, values, where=config)


def gradients(rank: int, cases: Sequence[tuple[str, str, dict[str, Any]]]) -> list[dict[str, Tensor]]:
    """Losses and every gradient of the first step of each (config, run folder, options), each rank with its rows."""
    doubled()
    return [_gradients(read(config, **options), Path(folder)) for config, folder, options in cases]


def compare_gradients(rank: int, cases: Sequence[tuple[str, str, dict[str, Any]]], expected: str) -> int:
    """Hold this rank's gradients against those of a file, here, where they are; how many were compared."""
    theirs = torch.load(expected, mmap=True, weights_only=True)
    compared = 0
    doubled()
    for config, folder, options in cases:
        mine = _gradients(read(config, **options), Path(folder))
        assert mine.keys() == theirs.keys(), options
        for name, value in theirs.items():
            torch.testing.assert_close(mine[name], value, rtol=1e-9, atol=1e-9, msg=f"{name} on rank {rank}, {options}")
            compared += 1
    return compared


def _dense(gradient: Tensor) -> Tensor:
    return gradient.to_dense() if gradient.is_sparse else gradient.clone()


def _gradients(config: TrainConfig, folder: Path) -> dict[str, Tensor]:
    made = set_up(config, folder, Console(quiet=True), resume=False)
    run = assemble(config, folder, made, Console(quiet=True), resume=False)
    ranks, size = made.ranks, config.train.batch_size
    schedule = Schedule(made.dataset.groups, size, config.seed, 0, 1, ranks.rank, ranks.world_size)
    (batch,) = batches(made.dataset, made.make_batch, schedule, 0, made.fabric.device, lambda faults: None)
    assert len(batch) == size // ranks.world_size
    terms = run.gradients(batch)
    found = {f"loss {name}": ranks.mean(value.detach().double()) for name, value in terms.items()}
    # One process keeps the rows of an embedding's gradient that were used, several keep all of them.
    found |= {name: _dense(whole(p.grad)) for name, p in made.module.named_parameters() if p.grad is not None}
    return {**found, "norm": clip_gradients(made.module.parameters(), 0.1, ranks)}


def loops(rank: int, cases: Sequence[tuple[str, str, dict[str, Any]]], resume: bool, double: bool) -> list[str]:
    """The whole loop of each (config, run folder, options); what this rank printed."""
    if double:
        doubled()
    printed = []
    for config, folder, options in cases:
        console = Console(file=io.StringIO(), width=200)
        train(read(config, **options), Path(folder), console, resume=resume)
        printed.append(console.file.getvalue())  # type: ignore[attr-defined]
    return printed
