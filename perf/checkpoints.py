"""What checkpoints cost: writing one against a training step, and the share of a run at the default interval.

Run `python perf/checkpoints.py`. Steps and checkpoints are timed in turn, so that a busy machine slows both alike. A
checkpoint is what a run saves: weights, AdamW's two moments, random states; hashed, flushed to the disk and renamed.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

from invented import WORDS
from semclip.core.run_info import run_info
from semclip.core.seeds import generator
from semclip.models.backends.open_clip import OpenClip
from semclip.models.load import load
from semclip.objectives import create
from semclip.training.checkpoint import PATIENCE, save_checkpoint
from semclip.training.config import LoopConfig
from semclip.training.guards import GuardConfig, Guards
from semclip.training.optim import Ema, build_optimizer
from semclip.training.state import State
from semclip.training.step import StepModule


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", default="ViT-B-32", help="an open_clip architecture, or ours")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=5, help="steps and checkpoints, each")
    parser.add_argument("--every", type=int, default=100, help="a fixed interval to compare with")
    parser.add_argument("--folder", default="", help="where checkpoints are written; default: a temporary folder")
    arguments = parser.parse_args()

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    encoder = load(f"{arguments.model}/random").to(device).train()
    assert isinstance(encoder, OpenClip)
    encoder.freeze("image")
    module = StepModule(encoder, create("semclip"), images_are_features=True)
    module.objective.setup(encoder.info)
    module.to(device)
    optimizer = build_optimizer(module, LoopConfig(steps=1))
    state = State(module, optimizer, Ema(module, 0), Guards(GuardConfig(), arguments.batch_size, print))

    draw = generator("perf checkpoints")
    texts = [" ".join(draw.choice(WORDS, draw.integers(6, 20))) for _ in range(arguments.batch_size)]
    tokens = encoder.tokenize(texts).to(device)  # (B, L)
    images = {"image": torch.randn(arguments.batch_size, encoder.embed_dim, device=device)}
    views = {"caption": tokens, "paraphrase": tokens, "negation": tokens}
    groups = torch.arange(arguments.batch_size, device=device)

    def step() -> None:
        with torch.autocast(device.type, torch.bfloat16):
            module(images, views, groups)["total"].backward()
        optimizer.step()
        optimizer.zero_grad()
        if device.type == "cuda":
            torch.cuda.synchronize()

    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(arguments.folder or temporary) / "checkpoints"
        steps, saves = [], []
        for number in range(arguments.rounds + 1):
            taken = seconds(step)
            written = seconds(partial(save_checkpoint, folder, number, state.snapshot()))
            if number > 0:  # the first round warms up
                steps.append(taken)
                saves.append(written)
        size = next(folder.glob("step_*/state.pt")).stat().st_size
    a_step, a_save = statistics.median(steps), statistics.median(saves)
    machine = run_info()
    console = Console(width=120)
    console.print(
        f"{arguments.model}, batch {arguments.batch_size}, image tower frozen, semclip objective, bf16 autocast; "
        f"{device}, {machine['cpu']}, {machine['cpu_count']} cores, {torch.get_num_threads()} threads, "
        f"torch {torch.__version__}; medians of {len(steps)}"
    )
    console.print(
        f"a step {a_step:.3f} s; {size / 1e6:,.0f} MB of checkpoint {a_save:.2f} s ({size / 1e6 / a_save:,.0f} MB/s), "
        f"as long as {a_save / a_step:.1f} steps"
    )
    table = Table("checkpoint_every", "steps between two", "seconds between two", "share of the time")
    for every, between in (("auto", PATIENCE * a_save), (str(arguments.every), arguments.every * a_step)):
        table.add_row(every, f"{between / a_step:,.0f}", f"{between:,.0f}", f"{share(a_save, between):.2%}")
    console.print(table)


def share(save: float, between: float) -> float:
    """Part of the time that goes into checkpoints with `between` seconds of training from one to the next."""
    return save / (save + between)


def seconds(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
