"""Flickr30k retrieval, Karpathy's test split: 1,000 images and their 5,000 captions, both ways."""

from semclip.evaluation.public._image_folders import FLICKR30K
from semclip.evaluation.public._karpathy import Karpathy
from semclip.evaluation.public.base import AnnotationFile


class Flickr30kRetrieval(Karpathy):
    """See `Karpathy`; the images are not COCO's."""

    files = (AnnotationFile(path="dataset_flickr30k.json"),)
    image_folder = FLICKR30K
    licence = "captions: Flickr30k, CC BY 3.0; images: not to be redistributed"
