"""Augmentation: a random part of the picture at every visit, a function of the visit alone."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torchvision.transforms import InterpolationMode, RandomResizedCrop
from torchvision.transforms.functional import resized_crop

from semclip.core.errors import UserError
from semclip.data.dataset import as_it_is
from semclip.models.backends.base import Encoder


@dataclass(frozen=True)
class RandomCrop:
    """A crop of at least `least` of the area, resized to the input's size: (C, H, W) -> (C, H, W).

    torchvision's RandomResizedCrop with its usual ratios of width to height, 3/4 to 4/3; open_clip trains with `least`
    = 0.9. The crop is taken of the preprocessed input, so every backend that reads pixels can be trained with it. No
    mirroring: it makes "left of" false.
    """

    least: float

    def __call__(self, image: Tensor, seed: int) -> Tensor:
        with torch.random.fork_rng(devices=[]):  # torchvision draws from the global generator
            torch.manual_seed(seed)
            place = RandomResizedCrop.get_params(image, scale=[self.least, 1.0], ratio=[3 / 4, 4 / 3])
        size = list(image.shape[1:])
        return resized_crop(image, *place, size, InterpolationMode.BICUBIC, antialias=True)


def augmentation(least: float, encoder: Encoder) -> Callable[[Tensor, int], Tensor]:
    """What `train.crop` asks for. Raises UserError for a model that reads no pixels."""
    if least == 1:
        return as_it_is
    if not encoder.reads_pixels:
        raise UserError(
            "this model reads features, of which no part can be cropped",
            where="train.crop",
            fix="leave train.crop out, or train a model that reads pixels",
        )
    return RandomCrop(least)
