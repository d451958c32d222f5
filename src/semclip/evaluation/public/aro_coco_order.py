"""ARO COCO-Order: a caption of COCO against its words in other orders."""

from collections.abc import Sequence
from typing import ClassVar

from semclip.evaluation.public._aro import Order
from semclip.evaluation.public.base import AnnotationFile, Pictures

_CAPTIONS = "coco_karpathy_test.json"
_SHUFFLES = "shuffles.json"


class AroCocoOrder(Order):
    """25,010 captions of the 5,000 COCO images of the Karpathy test split, each against four shuffles.

    accuracy = mean 1[the caption in its own order has the highest cosine], chance 1/5; officially a tie is right, since
    the true caption stands first and argmax takes it. The official shuffles are drawn when the data are loaded, with
    spaCy, NLTK and a global seed, and differ between versions: freeze them into shuffles.json, a list of
    {"image_path": ..., "caption_options": [true, four shuffles]}. Without that file ours are made from the captions
    (`_aro.shuffles_of`), and the result says so. A language model that never sees the image solves this: read the blind
    baselines first. arXiv 2210.01936.
    """

    files: ClassVar[Sequence[AnnotationFile]] = (
        AnnotationFile(path=_CAPTIONS, optional=True),
        AnnotationFile(path=_SHUFFLES, optional=True),
    )
    pictures: ClassVar[Pictures] = Pictures(
        name="COCO val2014", folder="coco/val2014", obtain="val2014.zip from cocodataset.org/#download"
    )
    obtain: ClassVar[str] = f"{_CAPTIONS} as BLIP distributes it, or {_SHUFFLES}"
