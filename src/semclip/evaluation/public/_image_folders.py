"""Folders of images that several public benchmarks ask about."""

from semclip.evaluation.public.base import ImageFolder


def _coco(part: str) -> ImageFolder:
    return ImageFolder(
        name=f"COCO {part}",
        folder=f"coco/{part}",
        obtain=f"get http://images.cocodataset.org/zips/{part}.zip (https://cocodataset.org) and unpack it to coco/",
    )


COCO_TRAIN2014, COCO_VAL2014, COCO_VAL2017 = _coco("train2014"), _coco("val2014"), _coco("val2017")
FLICKR30K = ImageFolder(
    name="Flickr30k",
    folder="flickr30k/flickr30k-images",
    obtain="ask for the images at https://shannon.cs.illinois.edu/DenotationGraph/ and unpack them to flickr30k/",
)
VISUAL_GENOME = ImageFolder(
    name="Visual Genome",
    folder="visual_genome",
    obtain="the two image archives of homes.cs.washington.edu/~ranjay/visualgenome, in one folder, as 123.jpg",
)
