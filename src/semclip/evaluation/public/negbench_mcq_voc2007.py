"""NegBench MCQ on VOC2007: which of four captions, some with a denial, is true of the image?"""

from collections.abc import Sequence
from typing import ClassVar

from semclip.evaluation.public import _negbench as negbench
from semclip.evaluation.public.base import AnnotationFile, Pictures

_FILE = "VOC2007_mcq_llama3.1_rephrased.csv"


class NegbenchMcqVoc2007(negbench.FourCaptions):
    """5,031 questions on 4,951 images of the VOC2007 test set (arXiv 2501.09425).

    accuracy = mean 1[the right caption has the highest cosine], chance 1/4, sliced by the type of the right caption.
    `official_accuracy` is the script since March 2025, `official_unnormalised` the script before: published numbers of
    the two differ by a factor of two and are mixed in papers. The images are those of VOC2007 test, not trainval.
    """

    files: ClassVar[Sequence[AnnotationFile]] = (
        AnnotationFile(
            path=_FILE,
            sha256="666269c3661d29c9148c702fdae7efa049b7f9b312679f845ac66ddf619979c1",
            size=1_156_070,
            copy_in=negbench.COPY,
            url=f"{negbench.MIRROR}/6f85230700ee3c3d520065551a19fef74bd179de/data/images/{_FILE}",
        ),
    )
    pictures: ClassVar[Pictures] = Pictures(
        name="VOC2007 test",
        folder="voc2007/JPEGImages",
        obtain="VOCtest_06-Nov-2007.tar from host.robots.ox.ac.uk/pascal/VOC/voc2007",
    )
