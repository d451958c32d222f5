"""Flickr30k retrieval, Karpathy's test split: 1,000 images and their 5,000 captions, both ways."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from semclip.benchmarks._encodings import Encodings
from semclip.benchmarks.base import Scores
from semclip.published._retrieval import Captioned, check_ks, defects, karpathy, plain_scores
from semclip.published.base import AnnotationFile, Items, Pictures, Published


class Flickr30kRetrieval(Published):
    """Recall at K of captions -> image (mean over all captions) and image -> any of its captions (mean over images).

    image_retrieval_rK, text_retrieval_rK, and the same with `official_` before it by the rule of CLIP_benchmark
    (metrics/zeroshot_retrieval.py), which reports K = 5 unless told otherwise. When to use: what a fine-tune for
    negation cost, on images that are not COCO's.
    """

    files: ClassVar[Sequence[AnnotationFile]] = (AnnotationFile(path="dataset_flickr30k.json"),)
    pictures: ClassVar[Pictures | None] = Pictures(
        name="Flickr30k",
        folder="flickr30k/flickr30k-images",
        obtain="ask for the images at https://shannon.cs.illinois.edu/DenotationGraph/ and unpack them to flickr30k/",
    )
    licence: ClassVar[str] = "captions: Flickr30k, CC BY 3.0; images: not to be redistributed"
    source: ClassVar[str] = "Karpathy and Fei-Fei, CVPR 2015; metric: LAION-AI/CLIP_benchmark@48de38c1"
    obtain: ClassVar[str] = (
        "take dataset_flickr30k.json out of https://cs.stanford.edu/people/karpathy/deepimagesent/caption_datasets.zip"
    )
    primary: ClassVar[str] = "image_retrieval_r5"

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """ks: how many results are looked at; 5 is always among them."""

        ks: tuple[int, ...] = (1, 5, 10)

        def __post_init__(self) -> None:
            check_ks(self.ks, "flickr30k_retrieval")

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
