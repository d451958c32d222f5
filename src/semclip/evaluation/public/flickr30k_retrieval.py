"""Flickr30k retrieval, Karpathy's test split: 1,000 images and their 5,000 captions, both ways."""

from collections.abc import Sequence
from typing import ClassVar

from semclip.evaluation.public._retrieval import KarpathyRetrieval
from semclip.evaluation.public.base import AnnotationFile, Pictures


class Flickr30kRetrieval(KarpathyRetrieval):
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
    obtain: ClassVar[str] = (
        "take dataset_flickr30k.json out of https://cs.stanford.edu/people/karpathy/deepimagesent/caption_datasets.zip"
    )
