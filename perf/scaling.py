"""Two ranks of one thread against one: seconds per step of the real step, and the time from launch to the first step.

Run `python perf/scaling.py` on a machine that does nothing else, with two free cores. Each round starts one process and
two, both by torchrun, on the same global batch (strong scaling), in turn first and second; ratios are of one round, the
tables give medians and the smallest and largest. Two ranks pay for talking: the gradients of all weights in each step.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from semclip.core.config import load_config, parse, save_config
from semclip.core.run_info import run_info
from semclip.data.scenes.write import write_scenes
from semclip.training.config import TrainConfig
from semclip.training.loading import Schedule, batches
from semclip.training.run import Run, assemble
from semclip.training.setup import set_up
from semclip.training.sharding import clip_gradients

#: Steps before the clock starts: kernels chosen, buckets of DDP laid out, memory allocated.
WARM_UP = 3
RANKS = (1, 2)
#: Seconds from launch to the end of the first step, in parts.
PARTS = ("imports", "set-up", "first step")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", default="semclip-tiny-48", help="an open_clip architecture, or ours")
    parser.add_argument("--batch-size", type=int, default=128, help="of all ranks together")
    parser.add_argument("--steps", type=int, default=10, help="steps that are timed")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--strategy", default="ddp", choices=["ddp", "sharded"])
    parser.add_argument(
        "--freeze-image", action="store_true", help="image features encoded once, before the first step"
    )
    parser.add_argument("--rank", help=argparse.SUPPRESS)  # the folder of a rank that this script started
    arguments = parser.parse_args()
    if arguments.rank:
        return rank(Path(arguments.rank), arguments.steps)
    with tempfile.TemporaryDirectory() as folder:
        write_scenes(Path(folder) / "scenes", train=4 * arguments.batch_size, val=8, test=8)
        freeze = {"freeze": ["image"]} if arguments.freeze_image else {}
        config = {
            "name": "scaling",
            "data": {"root": f"{folder}/scenes", "path": "scenes.jsonl"},
            "model": {"backend": "open_clip", "name": arguments.model, **freeze},
            "objective": {"name": "semclip"},
            "train": {
                "steps": WARM_UP + arguments.steps,
                "batch_size": arguments.batch_size,
                "strategy": arguments.strategy,
                "precision": "32-true",
                "workers": 0,
            },
        }
        save_config(Path(folder) / "config.yaml", config)
        found = measure(arguments.rounds, arguments.steps, Path(folder))
    machine = run_info()
    Console(width=120).print(
        f"{arguments.model}{', image tower frozen' * arguments.freeze_image}, semclip objective, batch "
        f"{arguments.batch_size}, {arguments.strategy}, gloo; {machine['cpu']}, {machine['cpu_count']} cores, one "
        f"thread a rank; torch {torch.__version__}; medians of {arguments.rounds} rounds, {arguments.steps} steps each",
        per_step(found),
        to_the_first_step(found),
        sep="\n",
    )
    return None


Found = dict[int, list[dict[str, float]]]


def measure(rounds: int, steps: int, folder: Path) -> Found:
    """Both worlds in turn; the first round only fills the cache of decoded images and that of files."""
    found: Found = {ranks: [] for ranks in RANKS}
    for number in range(rounds + 1):
        for ranks in RANKS[:: 1 if number % 2 else -1]:
            took = launch(ranks, steps, folder)
            if number > 0:
                found[ranks].append(took)
    return found


def per_step(found: Found) -> Table:
    table = Table("ranks", "milliseconds per step", "times faster than one", "of the ideal")
    for ranks, rows in found.items():
        ratios = [one["step"] / row["step"] for one, row in zip(found[1], rows, strict=True)]
        ratio = statistics.median(ratios)
        times = spread([1000 * row["step"] for row in rows], 0)
        table.add_row(str(ranks), times, spread(ratios, 2), f"{ratio / ranks:.0%}")
    return table


def to_the_first_step(found: Found) -> Table:
    table = Table("ranks", *PARTS, "seconds from launch to the first step done")
    for ranks, rows in found.items():
        parts = [f"{statistics.median(row[part] for row in rows):.1f}" for part in PARTS]
        table.add_row(str(ranks), *parts, spread([sum(row[part] for part in PARTS) for row in rows], 1))
    return table


def spread(values: Sequence[float], digits: int) -> str:
    """The median, and between what all lie."""
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def launch(ranks: int, steps: int, folder: Path) -> dict[str, float]:
    """What rank 0 of so many measured."""
    result = folder / "result.json"
    result.unlink(missing_ok=True)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(ranks)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "STARTED": repr(time.time())}
    own = [str(Path(__file__)), "--rank", str(folder), "--steps", str(steps)]
    subprocess.run([*command, *own], env=environment, check=True)
    found: dict[str, float] = json.loads(result.read_text())
    return found


def rank(folder: Path, steps: int) -> None:
    """One process among those that train: the loop's own step, without evaluation and checkpoints."""
    moments = [float(os.environ["STARTED"]), time.time()]
    torch.set_num_threads(1)
    config = parse(TrainConfig, load_config(folder / "config.yaml"), where="perf/scaling.py")
    run_folder = folder / f"run-{os.environ['WORLD_SIZE']}-{os.environ['STARTED']}"
    setup = set_up(config, run_folder, Console(quiet=True), resume=False)
    run = assemble(config, run_folder, setup, Console(quiet=True), resume=False)
    moments.append(time.time())
    schedule = Schedule(
        setup.dataset.groups,
        config.train.batch_size,
        0,
        0,
        config.train.steps,
        setup.ranks.rank,
        setup.ranks.world_size,
    )
    for batch in batches(setup.dataset, setup.make_batch, schedule, 0, setup.fabric.device, lambda faults: None):
        step(run, batch)
        moments.append(time.time())
    parts = {name: moments[i + 1] - moments[i] for i, name in enumerate(PARTS)}
    parts["step"] = (moments[-1] - moments[-1 - steps]) / steps
    if setup.ranks.first:
        (folder / "result.json").write_text(json.dumps(parts))


def step(run: Run, batch: Any) -> None:
    run.gradients(batch)
    clip_gradients(run.setup.module.parameters(), 1.0, run.setup.ranks)
    run.optimizer.step()
    run.optimizer.zero_grad()
    run.setup.ranks.largest(0)  # as the loop does: no rank runs ahead


if __name__ == "__main__":
    main()
