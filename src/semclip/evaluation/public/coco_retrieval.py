"""COCO retrieval, Karpathy's test split: 5,000 images of val2014 and their 25,010 captions, both ways."""

from semclip.evaluation.public._image_folders import COCO_VAL2014
from semclip.evaluation.public._karpathy import Karpathy
from semclip.evaluation.public.base import AnnotationFile


class CocoRetrieval(Karpathy):
    """See `Karpathy`. All captions count, also the sixth and seventh of an image. NegBench's set is val2017."""

    files = (AnnotationFile(path="dataset_coco.json"),)
    image_folder = COCO_VAL2014
    licence = "captions from COCO, CC BY 4.0"
