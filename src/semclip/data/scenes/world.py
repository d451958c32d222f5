"""What there is in the scenes world, how a scene is drawn from a seed, and the dials of its difficulty."""

import math
import random
from collections.abc import Mapping
from typing import Any, TypedDict

from semclip.core.seeds import derive_seed

# ---- Dials -----------------------------------------------------------------------------------------------------------

#: Colour name -> RGB. Fewer colours or shapes: more scenes alike, captions identify less.
COLOURS = {
    "red": (214, 40, 40),
    "orange": (244, 128, 24),
    "yellow": (250, 214, 48),
    "green": (44, 150, 68),
    "blue": (36, 92, 214),
    "purple": (126, 54, 176),
    "pink": (246, 138, 190),
    "black": (34, 34, 38),
    "brown": (130, 76, 36),
    "turquoise": (40, 196, 200),
}
SHAPES = ("circle", "square", "triangle", "star", "cross", "ring")

#: Size name -> radius, as a share of the image's side.
SIZES = {"small": 0.135, "large": 0.215}

#: Number of objects -> share of scenes. More objects: more to learn from one caption, and fewer captions alike.
OBJECT_COUNTS = {1: 0.15, 2: 0.5, 3: 0.35}

#: Number of objects -> form of the caption -> share. Relations and places make captions harder to tell apart.
#: Counts 2 and 3 must come out about equally often (0.5 * 0.1 and 0.35 * 0.15), or the likelier one can be guessed.
CAPTION_FORMS = {
    1: {"place": 0.8, "list": 0.2},
    2: {"list": 0.25, "relation": 0.45, "place": 0.2, "count": 0.1},
    3: {"list": 0.3, "relation": 0.55, "count": 0.15},
}

#: Share of captions that name sizes.
SIZE_SHARE = 0.75

#: Share of captions with a TRUE negated clause ("..., but no blue star"). The more, the less a negation word says.
NEGATED_CAPTION_SHARE = 0.3

#: Share of words replaced by a synonym in captions, negations and absences: how well plain CLIP, which reads captions,
#: gets to know the words that paraphrases use. At 0.07 it knows them nearly as well as the plain ones, at 0 not at all.
CAPTION_SYNONYM_SHARE = 0.01

#: Share of objects named by synonyms in paraphrases.
PARAPHRASE_SYNONYM_SHARE = 0.8

#: Share of rewrites worded as paraphrases are, with their synonyms; the others are worded as captions are.
REWRITE_REWORDED_SHARE = 0.5

#: Texts per image. Fewer negations in the test split: kinds that every CLIP tells apart would fill the other places.
PARAPHRASES = 3
REWRITES = 3
NEGATIONS = {"train": 4, "val": 4, "test": 2}

#: Share of negations that keep their caption's wording apart from what they change.
KEPT_WORDING_SHARE = 0.5

#: Split -> kind of negation -> weight; the test split has kinds that are never trained.
TRAINED_KINDS = {
    "object_denied": 1.0,
    "roles_exchanged": 1.0,
    "object_added": 1.0,
    "attribute_swapped": 1.0,
    "relation_reversed": 1.0,
    "colour_changed": 0.5,
    "place_changed": 1.0,
}
KINDS = {
    "train": TRAINED_KINDS,
    "val": TRAINED_KINDS,
    "test": {
        **TRAINED_KINDS,
        "object_denied": 3.0,
        "roles_exchanged": 3.0,
        "colour_changed": 0.2,
        "object_replaced": 0.2,
        "shape_changed": 0.2,
        "size_changed": 1.0,
        "count_changed": 1.0,
    },
}

#: Split -> share of plain captions (those without a negated clause) that get an `object_denied` negation. Low in the
#: test split, where a detector of negation words would otherwise win that kind without looking.
PLAIN_DENIED_SHARE = {"train": 1.0, "val": 1.0, "test": 0.02}

# ---- The world -------------------------------------------------------------------------------------------------------

SPLITS = ("train", "val", "test")

#: Place name -> centre of its cell, as shares of the image's width and height.
PLACES = {
    "top left": (0.26, 0.26),
    "top right": (0.74, 0.26),
    "bottom left": (0.26, 0.74),
    "bottom right": (0.74, 0.74),
}
_JITTER = 0.02  # of a centre, in shares of the side
_TURN = 6.0  # of an object, in degrees
_GAP = 0.005  # least distance between two objects' circles
_BACKGROUNDS = ("plain", "gradient", "stripes", "checks", "dots")

Rgb = tuple[int, int, int]


class Thing(TypedDict):
    """One object: x, y centre and radius in shares of the image's side, y downwards; angle in degrees."""

    shape: str
    colour: str
    size: str
    place: str
    x: float
    y: float
    angle: float
    tint: list[int]


