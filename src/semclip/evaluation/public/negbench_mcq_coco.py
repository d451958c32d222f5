"""NegBench MCQ on COCO val2017: which of four captions, some with a denial, is true of the image?"""

from collections.abc import Sequence
from typing import ClassVar

from semclip.evaluation.public import _negbench as negbench
from semclip.evaluation.public.base import AnnotationFile, Pictures

_FILE = "COCO_val_mcq_llama3.1_rephrased.csv"


class NegbenchMcqCoco(negbench.FourCaptions):
    """5,914 questions on 3,926 images of COCO val2017 (arXiv 2501.09425).

    accuracy = mean 1[the right caption has the highest cosine], chance 1/4, sliced by the type of the right caption.
    `official_accuracy` is the script since March 2025, `official_unnormalised` the script before: published numbers of
    the two differ by a factor of two and are mixed in papers. COCO fine-tunes may have seen these images.
    """

    files: ClassVar[Sequence[AnnotationFile]] = (
        AnnotationFile(
            path=_FILE,
            sha256="42bc853b64fb7d995e73e39212cbbe076ea3e06c8dca1ccc892910f3f91bceee",
            size=1_321_191,
            copy_in=negbench.COPY,
            url=f"{negbench.MIRROR}/6f85230700ee3c3d520065551a19fef74bd179de/data/images/{_FILE}",
        ),
    )
    pictures: ClassVar[Pictures] = Pictures(
        name="COCO val2017", folder="coco/val2017", obtain="val2017.zip from cocodataset.org/#download"
    )
