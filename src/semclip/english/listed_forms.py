"""Forms of the words in our own lists (`lexicon`, `things`), by a few rules.

Kept apart from `inflection`: what counts as a hint that a thing is in a picture is built from these forms, and results
that were measured with them stay what they are. They need no lexicon, so that reading the lists costs nothing.
"""

from semclip.english.inflection import words

VOWELS = "aeiou"
IRREGULAR_PLURALS = {
    "man": "men", "woman": "women", "child": "children", "person": "people", "foot": "feet", "tooth": "teeth",
    "goose": "geese", "mouse": "mice", "sheep": "sheep", "fish": "fish", "deer": "deer", "leaf": "leaves",
    "scarf": "scarves", "wolf": "wolves", "calf": "calves", "knife": "knives", "shelf": "shelves", "bus": "buses",
    "businessman": "businessmen", "policeman": "policemen", "fisherman": "fishermen", "fireman": "firemen",
    "gentleman": "gentlemen", "snowman": "snowmen", "businesswoman": "businesswomen", "policewoman": "policewomen",
    "frisbee": "frisbees",
}  # fmt: skip


def plural_of(noun: str) -> str:
    """dog -> dogs, puppy -> puppies, bench -> benches, man -> men."""
    if noun in IRREGULAR_PLURALS:
        return IRREGULAR_PLURALS[noun]
    if noun.endswith(("s", "x", "ch", "sh")):
        return noun + "es"
    if noun.endswith("y") and noun[-2:-1] not in VOWELS:
        return noun[:-1] + "ies"
    return noun + "s"


_DOUBLED = words(
    """run jog sit swim sled hit hug spin dig get put cut skip hop step stop clap grab drag pet nap flip wag shop
    grin"""
)  # fmt: skip


def ing_form(verb: str) -> str:
    """run -> running, ride -> riding, lie -> lying."""
    if verb.endswith("ie"):
        return verb[:-2] + "ying"
    if verb in _DOUBLED:
        return verb + verb[-1] + "ing"
    if verb.endswith("e"):
        return verb[:-1] + "ing"
    return verb + "ing"


def third_form(verb: str) -> str:
    """run -> runs, watch -> watches, carry -> carries, go -> goes."""
    return verb + "es" if verb == "go" else plural_of(verb)
