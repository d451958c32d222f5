"""Encoders that look embeddings up, and folders of small official files: what tests of public benchmarks need."""

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from semclip.core.example import ImageRef
from semclip.evaluation import RunOptions, evaluate
from semclip.evaluation.metrics.result import Result
from tests.evaluation.own.fakes import FakeEncoder

VECTORS = Path(__file__).parents[2] / "vectors"


class KeyedEncoder(FakeEncoder):
    """Looks images up by `ImageRef.key`, so that two boxes of one image are two images."""

    def load_image(self, ref: ImageRef) -> Tensor:
        self.image_calls.append(ref.key)
        return torch.from_numpy(self._image(ref.key)).to(self._dtype)


def keyed(image: Callable[[str], np.ndarray], text: Callable[[str], np.ndarray], **options: Any) -> KeyedEncoder:
    return KeyedEncoder(image, text, **options)


def constant() -> KeyedEncoder:
    """Everything is the same."""
    return keyed(lambda key: np.full(7, 0.3), lambda text: np.full(7, 0.3))


def noise(seed: int = 0) -> KeyedEncoder:
    """Everything is random, but the same whenever it is asked."""

    def draw(key: str) -> np.ndarray:
        return np.random.default_rng([seed, *key.encode()]).normal(size=8)

    return keyed(draw, draw)


def table(images: Mapping[str, Iterable[float]], texts: Mapping[str, Iterable[float]]) -> KeyedEncoder:
    """The embeddings of a vector file, in float64."""
    found = {
        "image": {k: np.array(list(v), dtype=np.float64) for k, v in images.items()},
        "text": {k: np.array(list(v), dtype=np.float64) for k, v in texts.items()},
    }
    width = len(next(iter((found["text"] or found["image"]).values())))
    probe = "this is a photo of a red circle"
    return keyed(lambda k: found["image"][k], lambda t: found["text"].get(t, np.ones(width) if t == probe else None))


def oracle(true: Mapping[str, Iterable[str]]) -> KeyedEncoder:
    """Knows the truth. true: image key -> the texts that are true of it; any other text is false of every image."""
    keys = sorted(true)
    axes = np.eye(len(keys) + 1)
    of_text: dict[str, np.ndarray] = {}
    for i, key in enumerate(keys):
        for text in true[key]:
            of_text[text] = of_text.get(text, np.zeros(len(keys) + 1)) + axes[i]
    return keyed(lambda key: axes[keys.index(key)], lambda text: of_text.get(text, axes[-1]))


def run(
    encoder: Any, name: str, root: Path, batch_size: int = 256, allow_missing: bool = False, **options: Any
) -> Result:
    """One public benchmark below `root`, as `semclip evaluate` runs it."""
    how = RunOptions(batch_size=batch_size)
    return evaluate(encoder, {name: options}, options=how, root=root, allow_missing=allow_missing)[name]


class Sample:
    """A small official folder of one of several benchmarks that share a reader; see tests/contracts."""

    TRUE: Mapping[str, Iterable[str]]

    def __init__(self, name: str) -> None:
        self.name = name


def write_json(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), "utf-8")


def write_images(folder: Path, names: Iterable[str]) -> None:
    """Small images under their official names."""
    folder.mkdir(parents=True, exist_ok=True)
    for i, name in enumerate(sorted(set(names))):
        Image.new("RGB", (8, 6), (i % 256, 90, 160)).save(folder / name)
