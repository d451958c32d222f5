"""A naive reader of scene texts, written from the vocabulary alone: it shares no code with what writes them."""

import re

from semclip.data.scenes.phrasing import COLOUR_SYNONYMS, SHAPE_SYNONYMS, SIZE_SYNONYMS
from semclip.data.scenes.world import PLACES


def _plain_words(synonyms):
    return {word: plain for plain, words in synonyms.items() for word in (plain, *words)}


COLOURS, SHAPES, SIZES = (_plain_words(s) for s in (COLOUR_SYNONYMS, SHAPE_SYNONYMS, SIZE_SYNONYMS))
RELATIONS = {
    "left of": "left",
    "right of": "right",
    "above": "above",
    "over": "above",
    "below": "below",
    "under": "below",
}
NUMBERS = {"two": 2, "three": 3}


def _any(words):
    return "|".join(sorted(words, key=len, reverse=True))


NOUN = re.compile(
    rf"(?:(?P<size>{_any(SIZES)}) )?(?:(?P<colour>{_any(COLOURS)}) (?:(?P<size2>{_any(SIZES)}) )?)?"
    rf"\b(?P<shape>{_any(SHAPES)})\b(?: in (?P<colour2>{_any(COLOURS)}))?(?: of (?P<size3>{_any(SIZES)}) size)?"
)
PLACE_AFTER = re.compile(rf"^(?: is| stands)? in the ({_any(PLACES)})\b")
PLACE_BEFORE = re.compile(rf"\b({_any(PLACES)})(?: there is| shows| stands| is) an?\s*$")
DENIED_BEFORE = re.compile(r"\b(no|without an?|not an?)\s*$")
DENIED_AFTER = re.compile(r"^ (is not there|isn't there)")
RELATION = re.compile(rf"\b({_any(RELATIONS)}) (?:an?) $")


def read(text):
    """What a text says: {"objects": sorted, "relations": sorted, "absent": sorted, "count": n or None}."""
    found = list(NOUN.finditer(text))
    objects, absent, relations = [], [], []
    here = []  # every object in the order of the text, with the relation that stands before it
    for match in found:
        before, after = text[: match.start()], text[match.end() :]
        thing = {
            "shape": SHAPES[match["shape"]],
            "colour": COLOURS[match["colour"] or match["colour2"]],
        }
        size = match["size"] or match["size2"] or match["size3"]
        if size:
            thing["size"] = SIZES[size]
        if DENIED_BEFORE.search(before) or DENIED_AFTER.match(after):
            absent.append(frozen(thing))
            continue
        place = PLACE_AFTER.match(after) or PLACE_BEFORE.search(before)
        if place:
            thing["place"] = place[1]
        objects.append(frozen(thing))
        relation = RELATION.search(before)
        here.append((frozen(thing), RELATIONS[relation[1]] if relation else None))
    for position, (thing, relation) in enumerate(here):
        if relation:
            # "A above B", or "above B there is A" where nothing stands before.
            other = here[position - 1] if position else here[1]
            relations.append(turned(relation, other[0], thing))
    number = re.search(rf"\b({_any(NUMBERS)}) shapes", text)
    count = NUMBERS[number[1]] if number else None
    return {"objects": sorted(objects), "relations": sorted(relations), "absent": sorted(absent), "count": count}


def claim_of(text):
    """What a text says, as a claim that `truth.holds` takes."""
    said = read(text)
    claim = {
        "objects": [dict(thing) for thing in said["objects"]],
        "relations": [[r, said["objects"].index(a), said["objects"].index(b)] for r, a, b in said["relations"]],
        "absent": [dict(thing) for thing in said["absent"]],
    }
    return claim | ({"count": said["count"]} if said["count"] else {})


def normal(claim):
    """A claim in the same form."""
    objects = [frozen(p) for p in claim.get("objects", [])]
    return {
        "objects": sorted(objects),
        "relations": sorted(turned(r, objects[i], objects[j]) for r, i, j in claim.get("relations", [])),
        "absent": sorted(frozen(p) for p in claim.get("absent", [])),
        "count": claim.get("count"),
    }


def frozen(pattern):
    return tuple(sorted(pattern.items()))


def turned(relation, first, second):
    """ "A right of B" as "B left of A", "A below B" as "B above A"."""
    if relation in ("right", "below"):
        return ({"right": "left", "below": "above"}[relation], second, first)
    return (relation, first, second)
