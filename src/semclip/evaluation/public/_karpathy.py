"""Retrieval on Karpathy's test splits: the reader of his files, and what the two benchmarks share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from semclip.core.errors import UserError
from semclip.core.files import read_json
from semclip.evaluation.base import Items, Scores
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.metrics.retrieval import check_ks
from semclip.evaluation.public._retrieval import Captioned, defects, recalls
from semclip.evaluation.public.base import PublicBenchmark, image_ref


class Karpathy(PublicBenchmark):
    """Base of retrieval on Karpathy's test split: one JSON file, both directions.

    Recall at K of captions -> image (mean over all captions) and image -> any of its captions (mean over images):
    image_retrieval_rK, text_retrieval_rK, and the same with `official_` before it by the rule of CLIP_benchmark
    (metrics/zeroshot_retrieval.py), which reports K = 5 unless told otherwise. When to use: what a fine-tune for
    negation cost.
    """

    obtain = "take it out of https://cs.stanford.edu/people/karpathy/deepimagesent/caption_datasets.zip"

    source = "Karpathy and Fei-Fei, CVPR 2015; metric: LAION-AI/CLIP_benchmark@48de38c1"
    primary = "image_retrieval_r5"

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """ks: how many results are looked at; 5 is always among them."""

        ks: tuple[int, ...] = (1, 5, 10)

    def __init__(self, options: Mapping[str, Any] | None = None) -> None:
        super().__init__(options)
        check_ks(self.config.ks, self.name)

    def read(self, folder: Path, images: Path) -> Items:
        rows = karpathy(folder / self.files[0].path, images)
        return Items(
            items=rows,
            images=[row.image for row in rows],
            texts=[caption for row in rows for caption in row.captions],
            defects=defects(rows, "Karpathy test"),
        )

    def score(self, items: Sequence[Captioned], encodings: Encodings) -> Scores:
        found = recalls(items, encodings, (5, *self.config.ks))
        return Scores(metrics=found.metrics, items=found.records, notes=found.notes)


def karpathy(path: Path, images: Path, split: str = "test") -> list[Captioned]:
    """Rows of a split of Karpathy's JSON: `images`, each with `filename`, `split` and `sentences` with `raw`.

    Raises UserError for a file of another shape and for a split that nobody is in.
    """
    content = read_json(path)
    entries = content.get("images") if isinstance(content, dict) else None
    if not isinstance(entries, list):
        raise UserError("no list `images` in the file", where=str(path), fix="use Karpathy's own file, unchanged")
    rows = []
    for number, entry in enumerate(entries):
        where = f"{path}:images[{number}]"
        try:
            if entry["split"] == split:
                captions = tuple(str(sentence["raw"]) for sentence in entry["sentences"])
                rows.append(Captioned(image_ref(images, str(entry["filename"])), captions, where))
        except (KeyError, TypeError) as error:
            raise UserError(
                f"an image without {error}", where=where, fix="it needs filename, split and sentences with raw"
            ) from error
    if not rows:
        raise UserError(
            f"no image is in the split '{split}'", where=str(path), fix="use Karpathy's own file, unchanged"
        )
    return rows
