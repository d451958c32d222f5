"""One thing and not another in its place: "a dog, not a cat, runs" (true), "a cat, not a dog, runs" (false).

The true and the false sentence have the same words; only the picture tells them apart.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from semclip.english import lexicon, things
from semclip.english.caption import Caption
from semclip.english.inflection import article_of, words
from semclip.english.siblings import Siblings

#: By family; {kept} {denied}. The mark behind the last form's phrase is left out before another mark.
FORMS = {
    "A": ("{kept} rather than {denied}", "{kept}{comma} not {denied}{comma}"),
    "B": ("{kept}{comma} and not {denied}{comma}",),
}

#: Things of which one is chosen over another; clothes, scenery and food are worn, seen and eaten together.
_CHOSEN = words(
    """dog cat horse cow sheep goat bird rabbit bicycle motorcycle skateboard scooter car truck bus train boat ball
    frisbee stick guitar drum violin piano bench couch bed umbrella book phone kite swing slide trampoline"""
)
_GOES_ON = words("in on with at of near by")
_NO_DETERMINERS = words("another both each every no")


@dataclass(frozen=True, slots=True)
class Contrast:
    """index: of the noun. thing: what the caption names there. other: what is nowhere in the picture."""

    index: int
    thing: str
    other: str
    plural: bool


def contrasts(caption: Caption, siblings: Siblings) -> Iterator[Contrast]:
    """Every noun that another may be set against."""
    for index, word in enumerate(caption.words):
        if word not in things.NAMES:
            continue
        thing, plural = things.NAMES[word]
        if thing not in _CHOSEN or word not in (thing, things.THINGS[thing].plural):
            continue
        if sum(things.NAMES.get(other, ("",))[0] == thing for other in caption.words) > 1:
            continue
        start = caption.phrase_start(index) if caption.is_head(index) else None
        if start is None or (start == index and not plural):
            continue
        if thing in things.HELD and caption.word(start - 1) not in lexicon.HOLDING:  # nobody reads a guitar
            continue
        if caption.words[start] in _NO_DETERMINERS or caption.word(index + 1) in ("of", "and", ","):
            continue
        if caption.word(index + 1) in _GOES_ON and start <= 1:
            continue  # "a dog, not a cat, in a vest leaps" is hard to read
        if "and" in caption.words[max(0, start - 3) : start]:  # "a man and a dog, not a cat, ..." is hard to read
            continue
        for other in things.REPLACED_BY.get(thing, ()):
            if things.is_misfit(caption.words, start, other):
                continue
            if other in _CHOSEN and siblings.bag.isdisjoint(things.NAME_FORMS[other]):
                yield Contrast(index, thing, other, plural)


def contrasted(caption: Caption, contrast: Contrast, form: str, true: bool) -> str:
    """The caption that sets one of the two against the other; true: it keeps its own."""
    kept, denied = (contrast.thing, contrast.other) if true else (contrast.other, contrast.thing)
    names = [things.THINGS[thing].plural if contrast.plural else thing for thing in (kept, denied)]
    comma = " ," if caption.body_and_end[1].startswith(" ") or " ," in caption.text else ","
    new = form.format(
        kept=names[0],
        denied=names[1] if contrast.plural else f"{article_of(names[1])} {names[1]}",
        comma=comma,
    )
    following = caption.word(contrast.index + 1)
    if not following[:1].isalnum():
        new = new.removesuffix(comma)
    return caption.replace(contrast.index, contrast.index + 1, new)
