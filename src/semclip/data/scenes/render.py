"""Scenes into pictures and class masks, with Pillow; the same scene gives the same pixels."""

import functools
import math

from PIL import Image, ImageChops, ImageDraw

from semclip.data.scenes import world
from semclip.data.scenes.world import SHAPES, Rgb, Scene, Thing

_SCALE = 4  # shapes are drawn this many times larger and reduced, for smooth edges

#: One closed line (points in units of the radius) and whether it adds to the shape or cuts out of it.
_Outline = tuple[tuple[tuple[float, float], ...], bool]


def draw(scene: Scene, size: int) -> Image.Image:
    """The picture: `size` x `size` RGB."""
    picture = _background(scene, size)
    for thing in scene["objects"]:
        colour = _colour(thing)
        dark = tuple(round(c * 0.55) for c in colour)
        outer, box = _coverage(thing, size)
        picture.paste(dark, box, outer)
        inner, box = _coverage(thing, size, shrink=max(0.02, 0.8 / size))
        picture.paste(colour, box, inner)
    return picture


def draw_mask(scene: Scene, size: int) -> Image.Image:
    """The class of every pixel: `size` x `size` palette image of `class_ids`; 0 is the background."""
    picture = Image.new("P", (size, size), 0)
    picture.putpalette(_palette())
    for thing in scene["objects"]:
        coverage, box = _coverage(thing, size)
        picture.paste(class_ids()[class_name(thing)], box, coverage.point(_threshold()))
    return picture


def class_name(thing: Thing) -> str:
    """An object's class: "red circle"."""
    return f"{thing['colour']} {thing['shape']}"


@functools.cache
def class_ids() -> dict[str, int]:
    """Class name -> value in masks, background included."""
    names = ["background", *(f"{colour} {shape}" for colour in world.COLOURS for shape in SHAPES)]
    return {name: index for index, name in enumerate(names)}


def _coverage(thing: Thing, size: int, shrink: float = 0.0) -> tuple[Image.Image, tuple[int, int, int, int]]:
    """How much of each pixel the object covers (0 to 255) in a box around it, and the box: left, top, right, bottom."""
    radius = world.SIZES[thing["size"]] * size
    x, y = thing["x"] * size, thing["y"] * size
    left, top = math.floor(x - radius) - 1, math.floor(y - radius) - 1
    side = math.ceil(2 * radius) + 3
    cosine, sine = math.cos(math.radians(thing["angle"])), math.sin(math.radians(thing["angle"]))
    large = Image.new("L", (side * _SCALE, side * _SCALE), 0)
    pen = ImageDraw.Draw(large)
    for points, adds in _outlines()[thing["shape"]]:
        # Every line moves inwards by `shrink`: outer ones get smaller, cut-outs larger.
        r = radius + (-shrink if adds else shrink) * size
        pen.polygon(
            [
                ((x - left + r * (u * cosine - v * sine)) * _SCALE, (y - top + r * (u * sine + v * cosine)) * _SCALE)
                for u, v in points
            ],
            fill=255 if adds else 0,
        )
    return large.reduce(_SCALE), (left, top, left + side, top + side)


@functools.cache
def _outlines() -> dict[str, tuple[_Outline, ...]]:
    def circle(radius: float) -> tuple[tuple[float, float], ...]:
        angles = (math.tau * k / 32 for k in range(32))
        return tuple((radius * math.cos(angle), radius * math.sin(angle)) for angle in angles)

    star = tuple((r * math.sin(math.pi * k / 5), -r * math.cos(math.pi * k / 5)) for k, r in enumerate((1.0, 0.44) * 5))
    w, h = 0.33, 0.95  # half width and half length of the cross's bars
    cross = ((-w, -h), (w, -h), (w, -w), (h, -w), (h, w), (w, w), (w, h), (-w, h), (-w, w), (-h, w), (-h, -w), (-w, -w))
    square = ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9))
    triangle = ((0.0, -0.95), (0.9, 0.7), (-0.9, 0.7))
    return {
        "circle": ((circle(0.92), True),),
        "square": ((square, True),),
        "triangle": ((triangle, True),),
        "star": ((star, True),),
        "cross": ((cross, True),),
        "ring": ((circle(0.97), True), (circle(0.45), False)),
    }


def _colour(thing: Thing) -> Rgb:
    pure = world.COLOURS[thing["colour"]]
    red, green, blue = (min(255, max(0, c + t)) for c, t in zip(pure, thing["tint"], strict=True))
    return red, green, blue


def _background(scene: Scene, size: int) -> Image.Image:
    first, second = (tuple(colour) for colour in scene["background"]["colours"])
    picture = Image.new("RGB", (size, size), first)
    picture.paste(second, (0, 0, size, size), _pattern(scene["background"]["pattern"], size))
    return picture


@functools.cache
def _pattern(name: str, size: int) -> Image.Image:
    """Where the background's second colour shows, 0 to 255."""
    mask = Image.new("L", (size, size), 0)
    pen = ImageDraw.Draw(mask)
    cell = max(1, size // 8)
    if name == "gradient":
        return Image.linear_gradient("L").resize((size, size))
    if name == "stripes":
        for k in range(0, size, 2 * cell):
            pen.rectangle((0, k, size, k + cell - 1), fill=255)
    elif name == "checks":
        stripes = _pattern("stripes", size)
        return ImageChops.difference(stripes, stripes.transpose(Image.Transpose.TRANSPOSE))
    elif name == "dots":
        for row in range(cell // 2, size, cell):
            for column in range(cell // 2, size, cell):
                pen.point((column, row), fill=255)
    return mask


@functools.cache
def _palette() -> list[int]:
    """Each class in its colour, shade by shape, so that masks can be looked at."""
    values = [255, 255, 255]
    for colour in world.COLOURS.values():
        for index in range(len(SHAPES)):
            values += [round(c * (1 - 0.07 * index)) for c in colour]
    return values


@functools.cache
def _threshold() -> list[int]:
    return [255 if value >= 128 else 0 for value in range(256)]
