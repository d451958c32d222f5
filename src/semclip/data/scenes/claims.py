"""True claims about a scene, false ones of every kind, and for each false one a scene on which it holds."""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import permutations
from typing import Any

from semclip.data.scenes import world
from semclip.data.scenes.truth import REVERSED, Claim, Pattern, holds, related
from semclip.data.scenes.world import Scene, Thing


@dataclass(frozen=True)
class Description:
    """A true claim, and which object of the scene each of its patterns names.

    named:  index into the scene's objects, for each of `claim["objects"]`.
    absent: the object that the claim denies (rightly), where it has a negated clause.
    """

    scene: Scene
    claim: Claim
    named: tuple[int, ...]
    absent: Thing | None
    attributes: tuple[str, ...]

    def pattern(self, thing: Thing, place: bool = True) -> Pattern:
        """What this description would name of an object: shape, colour, and size and place where it names those."""
        named = [a for a in self.attributes if place or a != "place"]
        values: Mapping[str, Any] = thing
        return {attribute: values[attribute] for attribute in named}


@dataclass(frozen=True)
class Negation:
    """A false claim, its kind, and a scene on which it is true."""

    kind: str
    claim: Claim
    scene: Scene


def describe(scene: Scene, rng: random.Random, negated: float = world.NEGATED_CAPTION_SHARE) -> Description:
    """A true claim about the scene: all objects (two beside a count), in a share `negated` with a denied one."""
    things = scene["objects"]
    form = world.weighted(world.CAPTION_FORMS[len(things)], rng)
    attributes = ["shape", "colour"]
    if rng.random() < world.SIZE_SHARE:
        attributes.append("size")
    if form == "place":
        attributes.append("place")
    order = list(range(len(things)))
    rng.shuffle(order)
    if form == "count":
        order = order[:2]  # always two, so that what is listed never tells the count
    description = Description(scene, Claim(), tuple(order), None, tuple(attributes))
    claim = Claim(objects=[description.pattern(things[i]) for i in order])
    if form == "count":
        claim["count"] = len(things)
    elif form == "relation":
        first, second = things[order[0]], things[order[1]]
        claim["relations"] = [[rng.choice([r for r in REVERSED if related(r, first, second)]), 0, 1]]
    absent = None
    if form != "count" and rng.random() < negated:
        absent = world.other_thing(scene, rng)
        claim["absent"] = [description.pattern(absent, place=False)]
    return Description(scene, claim, tuple(order), absent, tuple(attributes))


def absences(told: Description, rng: random.Random) -> list[tuple[str, Claim]]:
    """True claims that deny an object, with their kinds: beside all objects but one, and beside all of them.

    They are made as the false ones are: `object_denied` leaves out one object and denies it, the first absence leaves
    out one and denies another that is not there. Nothing in the words tells the two apart.
    """
    found: list[tuple[str, Claim]] = []
    for kind in ("some", "all"):
        denied = world.other_thing(told.scene, rng)
        claim = _without(told, rng.randrange(len(told.named))) if kind == "some" else _plain(told.claim)
        claim["absent"] = [told.pattern(denied, place=False)]
        name = f"absent_beside_{kind}" if claim.get("objects") else "absent_alone"
        found.append((name, claim))
    return found


def negations(told: Description, split: str, count: int, rng: random.Random) -> list[Negation]:
    """Up to `count` false claims, all different, in random order, of as many kinds as fit the description."""
    weights = dict(world.KINDS[split])
    if told.absent is None and rng.random() >= world.PLAIN_DENIED_SHARE[split]:
        weights.pop("object_denied", None)
    found: list[Negation] = []
    while weights and len(found) < count:
        remaining = dict(weights)
        while remaining and len(found) < count:
            kind = world.weighted(remaining, rng)
            del remaining[kind]
            negation = _first_false(kind, told, [n.claim for n in found], rng)
            if negation is None:
                del weights[kind]
            else:
                found.append(negation)
    rng.shuffle(found)
    return found


def _first_false(kind: str, told: Description, known: list[Claim], rng: random.Random) -> Negation | None:
    for claim, scene in _EDITS[kind](told, rng):
        if claim not in known and not holds(claim, told.scene) and holds(claim, scene):
            return Negation(kind, claim, scene)
    return None


# ---- Kinds of falsehood: each yields (claim, a scene on which it is true), the likeliest to fit first ----------------

