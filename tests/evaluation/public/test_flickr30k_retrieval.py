"""Flickr30k retrieval: the sample of the contract tests; its own tests stand beside COCO's."""

from pathlib import Path

from tests.evaluation.public.test_coco_retrieval import TRUE, write_karpathy

__all__ = ["TRUE", "write_sample"]


def write_sample(root: Path) -> None:
    write_karpathy(root, "flickr30k_retrieval", "dataset_flickr30k.json", "flickr30k/flickr30k-images")
