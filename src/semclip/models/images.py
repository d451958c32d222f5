"""From an image file to a network's input: decoding, and open_clip's evaluation transform."""

import math
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from open_clip.transform import PreprocessCfg, image_transform_v2, merge_preprocess_dict
from PIL import Image
from torch import Tensor

from semclip.core.errors import UserError
from semclip.core.example import ImageRef

#: What Pillow raises for files that are cut short, damaged or no image at all.
UNDECODABLE = (OSError, SyntaxError, ValueError, EOFError, struct.error, Image.DecompressionBombError)


def read_rgb(ref: ImageRef, shortest: int = 0) -> Image.Image:
    """The image as 8-bit RGB; greyscale, palette, CMYK and alpha are converted (alpha is dropped).

    shortest: a JPEG may be decoded at 1/2, 1/4 or 1/8 of its size while its shorter side keeps at least so many pixels;
    0: always whole. Other formats, and parts of images, are decoded whole.

    A box is cut out with Pillow, as the scripts of public benchmarks do: its sides are rounded half to even, and what
    lies outside the image is black. Raises UserError naming the file when it is missing or cannot be decoded, or when
    the box is empty.
    """
    if ref.path is None:
        raise UserError(
            f"this model reads pixels, and only the name of '{ref.name}' is known",
            where=ref.name,
            fix="give the folder of the images (`data.images=FOLDER`), or use the backend `features`",
        )
    try:
        with ref.open() as file, Image.open(file) as image:
            if shortest and ref.box is None:
                scale = shortest / min(image.size)
                image.draft(None, (math.ceil(image.width * scale), math.ceil(image.height * scale)))
            return _crop(to_rgb(image, ref), ref)
    except FileNotFoundError:
        raise UserError(
            "image file not found", where=ref.where, fix="check `data.root` and `data.images`, or remove the row"
        ) from None
    except UNDECODABLE as error:
        raise UserError(
            f"cannot decode the image: {error}", where=ref.where, fix="replace the file, or remove its row"
        ) from error


def to_rgb(image: Image.Image, ref: ImageRef) -> Image.Image:
    """An open image as 8-bit RGB, as `read_rgb` says. Raises UserError for pixels of 32 bits."""
    if image.mode.startswith("I;16"):
        # Pillow would clip 16-bit grey to white; keep the upper eight bits instead.
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    if image.mode in ("I", "F"):
        raise UserError(
            f"the image has 32-bit pixels (mode {image.mode}), whose range of brightness is unknown",
            where=ref.where,
            fix="save it with 8 or 16 bits per channel",
        )
    if image.mode == "P" and "transparency" in image.info:
        image = image.convert("RGBA")
    return image.convert("RGB")


def _crop(image: Image.Image, ref: ImageRef) -> Image.Image:
    if ref.box is None:
        return image
    left, top, right, bottom = (round(side) for side in ref.box)
    if right <= left or bottom <= top:
        raise UserError(f"the box {ref.box} is empty", where=ref.where, fix="mend it: x, y, x + width, y + height")
    return image.crop((left, top, right, bottom))


class Preprocessing:
    """open_clip's deterministic evaluation transform: RGB image -> (3, H, W) float32, as `settings` say.

    settings: open_clip's `preprocess_cfg`: size, mean, std, interpolation, resize_mode, fill_color, mode; JSON-ready.
    An image that already has the right size skips resizing and cropping, with bit-equal results: small renderings
    are read tens of thousands of times.
    """

    def __init__(self, settings: Mapping[str, Any], where: str) -> None:
        known = PreprocessCfg.__dataclass_fields__
        unknown = sorted(set(settings) - set(known))
        if unknown:
            raise UserError(f"unknown preprocessing '{unknown[0]}'", where=where, fix=f"known: {', '.join(known)}")
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
