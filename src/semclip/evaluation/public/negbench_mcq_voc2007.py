"""NegBench MCQ on VOC2007: which of four captions, some with a denial, is true of the image?"""

from semclip.evaluation.public._negbench import FourCaptions, mirrored
from semclip.evaluation.public.base import ImageFolder


class NegbenchMcqVoc2007(FourCaptions):
    """5,031 questions on 4,951 images of VOC2007 test (not trainval); see `FourCaptions`."""

    files = (
        mirrored(
            "VOC2007_mcq_llama3.1_rephrased.csv",
            size=1_156_070,
            sha256="666269c3661d29c9148c702fdae7efa049b7f9b312679f845ac66ddf619979c1",
        ),
    )
    image_folder = ImageFolder(
        name="VOC2007 test",
        folder="voc2007/JPEGImages",
        obtain="VOCtest_06-Nov-2007.tar from host.robots.ox.ac.uk/pascal/VOC/voc2007",
    )
