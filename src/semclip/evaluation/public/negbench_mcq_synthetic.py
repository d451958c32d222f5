"""NegBench MCQ on made images (HardNeg-Syn): two things, or one of them without the other?"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from semclip.core.example import ImageRef
from semclip.evaluation.public import _negbench as negbench
from semclip.evaluation.public.base import AnnotationFile, Pictures

_FILE = "synthetic_mcq_llama3.1_rephrased.csv"


class NegbenchMcqSynthetic(negbench.FourCaptions):
    """9,997 questions in pairs of images, one with both things and one with the first only (arXiv 2501.09425).

    accuracy = mean 1[the right caption has the highest cosine], chance 1/4, sliced by the type of the right caption.
    `official_accuracy` is the script since March 2025, `official_unnormalised` the script before: published numbers of
    the two differ by a factor of two and are mixed in papers. The right caption is the positive one at place 0 or the
    hybrid one at place 1; there is no negative slice. The authors released no images.
    """

    files: ClassVar[Sequence[AnnotationFile]] = (
        AnnotationFile(
            path=_FILE,
            sha256="84c3f07c6bdf96238838f4278a3d5a3f00b31f9d35549e31f83d771de8b29374",
            size=3_247_006,
            copy_in=negbench.COPY,
            url=f"{negbench.MIRROR}/6f85230700ee3c3d520065551a19fef74bd179de/data/images/{_FILE}",
        ),
    )
    pictures: ClassVar[Pictures] = Pictures(
        name="HardNeg-Syn images",
        folder="negbench_synthetic",
        obtain="not released by the authors (github.com/m1k2zoo/negbench issue 6); folders positive/ and negative/",
    )
    slots: ClassVar[Mapping[int, str]] = negbench.SYNTHETIC_SLOTS

    def picture(self, images: Path, official: str) -> ImageRef:
        # positive/1_img.png and negative/1_img.png are two images: the base name alone would confuse them.
        name = "/".join(official.replace("\\", "/").split("/")[-2:])
        return ImageRef(name, images / name)
