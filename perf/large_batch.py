"""Memory of a training step of 32,768 examples in micro-batches of 256, against that of 256.

Run `python perf/large_batch.py` (Linux; some minutes). A fresh process for each batch size takes one step of what
`semclip train` runs: streamed micro-batches, GradCache, the loss in chunks, clipping, AdamW. It says what it held at
most (VmHWM) above what it held before the first step, with blocks given back to the system as soon as they are freed.

The law to hold:  peak(B) <= ( peak(256) + 3 x features(B) ) x 1.1
with features(B) the bytes of the embeddings of all views, float32. Images are invented when they are asked for and
captions drawn from 2,000 sentences, so that what is measured is the step and no cache of tokens.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import torch
from lightning.fabric import Fabric
from rich.console import Console
from rich.table import Table

from invented import WORDS
from peak import resident
from semclip.core.example import Example, ImageRef
from semclip.core.seeds import generator
from semclip.data.collate import Collate
from semclip.data.dataset import CaptionDataset
from semclip.models.attention import fast_attention
from semclip.models.load import create as create_encoder
from semclip.objectives import create
from semclip.training.config import LoopConfig
from semclip.training.gradients import Gradients
from semclip.training.loading import MakeBatch, Schedule, batches
from semclip.training.optim import build_optimizer, use_row_gradients
from semclip.training.ranks import SINGLE_PROCESS
from semclip.training.sharding import clip_gradients
from semclip.training.step import StepModule

WIDTH, SIDE = 128, 48
TOWERS = {
    "embed_dim": WIDTH,
    "vision_cfg": {"image_size": SIDE, "layers": 2, "width": WIDTH, "head_width": 32, "patch_size": 16},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": WIDTH, "heads": 4, "layers": 2},
}
VIEWS = ("image", "caption", "paraphrase", "negation")
SLACK = 1.1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--batches", type=int, nargs="+", default=[256, 4096, 32_768], help="the first is the base")
    parser.add_argument("--micro-batch", type=int, default=256)
    parser.add_argument("--objective", default="semclip")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--measure", type=int, default=0, help=argparse.SUPPRESS)  # in the fresh process
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    if arguments.measure:
        print(json.dumps(held(arguments.measure, max(arguments.batches), arguments.micro_batch, arguments.objective)))
        return
    table = Table(title=f"{arguments.objective}, {arguments.micro_batch} rows at a time; MB", title_justify="left")
    for column in ("batch", "features of all views", "peak of a step", "allowed", "holds", "seconds"):
        table.add_column(column, justify="right")
    base = 0.0
    for size in arguments.batches:
        found = fresh(size, arguments)
        features = len(VIEWS) * 4 * size * WIDTH
        base = base or found["peak"]
        allowed = (base + 3 * features) * SLACK
        table.add_row(
            f"{size:,}",
            f"{features / 1e6:.0f}",
            f"{found['peak'] / 1e6:.0f}",
            f"{allowed / 1e6:.0f}",
            "yes" if found["peak"] <= allowed else "no",
            f"{found['seconds']:.0f}",
        )
    Console().print(table)


def fresh(size: int, arguments: argparse.Namespace) -> dict[str, float]:
    command = [sys.executable, __file__, "--measure", str(size), "--objective", arguments.objective, "--batches"]
    command += [*map(str, arguments.batches), "--micro-batch", str(arguments.micro_batch)]
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
    command += ["--threads", str(arguments.threads)]
    ran = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=environment)
    found: dict[str, float] = json.loads(ran.stdout.splitlines()[-1])
    return found


def held(size: int, most: int, micro_batch: int, name: str) -> dict[str, float]:
    """Bytes that a step of `size` examples holds at most, and how long it takes."""
    encoder = create_encoder({"backend": "open_clip", "config": TOWERS, "seed": 0}, where="perf").train()
    objective = create(name)
    objective.setup(encoder.info)
    module = StepModule(encoder, objective, images_are_features=False)
    use_row_gradients(module)
    optimizer = build_optimizer(module, LoopConfig(steps=1))
    fabric = Fabric(accelerator="cpu", devices=1)
    wrapped = fabric.setup_module(module)

    dataset = CaptionDataset(examples(most), [*VIEWS], 0, partial(image, torch.randn(64, 3, SIDE, SIDE)))
    make_batch = MakeBatch([], dataset.examples, set(VIEWS), Collate(encoder.tokenize))
    make_batch.collate([dataset[0, index] for index in range(2000)])  # the tokens of every sentence

    def step(rows: int) -> None:
        gradients = Gradients(fabric, wrapped, module, micro_batch, print)
        schedule = Schedule(dataset.groups, rows, 0, 0, 1)
        with fast_attention("cpu"):
            for batch in batches(dataset, make_batch, schedule, 0, fabric.device, lambda faults: None, micro_batch):
                gradients(batch)
        clip_gradients(module.parameters(), 1.0, SINGLE_PROCESS)
        optimizer.step()
        optimizer.zero_grad()

    step(micro_batch // 4)  # what torch and the optimizer make once, whatever comes
    Path("/proc/self/clear_refs").write_text("5")  # VmHWM starts anew
    before, started = resident("VmRSS"), time.perf_counter()
    step(size)
    return {"peak": resident("VmHWM") - before, "seconds": time.perf_counter() - started}


def image(stock: torch.Tensor, ref: ImageRef) -> torch.Tensor:
    return stock[int(ref.name) % len(stock)]


def examples(count: int) -> list[Example]:
    draw = generator("perf large batch")
    sentences = [" ".join(draw.choice(WORDS, draw.integers(6, 20))) for _ in range(2000)]
    said = [sentences[i % len(sentences)] for i in range(count + 2)]
    return [
        Example(f"{i}", ImageRef(f"{i}"), said[i], (said[i + 1],), (said[i + 2],), group=f"{i}") for i in range(count)
    ]


if __name__ == "__main__":
    main()
