"""COCO retrieval, Karpathy's test split: 5,000 images of val2014 and their 25,010 captions, both ways."""

from collections.abc import Sequence
from typing import ClassVar

from semclip.evaluation.public._retrieval import KarpathyRetrieval
from semclip.evaluation.public.base import AnnotationFile, Pictures


class CocoRetrieval(KarpathyRetrieval):
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
    obtain: ClassVar[str] = (
        "take dataset_coco.json out of https://cs.stanford.edu/people/karpathy/deepimagesent/caption_datasets.zip"
    )
