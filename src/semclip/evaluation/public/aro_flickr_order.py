"""ARO Flickr30k-Order: a caption of Flickr30k against its words in other orders."""

from semclip.evaluation.public._aro_order import Order, order_files
from semclip.evaluation.public._image_folders import FLICKR30K


class AroFlickrOrder(Order):
    """5,000 captions of the 1,000 images of Karpathy's test split, each against four shuffles; see `Order`."""

    files = order_files("flickr30k_test.json")
    image_folder = FLICKR30K
