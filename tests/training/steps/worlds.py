"""Examples and embeddings for tests of data steps."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from semclip.core.example import Example, ImageRef
from semclip.core.seeds import derive_seed, generator
from semclip.data.columns import RowParser
from semclip.data.dataset import CaptionDataset, Sample
from semclip.data.scenes.rows import make_row


class Hashed:
    """Embeddings drawn from names and texts: no two alike, and equal wherever they are asked for."""

    def images(self, refs: Sequence[ImageRef]) -> np.ndarray:
        return np.stack([self._row(ref.name) for ref in refs])

    def texts(self, texts: Sequence[str]) -> np.ndarray:
        return np.stack([self._row(text) for text in texts])

    def _row(self, name: str) -> np.ndarray:
        row = generator("embedding", name).normal(size=16)
        return (row / np.linalg.norm(row)).astype(np.float32)


class Given(Hashed):
    """Embeddings as the test gives them, by image name or text."""

    def __init__(self, rows: dict[str, Sequence[float]]) -> None:
        self.rows = rows

    def _row(self, name: str) -> np.ndarray:
        row = np.asarray(self.rows[name], dtype=np.float32)
        return row / np.linalg.norm(row)


def scenes(count: int, split: str = "train") -> tuple[list[Example], list[dict[str, Any]]]:
    """Rows of the scenes world as examples, and the rows themselves."""
    rows = [make_row(21, split, index) for index in range(count)]
    parser = RowParser({}, Path())
    examples = [parser.example(row, f"scenes.jsonl:{number}") for number, row in enumerate(rows, 1)]
    return examples, rows


def no_image(ref: ImageRef) -> Tensor:
    """A number for every name, in place of pixels."""
    return torch.tensor([float(derive_seed(ref.name) % 10**6)])


def visits(examples: Sequence[Example], views: Sequence[str], indices: Sequence[int], epoch: int = 0) -> list[Sample]:
    """Samples as the data set gives them."""
    dataset = CaptionDataset(examples, views, 5, no_image)
    return [dataset[epoch, index] for index in indices]
