"""How many images a second the training loader gives, against a plain Pillow loop at 224 pixels.

Run `python perf/loader.py`. Invented JPEGs of the sizes of photos. The plain loop opens, converts, resizes, crops and
normalises one image after another, as open_clip's evaluation transform does. Ours is what `semclip train` runs:
tokenising, grouping and collating included, with as many workers as it would choose, or one on a single core.
`reduced` is `train.decode=reduced`; `kept` is the second epoch of a run whose decoded inputs fit on disk.
"""

import argparse
import os
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image
from rich.console import Console
from rich.table import Table

from rounds import timed
from semclip.core.example import Example, ImageRef
from semclip.core.seeds import generator
from semclip.data.collate import Collate
from semclip.data.dataset import CaptionDataset
from semclip.models.backends.open_clip import OpenClip
from semclip.models.load import load
from semclip.training.images import image_source
from semclip.training.loading import MakeBatch, Schedule, batches, choose_workers

SIZES = {"500 x 375": (500, 375), "640 x 480": (640, 480), "2048 x 1536": (2048, 1536)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", default="ViT-B-32", help="whose preprocessing is done; nothing is encoded")
    parser.add_argument("--images", type=int, default=256)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    encoder = load(f"{arguments.model}/random")
    assert isinstance(encoder, OpenClip)
    workers, sentence = choose_workers("auto", memory_mapped=False)
    console = Console()
    console.print(f"{arguments.images} JPEGs to {encoder.preprocess.settings['size']} pixels; {sentence}; "
                  f"{os.cpu_count()} cores", soft_wrap=True)  # fmt: skip
    table = Table("images a second", *SIZES, title_justify="left")
    rates: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, size in SIZES.items():
            examples = images(Path(folder) / name.replace(" ", ""), arguments.images, size)
            medians = timed(variants(encoder, examples, workers, arguments.batch_size, Path(folder)), arguments.rounds)
            plain = next(iter(medians.values()))
            for variant, seconds in medians.items():
                rate = f"{len(examples) / seconds:,.0f}  ({plain / seconds:.1f} x)"
                rates.setdefault(variant, []).append(rate)
    for variant, cells in rates.items():
        table.add_row(variant, *cells)
    console.print(table)


def variants(
    encoder: OpenClip, examples: list[Example], workers: int, size: int, folder: Path
) -> dict[str, Callable[[], None]]:
    """The plain loop, and one epoch of ours in several settings."""
    (side, _) = encoder.preprocess.settings["size"]
    transform = image_transform_v2(PreprocessCfg(size=(side, side)), is_train=False)

    def plain() -> None:
        for example in examples:
            with Image.open(str(example.image.path)) as image:
                transform(image.convert("RGB"))

    source = partial(image_source, encoder, examples, ["image"], False, augmented=False, device=torch.device("cpu"))
    kept, _, _ = source(reduced=False, cache=folder)
    full, reduced = encoder.load_image, encoder.load_image_reduced
    ours = partial(epoch, encoder, examples, size)
    return {
        "plain Pillow loop": plain,
        "ours, no workers": lambda: ours(full, 0),
        "ours, no workers, reduced": lambda: ours(reduced, 0),
        f"ours, {workers + 1} workers": lambda: ours(full, workers + 1),
        f"ours, {workers + 1} workers, reduced": lambda: ours(reduced, workers + 1),
        "ours, kept": lambda: ours(kept, 0),
    }


def epoch(
    encoder: OpenClip, examples: list[Example], size: int, load_image: Callable[[ImageRef], torch.Tensor], workers: int
) -> None:
    dataset = CaptionDataset(examples, ["image", "caption"], 0, load_image)
    make_batch = MakeBatch([], examples, {"image", "caption"}, Collate(encoder.tokenize))
    schedule = Schedule(dataset.groups, size, 0, 0, len(examples) // size)
    for _ in batches(dataset, make_batch, schedule, workers, torch.device("cpu"), lambda faults: None):
        pass


def images(folder: Path, count: int, size: tuple[int, int]) -> list[Example]:
    """JPEG files with detail at many scales, as photos have."""
    folder.mkdir()
    draw = generator("perf loader", *size)
    examples = []
    for i in range(count):
        layers = [draw.integers(0, 256, (size[1] // s, size[0] // s, 3), dtype=np.uint8) for s in (64, 16, 4)]
        image = Image.fromarray(layers[0]).resize(size)
        for layer in layers[1:]:
            image = Image.blend(image, Image.fromarray(layer).resize(size), 0.25)
        image.save(folder / f"{i}.jpg", quality=85)
        examples.append(Example(f"{i}", ImageRef(f"{i}.jpg", folder / f"{i}.jpg"), "a photo of a dog", group=f"{i}"))
    return examples


if __name__ == "__main__":
    main()
