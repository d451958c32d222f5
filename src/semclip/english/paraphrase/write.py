"""A caption's paraphrase: an order is drawn, then words are changed until enough of the caption is."""

import functools
import random
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from semclip.english.change import changed_share_of_words, words_of
from semclip.english.paraphrase.clauses import (
    joined_swapped,
    other_form,
    participle_first,
    sentences_swapped,
    tail_first,
)
from semclip.english.paraphrase.existential import (
    described,
    existential,
    framed,
    framed_as_it_is,
    not_existential,
    seen,
)
from semclip.english.paraphrase.fronting import fronted, noun_fronted, place_behind, posture, with_first
from semclip.english.paraphrase.inverted import doing_first, inverted
from semclip.english.paraphrase.parse import parse
from semclip.english.paraphrase.passive import active, passive
from semclip.english.paraphrase.phrases import phrases
from semclip.english.paraphrase.structure import Structure, Tokens
from semclip.english.paraphrase.surface import Surface
from semclip.english.paraphrase.swap import Swap
from semclip.english.paraphrase.synonyms import synonyms

#: The share of words that a paraphrase must change, at least (`change.changed_share`).
LEAST = 1 / 3

#: Said of any caption, by family. A comma asks for a whole sentence behind it, {be} agrees with what follows.
FRAMES: dict[str, tuple[tuple[str, ...], ...]] = {
    family: tuple(tuple(frame.split()) for frame in frames)
    for family, frames in {
        "A": (
            "this picture shows",
            "a picture of",
            "in this picture ,",
            "pictured here {be}",
            "as can be seen in this picture ,",
            "what can be seen in this picture {be}",
        ),
        "B": (
            "this image shows",
            "an image of",
            "in this image ,",
            "shown here {be}",
            "as is shown in this image ,",
            "what is shown in this image {be}",
        ),
    }.items()
}  # fmt: skip
_ORDERS = (
    fronted, noun_fronted, described, with_first, place_behind, posture, existential, not_existential, seen, inverted,
    doing_first, other_form, tail_first, sentences_swapped, participle_first, joined_swapped, passive, active,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Paraphrase:
    """kind: what was done, joined by "+"; refused: why there is none, "" where there is one."""

    text: str = ""
    kind: str = ""
    refused: str = ""


def paraphrase(text: str, others: Collection[str], family: str, draw: random.Random) -> Paraphrase:
    """Another wording of a caption of one sentence, at least a third of whose words or their order is changed.

    others: texts it must not repeat, the caption's siblings. family: "A" for training, "B" for test: they share the
    grammar, but no frame and no pair of synonyms. draw: equal draws give equal texts; only its `random()` is used.
    """
    surface = Surface(text)
    if not surface.tokens:
        return Paraphrase(refused="empty")
    if not surface.understood:
        return Paraphrase(refused="more than one sentence, or marks in it")
    before = words_of(text)
    taken, said = _taken(tuple(others))
    for structure in _structures(surface.tokens, family, draw):
        tokens, kinds = _changed(before, structure, surface, (family, said), draw)
        if tokens and tuple(surface.words(tokens)) not in taken:
            return Paraphrase(surface.write(tokens), "+".join(kinds))
    return Paraphrase(refused="no safe rewording changes a third of it")


@functools.lru_cache(256)
def _taken(others: tuple[str, ...]) -> tuple[frozenset[tuple[str, ...]], frozenset[str]]:
    """The texts that must not be repeated, as words, and all their words; equal for all captions of a picture."""
    taken = frozenset(tuple(words_of(other)) for other in others)
    return taken, frozenset().union(*taken)


def _structures(tokens: Tokens, family: str, draw: random.Random) -> Iterator[Structure]:
    """In an order drawn by weight (Efraimidis and Spirakis 2006), frames behind all others, the caption's own last."""
    clause = parse(tokens)
    if clause is not None:
        yield from _drawn([structure for rule in _ORDERS for structure in rule(clause)], draw)
        # Made only where no order suffices: making them takes as long as all the rest.
        yield from _drawn([structure for frame in FRAMES[family] for structure in framed(clause, frame)], draw)
    else:
        yield from _drawn([structure for frame in FRAMES[family] for structure in framed_as_it_is(tokens, frame)], draw)
    yield Structure("", tokens, 1)


def _hangs(structure: Structure) -> bool:
    """Whether a comma that enclosed something was left at the end."""
    return structure.tokens[-1] == ","


def _drawn(found: list[Structure], draw: random.Random) -> list[Structure]:
    keys = sorted(((draw.random() ** (1 / structure.weight), i) for i, structure in enumerate(found)), reverse=True)
    return [found[i] for _, i in keys if not _hangs(found[i])]


def _changed(
    before: Tokens, structure: Structure, surface: Surface, wording: tuple[str, frozenset[str]], draw: random.Random
) -> tuple[Tokens, list[str]]:
    """The structure with as many further changes as it needs, and their kinds; empty where they do not suffice.

    wording: the family, and all words that any caption of the picture says.
    """
    tokens = structure.tokens
    kinds = structure.kind.split("+") if structure.kind else []
    # A frame alone says nothing in other words.
    if kinds != ["frame"] and changed_share_of_words(before, surface.words(tokens)) >= LEAST:
        return tokens, kinds
    family, said = wording
    swaps = [*synonyms(tokens, family, said), *phrases(tokens, family)]
    done: list[Swap] = []
    for _, i in sorted((draw.random(), i) for i in range(len(swaps))):
        if any(swaps[i].touches(other) for other in done):
            continue
        done.append(swaps[i])
        changed = _apply(tokens, done)
        if changed_share_of_words(before, surface.words(changed)) >= LEAST:
            return changed, [*kinds, *dict.fromkeys(kind for swap in done for kind in swap.kind.split("+"))]
    return [], []


def _apply(tokens: Tokens, swaps: list[Swap]) -> Tokens:
    result = list(tokens)
    for swap in sorted(swaps, key=lambda swap: swap.start, reverse=True):
        result[swap.start : swap.end] = swap.new
    return result
