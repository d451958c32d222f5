"""ARO COCO-Order: a caption of COCO against its words in other orders."""

from semclip.evaluation.public._aro_order import Order, order_files
from semclip.evaluation.public._image_folders import COCO_VAL2014


class AroCocoOrder(Order):
    """25,010 captions of the 5,000 images of Karpathy's test split, each against four shuffles; see `Order`."""

    files = order_files("coco_karpathy_test.json")
    image_folder = COCO_VAL2014
