"""Two ranks of one thread against one: steps per second of the real step, and the time from launch to the first step.

Run `python perf/scaling.py` on a machine that does nothing else, with two free cores. Each round starts one process,
then two by torchrun, on the same global batch; ratios are of one round, the table gives their medians.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

from semclip.core.config import load_config, parse, save_config
from semclip.data.scenes.write import write_scenes
from semclip.training.config import TrainConfig
from semclip.training.loading import Schedule, batches
from semclip.training.run import assemble
from semclip.training.setup import set_up
from semclip.training.sharding import clip_gradients

#: Steps before the clock starts: kernels chosen, buckets of DDP laid out, memory allocated.
WARM_UP = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--batch-size", type=int, default=128, help="of all ranks together")
    parser.add_argument("--steps", type=int, default=10, help="steps that are timed")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--strategy", default="ddp", choices=["ddp", "sharded"])
    parser.add_argument("--rank", help=argparse.SUPPRESS)  # the folder of a rank that this script started
    arguments = parser.parse_args()
    if arguments.rank:
        return rank(Path(arguments.rank), arguments.steps)
    with tempfile.TemporaryDirectory() as folder:
        write_scenes(Path(folder) / "scenes", train=4 * arguments.batch_size, val=8, test=8)
        config = {
            "name": "scaling",
            "data": {"root": f"{folder}/scenes", "path": "scenes.jsonl"},
            "model": {"backend": "open_clip", "name": "semclip-tiny-48"},
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
        measure(arguments.rounds, arguments.steps, Path(folder))
    return None


def measure(rounds: int, steps: int, folder: Path) -> None:
    """Both worlds in turn; the first round only fills the cache of decoded images."""
    found: dict[int, list[dict[str, float]]] = {1: [], 2: []}
    for number in range(rounds + 1):
        for ranks in found:
            took = launch(ranks, steps, folder)
            if number > 0:
                found[ranks].append(took)
    table = Table("ranks", "seconds to the first step", "milliseconds per step", "times faster")
    for ranks, rows in found.items():
        ratios = [one["step"] / row["step"] for one, row in zip(found[1], rows, strict=True)]
        first, step = (statistics.median(row[name] for row in rows) for name in ("first", "step"))
        table.add_row(str(ranks), f"{first:.1f}", f"{1000 * step:.0f}", f"{statistics.median(ratios):.2f}")
    Console().print(table)


def launch(ranks: int, steps: int, folder: Path) -> dict[str, float]:
    """What rank 0 of so many measured."""
    result = folder / "result.json"
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(ranks)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "STARTED": repr(time.time())}
    own = [str(Path(__file__)), "--rank", str(folder), "--steps", str(steps)]
    subprocess.run([*command, *own], env=environment, check=True)
    found: dict[str, float] = json.loads(result.read_text())
    return found


def rank(folder: Path, steps: int) -> None:
    """One process among those that train: the loop's own step, without evaluation and checkpoints."""
    torch.set_num_threads(1)
    config = parse(TrainConfig, load_config(folder / "config.yaml"), where="perf/scaling.py")
    run_folder = folder / f"run-{os.environ['WORLD_SIZE']}-{os.environ['STARTED']}"
    setup = set_up(config, run_folder, Console(quiet=True), resume=False)
    run = assemble(config, run_folder, setup, Console(quiet=True), resume=False)
    place = (setup.ranks.rank, setup.ranks.world_size)
    schedule = Schedule(setup.dataset.groups, config.train.batch_size, 0, 0, config.train.steps, *place)
    moments = []
    for batch in batches(setup.dataset, setup.make_batch, schedule, 0, setup.fabric.device, lambda faults: None):
        run.gradients(batch)
        clip_gradients(setup.module, 1.0, setup.ranks)
        run.optimizer.step()
        run.optimizer.zero_grad()
        setup.ranks.largest(0)  # as the loop does: no rank runs ahead
        moments.append(time.time())
    first = moments[0] - float(os.environ["STARTED"])
    step = (moments[-1] - moments[WARM_UP - 1]) / steps
    if setup.ranks.first:
        (folder / "result.json").write_text(json.dumps({"first": first, "step": step}))


if __name__ == "__main__":
    main()
