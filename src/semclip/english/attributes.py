"""Another colour, size, age, state or number: a black dog -> a white dog; two men -> five men."""

from collections.abc import Iterable, Iterator

from semclip.english import lexicon
from semclip.english.caption import Caption
from semclip.english.edits import Edit
from semclip.english.siblings import Siblings


def attribute_swapped(caption: Caption, siblings: Siblings) -> Iterator[Edit]:
    """Another colour, size, age or state, where no second thing may have it: nobody knows another person's coat."""
    for index, word in enumerate(caption.words):
        if word not in lexicon.COLOURS and word not in lexicon.OPPOSITES:
            continue
        head = head_after(caption, index)
        if head is None:
            continue
        categories = lexicon.NOUNS.get(caption.words[head], (frozenset({"clothes"}), False))[0]
        if categories & _OF_PEOPLE and siblings.may_hold_more("person"):
            continue
        if "animal" in categories and siblings.may_hold_more("animal") and not _all_of_them(caption, index):
            continue
        news: Iterable[str]
        if word in lexicon.COLOURS:
            news = _other_colours(word, categories, siblings)
        else:
            opposite, allowed, forbidden = lexicon.OPPOSITES[word]
            fits = categories & set(allowed.split()) and siblings.bag.isdisjoint((opposite, *forbidden.split()))
            news = (opposite,) if fits else ()
        for new in news:
            yield Edit(caption.replace(index, index + 1, new), "attribute_swapped", index, (word, new))


_OF_PEOPLE = frozenset({"adult", "person", "clothes", "hair"})


def number_swapped(caption: Caption, siblings: Siblings) -> Iterator[Edit]:
    """A higher number, clearly another one: of five dogs two are seen, too, so that none is lowered."""
    for index, word in enumerate(caption.words):
        if word not in lexicon.NUMBERS:
            continue
        head = head_after(caption, index)
        if head is None or caption.word(index - 1) in ("the", "of", "between", "other"):
            continue
        categories, plural = lexicon.NOUNS.get(caption.words[head], (frozenset(), False))
        if not plural or not categories & {"adult", "person", "animal", "object"}:
            continue
        # With a vague number in any caption the exact one is not known.
        if siblings.bag & lexicon.VAGUE_NUMBERS or len(siblings.bag & lexicon.NUMBER_WORDS) > 1:
            continue
        at = lexicon.NUMBERS.index(word)
        for new in lexicon.NUMBERS[at + 1 : at + 4]:
            yield Edit(caption.replace(index, index + 1, new), "number_swapped", index, (word, new))


def head_after(caption: Caption, index: int) -> int | None:
    """The noun that the adjective or number at `index` describes; None where the phrase is not understood."""
    place = index + 1
    if caption.word(index - 1) == "in" and caption.words[index] in lexicon.COLOURS and _ends_here(caption, index):
        return index  # a man in black
    while caption.word(place) in lexicon.ADJECTIVES or (
        caption.word(place) == "and" and {caption.word(place - 1), caption.word(place + 1)} <= lexicon.COLOUR_WORDS
    ):
        place += 1
    if caption.word(place) not in lexicon.NOUNS or not caption.is_head(place):
        return None
    return place if caption.phrase_start(place) is not None else None


def _all_of_them(caption: Caption, index: int) -> bool:
    """Two black dogs: all dogs that there are, where the siblings give no other number."""
    return caption.word(index - 1) in lexicon.NUMBERS


def _ends_here(caption: Caption, index: int) -> bool:
    following = caption.word(index + 1)
    if following == "and":
        return caption.word(index + 2) not in lexicon.COLOUR_WORDS
    return (
        following in ("", ".", ",", "!")
        or following in lexicon.PREPOSITIONS | lexicon.AUXILIARIES
        or following in lexicon.THIRD_FORMS
        or (following in lexicon.ING_FORMS and following not in lexicon.ADJECTIVES)
    )


def _other_colours(colour: str, categories: frozenset[str], siblings: Siblings) -> Iterator[str]:
    palette: tuple[str, ...]
    if "animal" in categories:
        palette = lexicon.FUR_COLOURS
    elif "hair" in categories:
        palette = lexicon.HAIR_COLOURS
    elif categories & {"clothes", "object"}:
        palette = lexicon.CLOTH_COLOURS
    else:
        return
    if not siblings.bag.isdisjoint(lexicon.MIXED_COLOURS):
        return
    said = siblings.bag & lexicon.COLOUR_WORDS
    too_near = {colour, *lexicon.COLOURS[colour].split(), *said}
    for new in palette:
        if new not in too_near and said.isdisjoint(lexicon.COLOURS[new].split()):
            yield new
