"""Orders that move a place or what is held: In the snow, a dog runs."""

from collections.abc import Iterator

from semclip.english.inflection import words
from semclip.english.paraphrase import grammar as g
from semclip.english.paraphrase import verbs
from semclip.english.paraphrase.clause import Clause
from semclip.english.paraphrase.places import BODY, STATIC, is_a_spot, may_be_moved
from semclip.english.paraphrase.structure import POINTING, Structure, Tokens, main_forms, there_be

_POSTURES = words("sit stand lie kneel crouch")
#: Said without anything behind them: In the park, a man walks.
_ALONE = words(
    """sit stand lie rest sleep kneel crouch squat pose play wait relax lounge nap gather perform dance smile laugh
    talk eat read sunbathe sing work shop cheer run walk jump swim fight wrestle jog skate ski surf sled climb
    exercise practice cook"""
)


def fronted(clause: Clause) -> Iterator[Structure]:
    """A dog runs in the snow -> In the snow, a dog runs."""
    if clause.kind == "noun" or clause.place_first or clause.head in g.DEPICTIONS:
        return
    for start in _starts(clause):
        place, before = clause.rest[start:], clause.rest[:start]
        short = clause.is_plain and clause.core <= 5
        if before and before[-1] in verbs.ING:
            continue
        if before or (clause.verb in _ALONE and short):
            for i, main in enumerate(list(main_forms(clause.until(start)))[:2]):
                if main[0] != "there":
                    yield Structure("fronted", [*place, ",", *main, *clause.tail], 3 / (1 + 4 * i))
        if not before and clause.verb in _POSTURES and not short:
            yield Structure("inverted", [*place, clause.finite, *clause.subject, *clause.tail], 3)
        if clause.indefinite and clause.kind in ("progressive", "participle") and (before or short):
            doing = clause.until(start).doing
            there = there_be(clause)
            yield Structure("fronted+existential", [*place, ",", *there, *clause.subject, *doing, *clause.tail], 2)


def _starts(clause: Clause) -> Iterator[int]:
    """Where in the rest one or two places start that end it."""
    phrases = clause.phrases
    if not clause.clear or not phrases or phrases[-1].end != len(clause.rest):
        return
    last = len(phrases) - 1
    if last and _describes_the_place(clause, last):
        last -= 1
    for first in (last, last - 1):
        if first < 0 or not may_be_moved(clause, first):
            return
        yield phrases[first].start


def _describes_the_place(clause: Clause, at: int) -> bool:
    """A building | with balconies."""
    phrase, before = clause.phrases[at], clause.phrases[at - 1]
    if phrase.preposition != "with" or before.kind != "place" or g.is_being(before.head) or phrase.head in BODY:
        return False
    of_someone = g.POSSESSIVES | g.CLOTHES | {"no"}  # in the sand | with no shirt
    return of_someone.isdisjoint(clause.rest[phrase.start :])


def noun_fronted(clause: Clause) -> Iterator[Structure]:
    """A dog with a stick in a field -> In a field, there is a dog with a stick."""
    if clause.kind != "noun" or not clause.indefinite or not clause.clear or len(clause.phrases) < 2 or clause.tail:
        return
    if clause.head in g.DEPICTIONS:
        return  # in a photo of a man on a bench the photo is not on the bench
    final = clause.phrases[-1]
    place, before = clause.rest[final.start :], clause.rest[: final.start]
    at_the_end = final.kind == "place" and final.end == len(clause.rest) and POINTING.isdisjoint(place)
    if at_the_end and is_a_spot(clause, final) and may_be_moved(clause, len(clause.phrases) - 1):
        tokens = [*place, ",", *there_be(clause), *clause.subject, *before]
        yield Structure("fronted+existential", tokens, 2)


def posture(clause: Clause) -> Iterator[Structure]:
    """A man sits on a bench -> On a bench sits a man."""
    if clause.kind != "finite" or clause.verb not in _POSTURES or not clause.indefinite:
        return
    if clause.tail or clause.joined or clause.adverbs or not clause.clear or len(clause.phrases) != 1:
        return
    only = clause.phrases[0]
    if only.preposition in STATIC and only.head not in g.CLOTHES | BODY and POINTING.isdisjoint(clause.rest):
        yield Structure("inverted", [*clause.rest, clause.finite, *clause.subject], 3)


_WITHIN = g.PREPOSITIONS - words("in on around of up out behind above")


def with_first(clause: Clause) -> Iterator[Structure]:
    """A dog runs with a stick in its mouth -> With a stick in its mouth, a dog runs."""
    if "with" not in clause.rest or clause.tail or clause.there or clause.kind == "noun" or not clause.clear:
        return
    start = clause.rest.index("with")
    before, held = clause.rest[:start], clause.rest[start + 1 :]
    if (
        not (before or clause.verb in _ALONE)
        or len(held) < 3
        or not _WITHIN.isdisjoint(held)
        or not _is_of_the_body(held)
    ):
        return
    # "A man holds a girl with flowers in her hair": hers, not his.
    others = any(phrase.end <= start and g.is_being(phrase.head) for phrase in clause.phrases)
    if g.is_being(clause.head) and not others and "and" not in before:
        for main in list(main_forms(clause.until(start)))[:2]:
            yield Structure("fronted", ["with", *held, ",", *main], 2)


def _is_of_the_body(held: Tokens) -> bool:
    return (
        len(held) > 2 and not BODY.isdisjoint(held) and not (g.POSSESSIVES | {"arms", "hands", "legs"}).isdisjoint(held)
    )


def place_behind(clause: Clause) -> Iterator[Structure]:
    """In the snow, a dog runs -> A dog runs in the snow."""
    if clause.place_first:
        for main in main_forms(clause):
            yield Structure("place behind", [*main, *clause.tail], 3)
