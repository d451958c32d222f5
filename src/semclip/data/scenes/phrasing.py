"""Claims into English, in many phrasings; the test split's phrasings and pairs of synonyms are never used elsewhere."""

import random
from collections.abc import Mapping
from dataclasses import dataclass

from semclip.data.scenes import world
from semclip.data.scenes.truth import REVERSED, Claim, Pattern

#: Each word's synonyms. Test texts pair a colour's synonym with a shape's only where `held_out` says so, others never.
COLOUR_SYNONYMS = {
    "red": ("crimson", "scarlet"),
    "orange": ("tangerine", "amber"),
    "yellow": ("golden", "lemon"),
    "green": ("emerald", "jade"),
    "blue": ("azure", "cobalt"),
    "purple": ("violet", "plum"),
    "pink": ("rose", "blush"),
    "black": ("ebony", "jet"),
    "brown": ("chestnut", "chocolate"),
    "turquoise": ("teal", "aqua"),
}
SHAPE_SYNONYMS = {
    "circle": ("disc", "dot"),
    "square": ("box", "tile"),
    "triangle": ("wedge", "pyramid"),
    "star": ("pentagram", "asterisk"),
    "cross": ("plus", "crucifix"),
    "ring": ("hoop", "donut"),
}
SIZE_SYNONYMS = {"small": ("little", "tiny"), "large": ("big", "huge")}

RELATION_WORDS = {
    "left": ("left of", "to the left of", "on the left of"),
    "right": ("right of", "to the right of", "on the right of"),
    "above": ("above", "over"),
    "below": ("below", "under"),
}

COUNT_WORDS = {1: "one", 2: "two", 3: "three", 4: "four"}


@dataclass(frozen=True)
class Phrasings:
    """The sentence patterns of one side, `TRAINING` or `HELD_OUT`; no pattern is on both.

    noun:     {size}, {colour} and {shape} of one object in paraphrases; captions say "large red circle".
    joint:    between two listed objects.
    frame:    around {core}, a list or "A left of B".
    title:    the same, only where nothing stands before it.
    relation: whole sentences of {a}, {rel}, {b}, where {b} may come first.
    place:    whole sentences of one object {a} in {place}.
    denial:   a sentence {s} with a denied object {x} ("blue star") or {ax} ("a blue star").
    alone:    a denied object and nothing else.
    count:    a sentence {s} with the number {n} of objects.
    """

    noun: tuple[str, ...]
    joint: tuple[str, ...]
    frame: tuple[str, ...]
    title: tuple[str, ...]
    relation: tuple[str, ...]
    place: tuple[str, ...]
    denial: tuple[str, ...]
    alone: tuple[str, ...]
    count: tuple[str, ...]


TRAINING = Phrasings(
    noun=("{size} {colour} {shape}", "{colour} {shape} of {size} size"),
    joint=("and", "with"),
    frame=("{core}", "there is {core}", "this shows {core}", "we see {core}"),
    title=("a picture of {core}", "an image with {core}"),
    relation=("{a} is {rel} {b}", "{rel} {b} there is {a}", "{rel} {b} we see {a}"),
    place=("{a} is in the {place}", "in the {place} there is {a}", "the {place} shows {a}"),
    denial=(
        "{s} but no {x}",
        "{s} and no {x}",
        "{s} without {ax}",
        "{s} and there is no {x}",
        "no {x} but {s}",
        "there is no {x} but {s}",
    ),
    alone=("there is no {x}", "no {x}", "a picture without {ax}", "{ax} is not there", "this shows no {x}"),
    count=("{s}, {n} shapes in all", "{n} shapes in all, {s}", "{s}, there are {n} shapes"),
)

# New sentences mostly from words that training has: a small model cannot know a word that it never met.
HELD_OUT = Phrasings(
    noun=("{size} {shape} in {colour}", "{colour} {size} {shape}"),
    joint=("and also", "and then"),
    frame=("in this picture we see {core}", "this image shows {core}", "what we see is {core}", "here there is {core}"),
    title=("this is a picture with {core}", "an image that shows {core}"),
    relation=("{a} stands {rel} {b}", "{rel} {b} stands {a}", "what is {rel} {b} is {a}"),
    place=("{a} stands in the {place}", "in the {place} stands {a}", "what is in the {place} is {a}"),
    denial=(
        "{s} but we see no {x}",
        "{s} but {ax} isn't there",
        "we see no {x} but {s}",
        "without {ax}, {s}",
        "{ax} isn't there but {s}",
    ),
    alone=("we see no {x}", "this image has no {x}", "{ax} isn't there", "there is not {ax}"),
    count=("in all {n} shapes, {s}", "{s}, and in all there are {n} shapes", "there are {n} shapes, {s}"),
)


def phrasings_of(split: str) -> Phrasings:
    """The sentence patterns of a split's texts."""
    return HELD_OUT if split == "test" else TRAINING


