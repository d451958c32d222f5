"""COCO retrieval, Karpathy's test split: 5,000 images of val2014 and their 25,010 captions, both ways."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from semclip.benchmarks._encodings import Encodings
from semclip.benchmarks.base import Scores
from semclip.published._retrieval import Captioned, check_ks, defects, karpathy, plain_scores
from semclip.published.base import AnnotationFile, Items, Pictures, Published


class CocoRetrieval(Published):
    """Recall at K of captions -> image (mean over all captions) and image -> any of its captions (mean over images).

    image_retrieval_rK, text_retrieval_rK, and the same with `official_` before it by the rule of CLIP_benchmark
    (metrics/zeroshot_retrieval.py), which reports K = 5 unless told otherwise. All captions count, also the sixth and
    seventh of an image. Not NegBench's retrieval set: that is val2017. When to use: what a fine-tune for negation cost.
    """

    files: ClassVar[Sequence[AnnotationFile]] = (AnnotationFile(path="dataset_coco.json"),)
    pictures: ClassVar[Pictures | None] = Pictures(
        name="COCO val2014",
        folder="coco/val2014",
        obtain="get http://images.cocodataset.org/zips/val2014.zip (https://cocodataset.org) and unpack it to coco/",
    )
    licence: ClassVar[str] = "captions from COCO, CC BY 4.0"
    source: ClassVar[str] = "Karpathy and Fei-Fei, CVPR 2015; metric: LAION-AI/CLIP_benchmark@48de38c1"
    obtain: ClassVar[str] = (
        "take dataset_coco.json out of https://cs.stanford.edu/people/karpathy/deepimagesent/caption_datasets.zip"
    )
    primary: ClassVar[str] = "image_retrieval_r5"

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """ks: how many results are looked at; 5 is always among them."""

        ks: tuple[int, ...] = (1, 5, 10)

        def __post_init__(self) -> None:
            check_ks(self.ks, "coco_retrieval")

    def read(self, folder: Path, images: Path) -> Items:
        rows = karpathy(folder / self.files[0].path, images)
        return Items(
            items=rows,
            images=[row.image for row in rows],
            texts=[caption for row in rows for caption in row.captions],
            defects=defects(rows, "Karpathy test"),
        )

    def score(self, items: Sequence[Captioned], encodings: Encodings) -> Scores:
        return plain_scores(items, encodings, (5, *self.config.ks))