_Edit = Callable[[Description, random.Random], Iterator[tuple[Claim, Scene]]]


def _object_denied(told: Description, rng: random.Random) -> Iterator[tuple[Claim, Scene]]:
    """An object that is there is left out and denied: "a red circle but no blue star", where there is one."""
    if "count" in told.claim:
        return
    for i in _shuffled(told, rng):
        thing = told.scene["objects"][told.named[i]]
        claim = _without(told, i)
        claim["absent"] = [told.pattern(thing, place=False)]
        stand_in = _in_place_of(thing, world.other_thing(told.scene, rng))
        yield claim, _replace(told.scene, told.named[i], stand_in)


def _roles_exchanged(told: Description, rng: random.Random) -> Iterator[tuple[Claim, Scene]]:
    """A named object and the denied one change roles: the caption's own words, and false."""
    if told.absent is None:
        return
    for i in _shuffled(told, rng):
        thing = told.scene["objects"][told.named[i]]
        other = _in_place_of(thing, told.absent)
        # In its own size, as the caption denied it, where there is room for that.
        own_size = world.resized(other, told.absent["size"], rng)
        if world.fits(own_size, _others(told.scene, told.named[i])):
            other = own_size
        claim = _with_pattern(told.claim, i, told.pattern(other))
        claim["absent"] = [told.pattern(thing, place=False)]
        yield claim, _replace(told.scene, told.named[i], other)


def _object_added(told: Description, rng: random.Random) -> Iterator[tuple[Claim, Scene]]:
    """The object that the caption denies is said to be there."""
    # No caption lists four objects, so a list of four would be known as false unseen.
    if told.absent is None or len(told.named) > 2:
        return
    added = world.settled(told.absent, told.scene, rng)
    if added is not None:
        claim = _plain(told.claim)
        claim["objects"] = [*claim["objects"], told.pattern(added)]
        yield claim, Scene(objects=[*told.scene["objects"], added], background=told.scene["background"])


def _object_replaced(told: Description, rng: random.Random) -> Iterator[tuple[Claim, Scene]]:
    """One of several objects is another in both shape and colour."""
    if len(told.named) < 2:
        return
    for i in _shuffled(told, rng):
        thing = told.scene["objects"][told.named[i]]
        other = _in_place_of(thing, world.other_thing(told.scene, rng))
        if other["shape"] == thing["shape"] or other["colour"] == thing["colour"]:
            continue
        yield _with_pattern(told.claim, i, told.pattern(other)), _replace(told.scene, told.named[i], other)


def _attribute_swapped(told: Description, rng: random.Random) -> Iterator[tuple[Claim, Scene]]:
    """Two objects exchange their colours: the caption's own words, and false."""
    pairs = list(permutations(range(len(told.named)), 2))
    rng.shuffle(pairs)
    for i, j in pairs:
        first, second = (told.scene["objects"][told.named[k]] for k in (i, j))
        new_first = Thing(**{**first, "colour": second["colour"]})
        new_second = Thing(**{**second, "colour": first["colour"]})
        scene = _replace(_replace(told.scene, told.named[i], new_first), told.named[j], new_second)
        claim = _with_pattern(told.claim, i, told.pattern(new_first))
        yield _with_pattern(claim, j, told.pattern(new_second)), scene


def _relation_reversed(told: Description, rng: random.Random) -> Iterator[tuple[Claim, Scene]]:
    """Left becomes right, above becomes below."""
    if not told.claim.get("relations"):
        return
    relation, i, j = told.claim["relations"][0]
    claim = _copy(told.claim)
    claim["relations"] = [[REVERSED[relation], i, j]]
    yield claim, world.mirrored(told.scene, "x" if relation in ("left", "right") else "y")


def _colour_changed(told: Description, rng: random.Random) -> Iterator[tuple[Claim, Scene]]:
    """An object in another colour."""
    yield from _changed(told, "colour", tuple(world.COLOURS), rng)


def _shape_changed(told: Description, rng: random.Random) -> Iterator[tuple[Claim, Scene]]:
    """Another shape in an object's colour."""
    yield from _changed(told, "shape", world.SHAPES, rng)


