"""From pixels to a network's input: open_clip's evaluation transform."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from open_clip.transform import PreprocessCfg, image_transform_v2, merge_preprocess_dict
from PIL import Image
from torch import Tensor

from semclip.core.errors import UserError
from semclip.models.configuration_shape import refuse_misshapen_preprocessing


class Preprocessing:
    """open_clip's deterministic evaluation transform: RGB image -> (3, H, W) float32, as `settings` say.

    settings: open_clip's `preprocess_cfg`: size, mean, std, interpolation, resize_mode, fill_color, mode; JSON-ready.
    An image that already has the right size skips resizing and cropping, with bit-equal results: small renderings
    are read tens of thousands of times.
    """

    def __init__(self, settings: Mapping[str, Any], where: str) -> None:
        refuse_misshapen_preprocessing(settings, where)
        merged = merge_preprocess_dict(PreprocessCfg(), dict(settings))
        size = merged["size"]
        height, width = (size, size) if isinstance(size, int) else (int(size[0]), int(size[1]))
        try:
            config = PreprocessCfg(**{**merged, "size": (height, width)})
            self._transform = image_transform_v2(config, is_train=False)
        except AssertionError as error:
            raise UserError(
                f"no such preprocessing: {merged}",
                where=where,
                fix="interpolation is bicubic or bilinear; resize_mode is shortest, longest or squash; mode is RGB",
            ) from error
        self.settings: dict[str, Any] = {
            **merged,
            "size": [height, width],
            "mean": [float(m) for m in merged["mean"]],
            "std": [float(s) for s in merged["std"]],
        }
        self._pixels = (width, height)  # Pillow's order
        self._mean = torch.tensor(self.settings["mean"]).view(3, 1, 1)
        self._std = torch.tensor(self.settings["std"]).view(3, 1, 1)

    def __call__(self, image: Image.Image) -> Tensor:
        """(3, H, W) float32."""
        return self._normalised(image) if image.size == self._pixels else self._transform(image)

    def whole(self, image: Image.Image, size: int, stride: tuple[int, int]) -> Tensor:
        """(3, H, W) float32: the image uncropped, its shorter side about `size` pixels (0: the network's own).

        stride: H and W are rounded to multiples of it (down, across). Resized as the settings' interpolation says,
        directly to (H, W): the aspect ratio changes by less than half a stride per side, and the image's edges stay
        the grid's edges.
        """
        scale = (size or min(self._pixels)) / min(image.size)
        width, height = (
            max(1, round(side * scale / step)) * step for side, step in zip(image.size, reversed(stride), strict=True)
        )
        if image.size != (width, height):
            method = (
                Image.Resampling.BICUBIC if self.settings["interpolation"] == "bicubic" else Image.Resampling.BILINEAR
            )
            image = image.resize((width, height), method)
        return self._normalised(image)

    def _normalised(self, image: Image.Image) -> Tensor:
        pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1).contiguous()  # (3, H, W) uint8
        return pixels.float().div_(255).sub_(self._mean).div_(self._std)
