"""What logical queries add to a training step with frozen image features: the data step, the texts and the loss.

Run `python perf/logical_queries.py --threads 1`. Random weights, scenes' captions, SemCLIP+ on five texts of each image
and 0, 1 or 3 queries; a step is the making of the queries, tokens, the text tower, loss, backward and AdamW. Medians,
all variants in turn within every round, as ratios to the step without queries.
"""

import argparse
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from rich.console import Console

from rounds import compared, timed
from semclip.core.example import Example, ImageRef
from semclip.core.protocols import Embeddings
from semclip.data.columns import RowParser
from semclip.data.dataset import CaptionDataset
from semclip.data.scenes.rows import make_row
from semclip.models.attention import fast_attention
from semclip.models.text_towers import NewText, TextConfig
from semclip.objectives import Features, create
from semclip.training.steps.base import create as create_step

VIEWS = ("caption", "paraphrase", "negation", "absence")
EMBED_DIM = 512


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    examples = scenes(2_000)
    variants = {
        f"{count or 'no'} queries an image": one_step(examples, count, arguments.batch_size, arguments.precision)
        for count in (0, 1, 3)
    }
    Console(width=120).print(compared(f"batches of {arguments.batch_size}", timed(variants, arguments.rounds)))


def scenes(count: int) -> list[Example]:
    parser = RowParser({}, Path())
    return [parser.example(make_row(0, "train", index), f"scenes.jsonl:{index + 1}") for index in range(count)]


class Unused(Embeddings):
    """This step asks for no embeddings."""

    def images(self, refs: Sequence[ImageRef]) -> np.ndarray:
        raise NotImplementedError

    def texts(self, texts: Sequence[str]) -> np.ndarray:
        raise NotImplementedError


def one_step(examples: list[Example], queries: int, batch_size: int, precision: str) -> Callable[[], None]:
    """A training step; queries: of each image, 0: no data step, and an objective without them."""
    torch.manual_seed(0)
    tower = NewText(TextConfig(width=384, layers=6, heads=6, context_length=77), EMBED_DIM).train()
    objective = create("semclip_plus", query_weight=1.0 if queries else 0.0)
    optimizer = torch.optim.AdamW(tower.parameters(), lr=1e-4, fused=True)
    embeddings = torch.randn(len(examples), EMBED_DIM)
    dataset = CaptionDataset(examples, VIEWS, 0, lambda ref: torch.empty(0))
    step = create_step({"name": "logical_queries", "per_image": max(queries, 1)}, 0)
    step.prepare(examples, Unused())
    draw = random.Random(0)

    def run() -> None:
        indices = draw.sample(range(len(examples)), batch_size)
        samples = [dataset[0, index] for index in indices]
        facts = {}
        if queries:
            samples = step.batch(samples, examples)
            facts = {k: torch.from_numpy(np.stack([s.facts[k] for s in samples])) for k in ("query_things", "things")}
        optimizer.zero_grad()
        with fast_attention("cpu"):
            with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
                views = {view: tower.encode(tower.tokenize([str(s.texts[view]) for s in samples])) for view in VIEWS}
                if queries:
                    asked = tower.encode(tower.tokenize([text for s in samples for text in s.texts["query"]]))
                    views["query"] = asked.unflatten(0, (batch_size, queries))  # (B, K, D)
            objective(Features(logit_scale=20.0, image=embeddings[indices], **views, **facts)).total.backward()
        optimizer.step()

    return run


if __name__ == "__main__":
    main()