def _size_changed(told: Description, rng: random.Random) -> Iterator[tuple[Claim, Scene]]:
    """Small becomes large, or large small."""
    if "size" not in told.attributes:
        return
    for i in _shuffled(told, rng):
        thing = told.scene["objects"][told.named[i]]
        for size in world.SIZES:
            new = world.resized(thing, size, rng)
            if size != thing["size"] and world.fits(new, _others(told.scene, told.named[i])):
                yield _with_pattern(told.claim, i, told.pattern(new)), _replace(told.scene, told.named[i], new)


def _place_changed(told: Description, rng: random.Random) -> Iterator[tuple[Claim, Scene]]:
    """An object in another place."""
    if "place" not in told.attributes:
        return
    places = list(world.PLACES)
    rng.shuffle(places)
    for i in _shuffled(told, rng):
        thing = told.scene["objects"][told.named[i]]
        for place in places:
            new = world.moved(thing, place, rng)
            if place != thing["place"] and world.fits(new, _others(told.scene, told.named[i])):
                yield _with_pattern(told.claim, i, told.pattern(new)), _replace(told.scene, told.named[i], new)


def _count_changed(told: Description, rng: random.Random) -> Iterator[tuple[Claim, Scene]]:
    """Two objects are said to be three, or three to be two."""
    if "count" not in told.claim:
        return
    claim = _copy(told.claim)
    claim["count"] = 5 - told.claim["count"]
    things = told.scene["objects"]
    if claim["count"] == 2:
        yield claim, Scene(objects=[things[i] for i in told.named], background=told.scene["background"])
        return
    extra = world.settled(world.other_thing(told.scene, rng), told.scene, rng)
    if extra is not None:
        yield claim, Scene(objects=[*things, extra], background=told.scene["background"])


def _changed(
    told: Description, attribute: str, values: tuple[str, ...], rng: random.Random
) -> Iterator[tuple[Claim, Scene]]:
    for i in _shuffled(told, rng):
        thing = told.scene["objects"][told.named[i]]
        for value in rng.sample(values, len(values)):
            new = Thing(**{**thing, "colour": value}) if attribute == "colour" else Thing(**{**thing, "shape": value})
            if not world.names_pair(told.scene, new["shape"], new["colour"]):
                yield _with_pattern(told.claim, i, told.pattern(new)), _replace(told.scene, told.named[i], new)


_EDITS: dict[str, _Edit] = {
    "object_denied": _object_denied,
    "roles_exchanged": _roles_exchanged,
    "object_added": _object_added,
    "object_replaced": _object_replaced,
    "attribute_swapped": _attribute_swapped,
    "relation_reversed": _relation_reversed,
    "colour_changed": _colour_changed,
    "shape_changed": _shape_changed,
    "size_changed": _size_changed,
    "place_changed": _place_changed,
    "count_changed": _count_changed,
}


# ---- Parts of claims and scenes --------------------------------------------------------------------------------------


def _shuffled(told: Description, rng: random.Random) -> list[int]:
    return rng.sample(range(len(told.named)), len(told.named))


def _copy(claim: Claim) -> Claim:
    return Claim(**claim)


def _plain(claim: Claim) -> Claim:
    """The claim without its negated clause and its count."""
    plain = _copy(claim)
    plain.pop("absent", None)
    plain.pop("count", None)
    return plain


def _without(told: Description, i: int) -> Claim:
    """The plain claim without object i and the relations that name it."""
    claim = _plain(told.claim)
    claim["objects"] = [p for k, p in enumerate(claim["objects"]) if k != i]
    # Relations are between the first two objects: taking out a later one moves no index.
    claim["relations"] = [r for r in claim.get("relations", []) if i not in r[1:]]
    if not claim["relations"]:
        del claim["relations"]
    return claim


def _with_pattern(claim: Claim, i: int, pattern: Pattern) -> Claim:
    changed = _copy(claim)
    changed["objects"] = [pattern if k == i else p for k, p in enumerate(claim["objects"])]
    return changed


def _others(scene: Scene, index: int) -> list[Thing]:
    return [t for k, t in enumerate(scene["objects"]) if k != index]


def _replace(scene: Scene, index: int, thing: Thing) -> Scene:
    things = [thing if k == index else t for k, t in enumerate(scene["objects"])]
    return Scene(objects=things, background=scene["background"])


def _in_place_of(thing: Thing, other: Thing) -> Thing:
    """The other object where the first stands, in its size, so that it surely fits."""
    return Thing(**{**other, "place": thing["place"], "x": thing["x"], "y": thing["y"], "size": thing["size"]})
