"""When `train.compile` pays: a step with compiled blocks against an eager one, and how long compiling takes.

Run `python perf/compiling.py`, with TORCHINDUCTOR_CACHE_DIR set to an empty folder: kernels of an earlier run would be
found again. Forward and backward of both towers; lengths change with every step, as they do in a run. Eager and
compiled steps in turn, medians. "pays after": steps until what compiling took has been won back.
"""

import argparse
import statistics
import time

import torch
from rich.console import Console
from rich.table import Table
from torch._dynamo.utils import counters

from invented import WORDS
from semclip.core.seeds import generator
from semclip.models.attention import fast_attention
from semclip.models.backends.base import Encoder
from semclip.models.load import create
from semclip.training.compiling import compile_blocks

VIEWS = 3  # caption, paraphrase, negation


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", default="ViT-B-32", help="an open_clip architecture, or ours")
    parser.add_argument("--batch-size", type=int, default=32, help="images of a step; each has three texts")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    console = Console(width=120)
    console.print(
        f"{arguments.model}, {VIEWS} x {arguments.batch_size} texts and {arguments.batch_size} images, forward and "
        f"backward, torch {torch.__version__}, {arguments.device}, {arguments.threads} threads"
    )
    table = Table("tower", "precision", "eager, ms", "compiled, ms", "times faster", "compiling, s", "pays after")
    for tower in ("text", "image"):
        for bf16 in (False, True):
            table.add_row(tower, "bf16" if bf16 else "fp32", *measured(arguments, tower, bf16))
    console.print(table)


def measured(arguments: argparse.Namespace, tower: str, bf16: bool) -> list[str]:
    torch._dynamo.reset()
    counters.clear()
    section = {"backend": "open_clip", "name": arguments.model, "seed": 0}
    eager, compiled = (create(section, "perf").to(arguments.device).train() for _ in range(2))
    compile_blocks(compiled)
    inputs = [batch(eager, tower, arguments.batch_size, number) for number in range(arguments.rounds + 2)]
    first = seconds(compiled, tower, inputs[0], bf16) + seconds(compiled, tower, inputs[1], bf16)
    seconds(eager, tower, inputs[0], bf16)
    taken: tuple[list[float], list[float]] = ([], [])
    for given in inputs[2:]:
        for encoder, times in zip((eager, compiled), taken, strict=True):
            times.append(seconds(encoder, tower, given, bf16))
    slow, fast = map(statistics.median, taken)
    compiling = first - 2 * fast
    pays = f"{compiling / (slow - fast):,.0f} steps" if slow > fast else "never"
    graphs = counters["stats"]["unique_graphs"]
    return [
        f"{1000 * slow:.0f}",
        f"{1000 * fast:.0f}",
        f"{slow / fast:.2f}",
        f"{compiling:.0f} ({graphs} graph{'s' * (graphs > 1)})",
        pays,
    ]


def batch(encoder: Encoder, tower: str, size: int, number: int) -> torch.Tensor:
    draw = generator("perf compiling", number)
    if tower == "image":
        source = torch.Generator().manual_seed(number)
        return torch.randn(size, 3, 224, 224, generator=source).to(encoder.logit_scale.device)
    texts = [" ".join(draw.choice(WORDS, draw.integers(6, 16 + number))) for _ in range(VIEWS * size)]
    return encoder.tokenize(texts).to(encoder.logit_scale.device)  # (3B, 77)


def seconds(encoder: Encoder, tower: str, inputs: torch.Tensor, bf16: bool) -> float:
    """Of one forward and backward pass."""
    encode = encoder.encode_image if tower == "image" else encoder.encode_text
    encoder.zero_grad()
    device = inputs.device.type
    started = time.perf_counter()
    with fast_attention(device), torch.autocast(device, torch.bfloat16, enabled=bf16):
        encode(inputs).float().square().mean().backward()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
