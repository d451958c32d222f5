"""NegBench MCQ on synthetic images (HardNeg-Syn): two things, or one of them without the other?"""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from semclip.core.example import ImageRef
from semclip.evaluation.public._negbench import FourCaptions, mirrored
from semclip.evaluation.public.base import ImageFolder


class NegbenchMcqSynthetic(FourCaptions):
    """9,997 questions in pairs of images, one with both things and one with the first only; see `FourCaptions`.

    The right caption is the positive one at place 0 or the hybrid one at place 1; there is no negative slice. The
    authors released no images.
    """

    files = (
        mirrored(
            "synthetic_mcq_llama3.1_rephrased.csv",
            size=3_247_006,
            sha256="84c3f07c6bdf96238838f4278a3d5a3f00b31f9d35549e31f83d771de8b29374",
        ),
    )
    image_folder = ImageFolder(
        name="HardNeg-Syn images",
        folder="negbench_synthetic",
        obtain="not released by the authors (github.com/m1k2zoo/negbench issue 6); folders positive/ and negative/",
    )
    slots: ClassVar[Mapping[int, str]] = {0: "positive", 1: "hybrid", 2: "hybrid", 3: "negative"}

    def image(self, images: Path, official: str) -> ImageRef:
        # positive/1_img.png and negative/1_img.png are two images: the base name alone would confuse them.
        name = "/".join(official.replace("\\", "/").split("/")[-2:])
        return ImageRef(name, images / name, as_stored=True)