class Scene(TypedDict):
    """Everything that is in one picture. JSON-ready, so that it travels in the data file."""

    objects: list[Thing]
    background: dict[str, Any]


def sample_scene(seed: int, split: str, index: int) -> Scene:
    """Scene `index` of a split: the same for the same arguments on every machine, whatever else is drawn.

    Splits are disjoint for every seed and size, because a scene's own content decides its split (`split_of`).
    """
    rng = random.Random(derive_seed("scene", seed, split, index))
    while True:
        scene = _draw_scene(rng)
        if split_of(scene) == split:
            return scene


def split_of(scene: Scene) -> str:
    """The split that a scene belongs to: by a hash of its shapes, colours, sizes and places (70 : 10 : 20)."""
    content = sorted(f"{t['shape']} {t['colour']} {t['size']} {t['place']}" for t in scene["objects"])
    share = derive_seed("split", *content) % 10
    return "train" if share < 7 else "val" if share < 8 else "test"


def names_pair(scene: Scene, shape: str, colour: str) -> bool:
    """Whether some object has this shape and colour. Within a scene no two objects share both."""
    return any(t["shape"] == shape and t["colour"] == colour for t in scene["objects"])


def other_thing(scene: Scene, rng: random.Random) -> Thing:
    """An object that the scene does not have, drawn as the scene's own are; at any place, free or not."""
    while True:
        shape, colour = rng.choice(SHAPES), rng.choice(tuple(COLOURS))
        if not names_pair(scene, shape, colour):
            break
    size, place = rng.choice(tuple(SIZES)), rng.choice(tuple(PLACES))
    x, y = _centre(place, size, rng)
    return Thing(
        shape=shape,
        colour=colour,
        size=size,
        place=place,
        x=x,
        y=y,
        angle=round(rng.uniform(-_TURN, _TURN), 1),
        tint=[rng.randint(-12, 12) for _ in range(3)],
    )


def settled(thing: Thing, scene: Scene, rng: random.Random) -> Thing | None:
    """The object at a random place where it touches no other; None where there is no such place."""
    for place in rng.sample(tuple(PLACES), len(PLACES)):
        there = moved(thing, place, rng)
        if fits(there, scene["objects"]):
            return there
    return None


def moved(thing: Thing, place: str, rng: random.Random) -> Thing:
    """The object in another cell."""
    x, y = _centre(place, thing["size"], rng)
    return Thing(**{**thing, "place": place, "x": x, "y": y})


def resized(thing: Thing, size: str, rng: random.Random) -> Thing:
    """The object in another size, in its cell."""
    return moved(Thing(**{**thing, "size": size}), thing["place"], rng)


def mirrored(scene: Scene, axis: str) -> Scene:
    """The scene with left and right (`x`) or above and below (`y`) exchanged."""
    words = {"left": "right", "right": "left"} if axis == "x" else {"top": "bottom", "bottom": "top"}
    things = []
    for thing in scene["objects"]:
        place = " ".join(words.get(word, word) for word in thing["place"].split())
        x, y = (_round(1 - thing["x"]), thing["y"]) if axis == "x" else (thing["x"], _round(1 - thing["y"]))
        things.append(Thing(**{**thing, "place": place, "x": x, "y": y}))
    return Scene(objects=things, background=scene["background"])


def fits(thing: Thing, others: list[Thing]) -> bool:
    """Whether the object's circle touches no other's."""
    radius = SIZES[thing["size"]]
    return all(math.hypot(thing["x"] - o["x"], thing["y"] - o["y"]) >= radius + SIZES[o["size"]] + _GAP for o in others)


def weighted(weights: Mapping[Any, float], rng: random.Random) -> Any:
    """One key, drawn by weight."""
    return rng.choices(list(weights), list(weights.values()))[0]


def _draw_scene(rng: random.Random) -> Scene:
    background = _draw_background(rng)
    count = weighted(OBJECT_COUNTS, rng)
    scene = Scene(objects=[], background=background)
    while len(scene["objects"]) < count:
        thing = settled(other_thing(scene, rng), scene, rng)
        if thing is None:  # the objects so far fill the picture: begin again
            scene["objects"].clear()
        else:
            scene["objects"].append(thing)
    return scene


def _draw_background(rng: random.Random) -> dict[str, Any]:
    light = rng.randint(168, 232)
    first = [light + rng.randint(-14, 14) for _ in range(3)]
    shift = rng.choice((-24, -18, 18, 22))
    return {"pattern": rng.choice(_BACKGROUNDS), "colours": [first, [min(255, c + shift) for c in first]]}


def _centre(place: str, size: str, rng: random.Random) -> tuple[float, float]:
    edge = SIZES[size] + 0.01
    x, y = (min(max(c + rng.uniform(-_JITTER, _JITTER), edge), 1 - edge) for c in PLACES[place])
    return _round(x), _round(y)


def _round(value: float) -> float:
    return round(value, 3)
