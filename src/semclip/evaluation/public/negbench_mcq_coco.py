"""NegBench MCQ on COCO val2017: which of four captions, some with a denial, is true of the image?"""

from semclip.evaluation.public._image_folders import COCO_VAL2017
from semclip.evaluation.public._negbench import FourCaptions, mirrored


class NegbenchMcqCoco(FourCaptions):
    """5,914 questions on 3,926 images; see `FourCaptions`. COCO fine-tunes may have seen these images."""

    files = (
        mirrored(
            "COCO_val_mcq_llama3.1_rephrased.csv",
            size=1_321_191,
            sha256="42bc853b64fb7d995e73e39212cbbe076ea3e06c8dca1ccc892910f3f91bceee",
        ),
    )
    image_folder = COCO_VAL2017
