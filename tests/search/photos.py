"""Pictures, a small model, and the simplest ranker, for tests of the index."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from semclip.core.query import Gallery, Leaf, Part, Query, Ranking, Text, leaves
from semclip.core.seeds import generator
from semclip.search.index import Index
from semclip.search.model import Model
from tests.models.tiny import tiny


def picture(number: int, side: int = 24) -> Image.Image:
    """A picture of its own for each number, with detail that a small network sees."""
    blocks = generator("search picture", number).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    return Image.fromarray(blocks).resize((side, side), Image.Resampling.NEAREST)


def fill(folder: Path, count: int, first: int = 0) -> list[Path]:
    """`count` photos in two folders; PNG, so that their pixels are what `picture` gave."""
    paths = [folder / ("a", "b")[i % 2] / f"{i:03}.png" for i in range(first, first + count)]
    for number, path in enumerate(paths, first):
        path.parent.mkdir(parents=True, exist_ok=True)
        picture(number).save(path)
    return paths


def model(seed: int = 0) -> Model:
    encoder = tiny(seed=seed)
    return Model(encoder, f"tiny {seed}")


def new_index(folder: Path, seed: int = 0, **settings: bool) -> Index:
    return Index.create(folder / ".semclip", model(seed), **settings)


def contents(index: Index) -> dict[str, np.ndarray]:
    """Path -> embedding, of every row of the table."""
    found: dict[str, np.ndarray] = {}
    for batch in index._table.batches(["path", "embedding"]):
        for row in batch.to_pylist():
            assert row["path"].decode() not in found, "a photo is there twice"
            found[row["path"].decode()] = np.array(row["embedding"], np.float32)
    return found


class Sum:
    """Wanted minus excluded cosines."""

    def rank(self, query: Query, gallery: Gallery) -> Ranking:
        every = list(leaves(query.tree))
        cosines = gallery.similarity(np.stack([gallery.embed(leaf) for leaf, _ in every])).astype(np.float64)
        signs = np.array([1.0 if wanted else -1.0 for _, wanted in every])
        parts = [Part(leaf, wanted, row, (row + 1) / 2) for (leaf, wanted), row in zip(every, cosines, strict=True)]
        worst = np.where(cosines.max(axis=0) > 2, 0, -1)
        return Ranking(signs @ cosines, tuple(parts), worst)


def asked(*words: str, **filters: object) -> Query:
    from semclip.core.query import And, Not

    parts: Sequence[Leaf | Not] = [Not(Text(w[1:])) if w.startswith("-") else Text(w) for w in words]
    return Query(" ".join(words), And(tuple(parts)) if parts else None, tuple(filters.values()))  # type: ignore[arg-type]


def restored(saved: Path, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(saved, folder)
