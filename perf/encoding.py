"""What encoding each text and image once, trimmed and sorted by length, gains over a plain loop; and what it holds.

Run `python perf/encoding.py`. The workload is that of public benchmarks: captions of about 15 words and images, each of
which stands in several items. The plain loop does what their scripts do: it takes item after item, in batches, through
open_clip's own `encode_text` (77 tokens) and an image tower whose images are opened between batches. Variants are
timed in turn within every round, so that a busy machine slows all of them alike; medians, and ratios to the plain loop.

Memory: a fresh process for each number of texts says what it held at most (VmHWM of Linux) above what it held before.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from rich.console import Console
from rich.table import Table

from invented import WORDS
from peak import resident
from rounds import compared, timed
from semclip.core.example import ImageRef
from semclip.core.seeds import generator
from semclip.evaluation import Encodings
from semclip.models.backends.open_clip import OpenClip
from semclip.models.load import load

SIDE = 480  # pixels of an image's longer side, as in COCO without its memory


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", default="ViT-B-32", help="an open_clip architecture, or ours; random weights")
    parser.add_argument("--texts", type=int, default=192, help="distinct texts")
    parser.add_argument("--images", type=int, default=48, help="distinct images")
    parser.add_argument("--copies", type=int, default=2, help="items that each text and image stands in")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--memory-model", default="semclip-tiny-48")
    parser.add_argument("--memory-texts", type=int, nargs="*", default=[10_000, 30_000, 100_000])
    parser.add_argument("--measure", type=int, default=0, help=argparse.SUPPRESS)  # in the fresh process
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    if arguments.measure:
        print(json.dumps(held(arguments.memory_model, arguments.measure)))
        return
    console = Console()
    encoder = load(f"{arguments.model}/random").to(arguments.device)
    assert isinstance(encoder, OpenClip)
    console.print(
        f"{arguments.model} on {arguments.device}, {arguments.threads} threads, batches of {arguments.batch_size}; "
        f"{arguments.texts} texts and {arguments.images} images, each in {arguments.copies} items"
    )
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        refs = images(Path(folder), arguments.images)
        for title, variants in (
            ("texts", text_variants(encoder, sentences(arguments.texts), arguments)),
            ("images", image_variants(encoder, refs, arguments)),
        ):
            console.print(compared(title, timed(variants, arguments.rounds, arguments.device)))
    if arguments.memory_texts:
        console.print(memory(arguments.memory_model, arguments.memory_texts, arguments.threads))


def sentences(count: int) -> list[str]:
    """Distinct invented captions of 6 to 20 words."""
    draw = generator("perf encoding")
    return [f"{' '.join(draw.choice(WORDS, draw.integers(5, 20)))} {i}" for i in range(count)]


def images(folder: Path, count: int) -> list[ImageRef]:
    """JPEG files of the size of photos."""
    draw = generator("perf encoding images")
    refs = []
    for i in range(count):
        small = Image.fromarray(draw.integers(0, 256, (30, 40, 3), dtype=np.uint8))
        small.resize((SIDE, SIDE * 3 // 4)).save(folder / f"{i}.jpg", quality=90)
        refs.append(ImageRef(f"{i}.jpg", folder / f"{i}.jpg"))
    return refs


def text_variants(
    encoder: OpenClip, distinct: Sequence[str], arguments: argparse.Namespace
) -> dict[str, Callable[[], None]]:
    """From the plain loop to ours, one step at a time; every variant ends with an embedding of each distinct text."""
    order = generator("perf encoding order").permutation(len(distinct) * arguments.copies)
    items = [distinct[i % len(distinct)] for i in order]
    plain, trimmed = encoder.network.encode_text, encoder.encode_text
    size, device = arguments.batch_size, arguments.device

    def loop(texts: Sequence[str], encode: Callable[[torch.Tensor], torch.Tensor]) -> None:
        for start in range(0, len(texts), size):
            encode(encoder.tokenize(texts[start : start + size]).to(device)).cpu()

    once = list(dict.fromkeys(items))
    return {
        "plain loop: every item, 77 tokens": lambda: loop(items, plain),
        "each text once, 77 tokens": lambda: loop(once, plain),
        "each text once, trimmed": lambda: loop(once, trimmed),
        "ours: once, trimmed, sorted by length": lambda: encode_all(encoder, [], items, size, device),
    }


def image_variants(
    encoder: OpenClip, refs: Sequence[ImageRef], arguments: argparse.Namespace
) -> dict[str, Callable[[], None]]:
    """The plain loop with one image and with a batch at a time, and ours."""
    items = list(refs) * arguments.copies
    size, device = arguments.batch_size, arguments.device

    def loop(some: Sequence[ImageRef], rows: int) -> None:
        for start in range(0, len(some), rows):
            inputs = torch.stack([encoder.load_image(ref) for ref in some[start : start + rows]])
            encoder.encode_image(inputs.to(device)).cpu()

    return {
        "plain loop: every item, one at a time": lambda: loop(items, 1),
        "plain loop: every item, in batches": lambda: loop(items, size),
        "each image once, in batches": lambda: loop(refs, size),
        "ours: once, decoded ahead in threads": lambda: encode_all(encoder, items, [], size, device),
    }


def encode_all(encoder: OpenClip, refs: Sequence[ImageRef], texts: Sequence[str], size: int, device: str) -> None:
    """What `semclip evaluate` does."""
    Encodings.compute(encoder, refs, texts, device=device, batch_size=size)


def memory(model: str, counts: Sequence[int], threads: int) -> Table:
    """What encoding so many texts holds at most, of that the embeddings themselves, and what is left."""
    result = Table(title=f"memory with {model}, MB", title_justify="left")
    for column in ("texts", "peak above the model and the texts", "embeddings (float32)", "rest"):
        result.add_column(column, justify="right")
    for count in counts:
        command = [sys.executable, __file__, "--measure", str(count), "--memory-model", model]
        # Large blocks go back to the system when they are freed, so that the process holds what is in use.
        environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
        ran = subprocess.run([*command, "--threads", str(threads)], check=True, stdout=subprocess.PIPE, env=environment)
        found = json.loads(ran.stdout)
        peak, rows = found["peak"] - found["before"], found["rows"]
        result.add_row(f"{count:,}", f"{peak / 1e6:.0f}", f"{rows / 1e6:.0f}", f"{(peak - rows) / 1e6:.0f}")
    return result


def held(model: str, count: int) -> dict[str, int]:
    """Bytes that this process held before encoding, at most while it did, and the size of the embeddings."""
    encoder, texts = load(f"{model}/random"), sentences(count)
    encode_all(encoder, [], texts[:512], 256, "cpu")  # what torch makes once, whatever comes
    Path("/proc/self/clear_refs").write_text("5")  # VmHWM starts anew
    before = resident("VmRSS")
    Encodings.compute(encoder, [], texts)
    return {"before": before, "peak": resident("VmHWM"), "rows": 4 * count * encoder.embed_dim}


if __name__ == "__main__":
    main()
