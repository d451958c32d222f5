"""Labels of pixels as images: a palette file for programs, an overlay with a legend for people."""

import colorsys
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

#: The golden angle in turns: neighbours in the list of classes get hues far apart.
_TURN = 0.381966
_SHORTEST_SIDE = 240  # an overlay is enlarged to this, so that its legend can be read
_LINE = 16  # height of a line of the legend


def colours(classes: Sequence[str]) -> list[tuple[int, int, int]]:
    """One colour for each class; grey for the background."""
    result = []
    for i, name in enumerate(classes):
        hue = colorsys.hsv_to_rgb((i * _TURN) % 1, 0.85, 0.95 - 0.35 * (i % 2))
        result.append((128, 128, 128) if name == "background" else tuple(round(255 * c) for c in hue))
    return result  # type: ignore[return-value]


def label_image(labels: NDArray[np.int64], classes: Sequence[str]) -> Image.Image:
    """(H, W) class numbers as an 8-bit palette image: its values are the numbers. At most 255 classes."""
    image = Image.fromarray(labels.astype(np.uint8), "P")
    image.putpalette([value for colour in colours(classes) for value in colour])
    return image


def overlay(image: Image.Image, labels: NDArray[np.int64], classes: Sequence[str]) -> Image.Image:
    """The image under half-transparent labels, with a legend of the classes found, ordered by proportion of pixels."""
    table = np.array(colours(classes), dtype=np.uint8)
    mixed = Image.blend(image.convert("RGB"), Image.fromarray(table[labels]), 0.55)
    factor = max(1, -(-_SHORTEST_SIDE // min(mixed.size)))
    mixed = mixed.resize((mixed.width * factor, mixed.height * factor), Image.Resampling.NEAREST)
    found, counts = np.unique(labels, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    canvas = Image.new("RGB", (mixed.width, mixed.height + _LINE * len(found) + 4), "white")
    canvas.paste(mixed)
    pen = ImageDraw.Draw(canvas)
    for line, k in enumerate(order):
        top = mixed.height + 4 + line * _LINE
        pen.rectangle((4, top, 16, top + 11), fill=tuple(int(c) for c in table[found[k]]))
        pen.text((22, top), f"{classes[found[k]]}  {100 * counts[k] / labels.size:.1f} %", fill="black")
    return canvas
