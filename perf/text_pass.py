"""How much the text pass gains: math kernel against torch's choice, trimmed against 77 tokens, one pass against three.

Run `python perf/text_pass.py`. All variants are timed in turn within every round, so that a busy machine slows all of
them alike; the table gives medians and ratios to the plain pass (torch's kernel, 77 tokens, one pass per view).
"""

import argparse
import contextlib
import statistics
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from rich.console import Console
from rich.table import Table

from semclip.core.seeds import generator
from semclip.models.attention import fast_attention
from semclip.models.backends.open_clip import OpenClip
from semclip.models.load import load

VIEWS = 3  # caption, paraphrase, negation
WORDS = ("red", "blue", "large", "small", "circle", "square", "star", "left", "above", "a", "the", "of", "and", "no")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", default="semclip-tiny-48", help="an open_clip architecture, or ours")
    parser.add_argument("--batch-size", type=int, default=256, help="images of a step; each has three texts")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)

    encoder = load(arguments.model).to(arguments.device).train()
    assert isinstance(encoder, OpenClip)
    draw = generator("perf text pass")
    texts = [" ".join(draw.choice(WORDS, draw.integers(6, 20))) for _ in range(VIEWS * arguments.batch_size)]
    tokens = encoder.tokenize(texts).to(arguments.device)  # (3B, 77)
    lengths = tokens.argmax(-1) + 1
    console = Console()
    console.print(
        f"{arguments.model}, {VIEWS} x {arguments.batch_size} texts, mean {lengths.float().mean():.1f} and longest "
        f"{int(lengths.max())} tokens of 77; {arguments.device}, {arguments.threads} threads; forward and backward"
    )
    for precision in ("bf16", "fp32"):
        console.print(table(encoder, tokens, precision, arguments.rounds, arguments.device))


def table(encoder: OpenClip, tokens: torch.Tensor, precision: str, rounds: int, device: str) -> Table:
    """Median milliseconds of each variant, and how much faster than the plain one it is."""
    untrimmed, trimmed = encoder.network.encode_text, encoder.encode_text
    variants: dict[str, Callable[[], None]] = {}
    for kernel in ("torch's kernel", "chosen kernel"):
        for length, encode in (("77 tokens", untrimmed), ("trimmed", trimmed)):
            for passes in (VIEWS, 1):
                name = f"{kernel}, {length}, {passes} pass{'es' if passes > 1 else ''}"
                chosen = kernel == "chosen kernel"
                variants[name] = step(encoder, encode, tokens, passes, precision, device, chosen)
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    for round_number in range(rounds + 1):
        for name, run in variants.items():
            started = time.perf_counter()
            run()
            if device.startswith("cuda"):
                torch.cuda.synchronize()
            if round_number > 0:  # the first round warms up
                seconds[name].append(time.perf_counter() - started)
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    plain = next(iter(medians.values()))
    result = Table("variant", "milliseconds", "times faster", title=precision)
    for name, median in medians.items():
        result.add_row(name, f"{1000 * median:.0f}", f"{plain / median:.2f}")
    return result


def step(
    encoder: OpenClip,
    encode: Callable[[torch.Tensor], torch.Tensor],
    tokens: torch.Tensor,
    passes: int,
    precision: str,
    device: str,
    chosen: bool,
) -> Callable[[], None]:
    """One forward and backward pass of the text tower over all texts, in `passes` parts."""

    def run() -> None:
        encoder.zero_grad()
        kernel = fast_attention(device) if chosen else contextlib.nullcontext()
        autocast = torch.autocast(torch.device(device).type, torch.bfloat16, enabled=precision == "bf16")
        with kernel, autocast:
            embeddings = torch.cat([encode(part) for part in tokens.chunk(passes)])  # (3B, D)
            F.normalize(embeddings.float(), dim=-1)[:, 0].sum().backward()

    return run


if __name__ == "__main__":
    main()
