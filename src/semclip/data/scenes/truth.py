"""Whether a claim is true of a scene: the ground truth that every text of the scenes world is measured against."""

from collections.abc import Mapping, Sequence
from itertools import permutations
from typing import Any, TypedDict

from semclip.core.errors import UserError, did_you_mean

#: Objects differ by more than this (share of the image's side) where one is called left of or above the other.
MARGIN = 0.1

#: Relation -> what it is called from the other object's side.
REVERSED = {"left": "right", "right": "left", "above": "below", "below": "above"}

#: What a text names of an object: any of `shape`, `colour`, `size`, `place`. What is not named may be anything.
Pattern = dict[str, str]


class Claim(TypedDict, total=False):
    """What a text says; all parts must be true at once, a missing part says nothing.

    objects:   patterns of objects that are there, each a different one.
    relations: [relation, i, j]: object i of `objects` is left of / right of / above / below object j.
    absent:    patterns that no object matches.
    count:     how many objects there are in all.
    """

    objects: list[Pattern]
    relations: list[list[Any]]
    absent: list[Pattern]
    count: int


def holds(claim: Mapping[str, Any], scene: Mapping[str, Any]) -> bool:
    """Whether `claim` is true of `scene`.

    Raises UserError for a part that claims do not have: an unread part would make the claim truer than it is.
    """
    if not claim.keys() <= Claim.__annotations__.keys():
        _refuse(claim)
    things: Sequence[Mapping[str, Any]] = scene["objects"]
    if claim.get("count", len(things)) != len(things):
        return False
    if any(matches(pattern, thing) for pattern in claim.get("absent", ()) for thing in things):
        return False
    # For each named object, which things it may be; most claims about other scenes end here.
    candidates = []
    for pattern in claim.get("objects", ()):
        fitting = {index for index, thing in enumerate(things) if matches(pattern, thing)}
        if not fitting:
            return False
        candidates.append(fitting)
    relations = claim.get("relations", ())
    return any(
        all(index in fitting for index, fitting in zip(chosen, candidates, strict=True))
        and all(related(relation, things[chosen[i]], things[chosen[j]]) for relation, i, j in relations)
        for chosen in permutations(range(len(things)), len(candidates))
    )


def matches(pattern: Mapping[str, str], thing: Mapping[str, Any]) -> bool:
    """Whether an object has all that the pattern names."""
    return all(thing[attribute] == value for attribute, value in pattern.items())


def related(relation: str, first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    """Whether `first` is left of / right of / above / below `second`, by more than `MARGIN`."""
    if relation == "left":
        return bool(first["x"] < second["x"] - MARGIN)
    if relation == "above":
        return bool(first["y"] < second["y"] - MARGIN)
    return related(REVERSED[relation], second, first)


def _refuse(claim: Mapping[str, Any]) -> None:
    known = Claim.__annotations__
    unknown = next(part for part in claim if part not in known)
    raise UserError(f"claims have no part '{unknown}'", where="claims", fix=did_you_mean(unknown, known))