def say(claim: Claim, split: str, rng: random.Random, reworded: bool = False) -> str:
    """One text that says exactly the claim.

    reworded: as a paraphrase: objects in another way and mostly by synonyms, relations at times from the other side.
    The same claim and the same state of `rng` give the same text; claims of the same form, the same wording.
    """
    phrases = phrasings_of(split)
    denial = rng.choice(phrases.denial) if "absent" in claim else ""
    text = _sentence(claim, split, phrases, denial, rng, reworded)
    for pattern in claim.get("absent", ()):
        noun = _noun(pattern, split, phrases, rng, reworded)
        sentence = denial if text else rng.choice(phrases.alone)
        text = sentence.format(s=text, x=noun, ax=_with_article(noun))
    if "count" in claim:
        text = rng.choice(phrases.count).format(s=text, n=COUNT_WORDS[claim["count"]])
    return text


def held_out(colour_word: str, shape_word: str) -> bool:
    """Whether a pair of synonyms, such as "crimson disc", is kept for the test split. Each word is seen in training.

    Half of all pairs of a colour's synonym and a shape's are, spread so that every word is in as many pairs as any.
    """
    colour = _position(COLOUR_SYNONYMS, colour_word)
    shape = _position(SHAPE_SYNONYMS, shape_word)
    return (colour + shape) % 2 == 0


def _sentence(claim: Claim, split: str, phrases: Phrasings, denial: str, rng: random.Random, reworded: bool) -> str:
    """What is there, without what is not. `denial` is the pattern that the sentence goes into, "" where none."""
    patterns = claim.get("objects", [])
    things = [_with_article(_noun(p, split, phrases, rng, reworded)) for p in patterns]
    if not things:
        return ""
    before = bool(denial) and not denial.startswith("{s}")
    frame = rng.choice(phrases.frame if before else phrases.frame + phrases.title)
    whole_sentence = rng.random() < 0.5
    if claim.get("relations"):
        relation, i, j = claim["relations"][0]
        if rng.random() < 0.5 and reworded:
            relation, i, j = REVERSED[relation], j, i
        rest = [thing for k, thing in enumerate(things) if k not in (i, j)]
        words = {"a": things[i], "b": things[j], "rel": rng.choice(RELATION_WORDS[relation])}
        pattern = _everywhere(phrases.relation, denial, rng) if whole_sentence else "{a} {rel} {b}"
        # After a comma, so that the third object is not taken for a part of the relation.
        core = "".join([pattern.format(**words), *(f", {rng.choice(phrases.joint)} {thing}" for thing in rest)])
        return core if whole_sentence else frame.format(core=core)
    places = [p.get("place", "") for p in patterns]
    if len(things) == 1 and places[0] and whole_sentence:
        return _everywhere(phrases.place, denial, rng).format(a=things[0], place=places[0])
    placed = [f"{thing} in the {place}" if place else thing for thing, place in zip(things, places, strict=True)]
    rng.shuffle(placed)
    joint = rng.choice(phrases.joint)
    listed = placed[0] if len(placed) == 1 else f"{', '.join(placed[:-1])} {joint} {placed[-1]}"
    return frame.format(core=listed)


def _everywhere(patterns: tuple[str, ...], denial: str, rng: random.Random) -> str:
    """A pattern after which a denial is about the whole picture.

    "In the top left there is a red circle but no blue star" would deny the star in that corner only.
    """
    if denial.startswith("{s}"):
        patterns = tuple(pattern for pattern in patterns if pattern.startswith("{a}"))
    return rng.choice(patterns)


def _noun(pattern: Pattern, split: str, phrases: Phrasings, rng: random.Random, reworded: bool) -> str:
    """An object without its article: "large red circle"."""
    colour, shape, size = _words(pattern, split, rng, reworded)
    order = rng.choice(phrases.noun) if reworded and rng.random() < 0.5 else "{size} {colour} {shape}"
    if not size:
        # "red circle of {size} size" makes no sense without one.
        order = order if order.endswith("in {colour}") else "{size} {colour} {shape}"
    return order.format(size=size, colour=colour, shape=shape).strip()


def _words(pattern: Pattern, split: str, rng: random.Random, reworded: bool) -> tuple[str, str, str]:
    colour, shape, size = pattern["colour"], pattern["shape"], pattern.get("size", "")
    synonyms = [(c, s) for c in COLOUR_SYNONYMS[colour] for s in SHAPE_SYNONYMS[shape]]
    allowed = [pair for pair in synonyms if held_out(*pair) == (split == "test")]
    pair = rng.choice(allowed)
    size_synonym = rng.choice(SIZE_SYNONYMS[size]) if size else ""
    if reworded:
        if rng.random() < world.PARAPHRASE_SYNONYM_SHARE:
            return *pair, size_synonym
        return colour, shape, size
    replaced = [rng.random() < world.CAPTION_SYNONYM_SHARE for _ in range(3)]
    words = (pair[0] if replaced[0] else colour, pair[1] if replaced[1] else shape)
    return *words, size_synonym if replaced[2] else size


def _with_article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _position(synonyms: Mapping[str, tuple[str, ...]], word: str) -> int:
    return next(i + words.index(word) for i, words in enumerate(synonyms.values()) if word in words)
