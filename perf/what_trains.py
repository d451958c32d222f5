"""What last blocks, LoRA and gradient checkpointing save: parameters, optimizer state, memory, time of a step.

Run `python perf/what_trains.py`. Random weights; the image tower is frozen and its features are random, so a step is
the text tower, a contrastive loss, AdamW. Peak bytes of live tensors above the model, optimizer state included, as
torch's profiler hears them from the allocator: the same on every run. Times are medians, all variants in turn within
every round, as ratios to the first.
"""

import argparse
import gc
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from rich.console import Console
from rich.table import Table

from invented import WORDS
from peak import peak_bytes
from semclip.core.seeds import generator
from semclip.models.adapt.lora import weights_once
from semclip.models.adapt.what_trains import parameter_groups
from semclip.models.attention import fast_attention
from semclip.models.backends.base import Encoder
from semclip.models.backends.open_clip import OpenClip
from semclip.models.load import create
from semclip.training.config import LoopConfig
from semclip.training.optim import build_optimizer

AGAIN = {"gradient_checkpointing": True}
VARIANTS: dict[str, dict[str, Any]] = {
    "the whole text tower": {},
    "last 4 blocks": {"last_blocks": {"text": 4}},
    "LoRA, rank 8": {"lora": {"rank": 8, "parts": ["text"]}},
    "LoRA, rank 8, attention": {"lora": {"rank": 8, "parts": ["text"], "targets": ["attention"]}},
    "the whole text tower, checkpointing": AGAIN,
    "last 4 blocks, checkpointing": {"last_blocks": {"text": 4}, **AGAIN},
    "LoRA, rank 8, checkpointing": {"lora": {"rank": 8, "parts": ["text"]}, **AGAIN},
}
VIEWS = 3  # caption, paraphrase, negation


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", default="ViT-B-32", help="an open_clip architecture, or ours")
    parser.add_argument("--batch-size", type=int, default=32, help="images of a step; each has three texts")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)

    rows = {}
    for name in VARIANTS:
        encoder = variant(arguments.model, name)
        groups = parameter_groups(encoder)
        trained, everything = (sum(g.trained for g in groups), sum(g.trained + g.frozen for g in groups))
        encoder.network.visual = None  # frozen, and its features are there: nothing runs it
        steps = Steps(encoder, arguments.batch_size, arguments.precision == "bf16")
        rows[name] = [f"{trained:,}", f"{100 * trained / everything:.1f} %", f"{peak_bytes(steps) / 1e6:,.0f}"]
        rows[name].insert(2, f"{steps.state_bytes() / 1e6:,.0f}")
        del encoder, steps
        gc.collect()
    medians = times(arguments.model, arguments.batch_size, arguments.precision == "bf16", arguments.rounds)
    plain = next(iter(medians.values()))
    console = Console(width=140)
    console.print(
        f"{arguments.model}, {VIEWS} x {arguments.batch_size} texts, torch {torch.__version__}, {arguments.precision}, "
        f"CPU, {arguments.threads} threads; the first variant takes {1000 * plain:.0f} ms"
    )
    table = Table("what trains", "parameters", "of all", "optimizer state, MB", "peak, MB", "time")
    for name, row in rows.items():
        table.add_row(name, *row, f"x {medians[name] / plain:.2f}")
    console.print(table)


class Steps:
    """Two steps of one variant, from the making of the optimizer on: the second has its state."""

    def __init__(self, encoder: Encoder, batch_size: int, bf16: bool) -> None:
        self.encoder, self.bf16 = encoder, bf16
        draw = generator("perf what trains")
        texts = [" ".join(draw.choice(WORDS, draw.integers(6, 20))) for _ in range(VIEWS * batch_size)]
        self.tokens = encoder.tokenize(texts)  # (3B, 77)
        self.images = torch.randn(batch_size, encoder.embed_dim, generator=torch.Generator().manual_seed(0))
        self.optimizer = build_optimizer(encoder, LoopConfig(steps=1))

    def __call__(self) -> None:
        self.step()
        self.step()

    def step(self) -> None:
        self.optimizer.zero_grad()
        with fast_attention("cpu"):
            with (
                torch.autocast("cpu", torch.bfloat16, enabled=self.bf16),
                weights_once(self.encoder.gradient_checkpointing),
            ):
                texts = self.encoder.encode_text(self.tokens)  # (3B, D)
            logits = F.normalize(self.images, dim=-1) @ F.normalize(texts.float(), dim=-1).T  # (B, 3B)
            F.cross_entropy(self.encoder.logit_scale * logits, torch.arange(len(logits))).backward()
        self.optimizer.step()

    def state_bytes(self) -> int:
        return sum(x.nbytes for state in self.optimizer.state.values() for x in state.values())


def variant(model: str, name: str) -> OpenClip:
    section = {"backend": "open_clip", "name": model, "seed": 0, "freeze": ["image"], **VARIANTS[name]}
    encoder = create(section, "perf").train()
    assert isinstance(encoder, OpenClip)
    return encoder


def times(model: str, batch_size: int, bf16: bool, rounds: int) -> dict[str, float]:
    """Median seconds of a step of each variant."""
    steps: dict[str, Callable[[], None]] = {}
    for name in VARIANTS:
        encoder = variant(model, name)
        encoder.network.visual = None
        steps[name] = Steps(encoder, batch_size, bf16).step
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for number in range(rounds + 1):
        for name, step in steps.items():
            started = time.perf_counter()
            step()
            if number > 0:  # the first round warms up
                seconds[name].append(time.perf_counter() - started)
    return {name: statistics.median(values) for name, values in seconds.items()}


if __name__ == "__main__":
    main()
