"""Denials of captions whose subject `english.clause` does not find: by the few words of them that are certain.

Each says that nobody of the kind does it, or that it is not done; a caption of another form gives nothing.
"""

import itertools
from collections.abc import Iterator

from semclip.english import lexicon
from semclip.english.caption import Caption
from semclip.english.clause import COLLECTIVES, COPULAS
from semclip.english.edits import Edit
from semclip.english.inflection import article_of, words
from semclip.english.paraphrase import grammar as g
from semclip.english.paraphrase import verbs
from semclip.english.paraphrase.noun_phrases import noun_phrase
from semclip.english.siblings import Siblings
from semclip.english.verbs import NOT, another_subject, edited

_CLAUSES = words("who that which whose where when while as whilst because but if then what how")
_TOO_BROAD = words("one some many several most all both each every few another")
#: "Are not just standing" and "are not still standing" say less than "are not standing".
_NO_SUBJECT = g.PRONOUNS | words("and there here this that")
_SCOPED = words("either just only also all both still now about very there")


def only_verb_denied(caption: Caption, siblings: Siblings, family: str = "A") -> Iterator[Edit]:
    """The only "is" or "are" of a caption of one clause denied: the marchers are passing -> are not passing."""
    tokens = caption.words
    found = [i for i, word in enumerate(tokens) if word in g.BE]
    if len(found) != 1 or not _CLAUSES.isdisjoint(tokens) or not _TOO_BROAD.isdisjoint(tokens[:2]):
        return
    place = found[0]
    following = caption.word(place + 1)
    if place < 1 or tokens[place] not in COPULAS or "," in tokens[:place] or not following[:1].isalpha():
        return
    if following in _SCOPED or following.endswith("ly") or tokens[place - 1] in _NO_SUBJECT:
        return
    if any(tokens[i] in ("and", ",") and _may_act(tokens, i + 1) for i in range(place, len(tokens))):
        return
    yield edited(caption, place, place + 1, NOT[family][tokens[place]], following)


def _may_act(tokens: list[str], i: int) -> bool:
    """Whether what a comma or "and" adds may be a clause of its own, which would stay affirmed."""
    rest = tokens[i : i + 2]
    return any(word in verbs.ING or word in verbs.VERBS or g.third(word) for word in rest) or rest[:1] == ["one"]


def several_denied(caption: Caption, siblings: Siblings, family: str = "A") -> Iterator[Edit]:
    """A group of nurses mill around -> no nurses mill around; people on a hill -> there are no people on a hill."""
    tokens = caption.words
    start = _behind_the_collective(tokens)
    end = noun_phrase(tokens, start, "own")
    if start < 0 or end == start or not (g.is_plural(tokens[end - 1]) and g.is_being(tokens[end - 1])):
        return
    if tokens[start] in g.DETERMINERS or "and" in tokens[start:end] or another_subject(tokens, end):
        return
    finite = _certainly_finite(tokens, end)
    if finite is None or caption.word(end) in ("and", ",", "or", "&", "'s"):
        return
    there = {"A": "there are no", "B": "there aren't any"}[family]
    yield edited(caption, 0, start + 1, f"{'no' if finite else there} {caption.shown(start)}", tokens[end - 1], _KIND)


def _behind_the_collective(tokens: list[str]) -> int:
    """Where the plural starts: a large group of three | nurses, a few | nurses, | nurses; -1 where none does."""
    if tokens[:2] == ["a", "few"]:
        return 2
    if tokens[0] not in g.DETERMINERS:
        return 0 if tokens[0] not in g.PREPOSITIONS else -1
    if "of" not in tokens[2:5] or tokens[0] != "a":
        return -1
    start = tokens.index("of") + 1
    if tokens[start - 2] not in COLLECTIVES:
        return -1
    while start < len(tokens) and tokens[start] in lexicon.NUMBERS:
        start += 1
    return start


def _certainly_finite(tokens: list[str], end: int) -> bool | None:
    """Whether a finite verb in the plural follows a subject; None where that is not certain."""
    rest = tokens[end:]
    if not rest or not {"is", "has", "was", "were"}.isdisjoint(rest) or not _RELATIVES.isdisjoint(rest):
        return None
    if rest[0] in g.COMPOUNDS and rest[1:] and rest[1] in verbs.ING:
        return False
    if "are" in rest or (rest[0] in verbs.VERBS and rest[0] not in verbs.PARTICIPLES) or rest[0] == "have":
        return True
    for before, word in itertools.pairwise(rest):
        inside = before in g.PREPOSITIONS or before in g.DETERMINERS or before in lexicon.ADJECTIVES or before == "to"
        if not inside and word not in verbs.PARTICIPLES and (word in verbs.VERBS or g.third(word)):
            return None
    known = rest[0] in verbs.ING or rest[0] in g.PREPOSITIONS or rest[0] in g.ADVERBS or rest[0] in _BEHIND
    return False if known else None


_BEHIND = words("dressed gathered seated lined")
_KIND = "subject_denied"


def both_denied(caption: Caption, siblings: Siblings, family: str = "A") -> Iterator[Edit]:
    """A man and a woman pose -> no man and no woman pose; -> neither a man nor a woman pose."""
    tokens = caption.words
    if tokens[0] not in ("a", "an") or "and" not in tokens or not _CLAUSES.isdisjoint(tokens):
        return
    second = tokens.index("and") + 1
    first_end, end = noun_phrase(tokens, 0, "own"), noun_phrase(tokens, second, "plural")
    if caption.word(second) not in ("a", "an") or "," in tokens[:end] or end == len(tokens):
        return
    if not all(g.is_being(word) and not g.is_plural(word) for word in (tokens[first_end - 1], tokens[end - 1])):
        return
    if first_end < second - 1 and tokens[first_end] not in ("in", "with", "wearing"):
        return
    inside = tokens[first_end : second - 1]
    if any(word in g.BE or word == "has" or (g.third(word) and not g.is_noun(word)) for word in inside):
        return
    finite = _certainly_finite(tokens, end)
    if finite is None or another_subject(tokens, end):
        return
    start, joint = {"A": ("no", "and no"), "B": (f"neither {tokens[0]}", f"nor {tokens[second]}")}[family]
    text = caption.replace(second - 1, second + 1, joint)
    be = "" if finite else "there is "
    yield edited(Caption(text), 0, 1, be + start, tokens[first_end - 1], _KIND)


def one_denied(caption: Caption, siblings: Siblings, family: str = "A") -> Iterator[Edit]:
    """A white and brown cat bats at a string -> no white and brown cat bats at a string."""
    tokens = caption.words
    bare = tokens[0] not in g.DETERMINERS
    end = noun_phrase(tokens, 0, "own")
    if not (bare or tokens[0] in ("a", "an")) or end < 2 - bare or end == len(tokens) or another_subject(tokens, end):
        return
    head = tokens[end - 1]
    if (
        not g.is_being(head)
        or g.is_plural(head)
        or head in g.COLLECTIVES
        or tokens[end] in ("and", ",", "or", "&", "'s")
    ):
        return
    finite = _certainly_finite_of_one(tokens[end:])
    if finite is None:
        return
    first = 0 if bare else 1
    form = _ONE[family, finite]
    article = article_of(tokens[first])
    yield edited(caption, 0, first + 1, f"{form.format(article)} {caption.shown(first)}", head, _KIND)


_ONE = {
    ("A", True): "no", ("A", False): "there is no", ("B", True): "not a single", ("B", False): "there isn't {}",
}  # fmt: skip


def _certainly_finite_of_one(rest: list[str]) -> bool | None:
    if not _RELATIVES.isdisjoint(rest) or not {"are", "have", "was", "were"}.isdisjoint(rest):
        return None
    if rest[0] in verbs.THIRD or rest[0] in ("is", "has"):
        return True
    if any(word in ("is", "has") or (g.third(word) and not g.is_noun(word)) for word in rest):
        return True
    if any(word in verbs.THIRD for word in rest):
        return None
    return False if rest[0] in verbs.ING or rest[0] in g.PREPOSITIONS or rest[0] in _BEHIND else None


_RELATIVES = words("who that which whose where when while as if then what how because so")


def existence_of_several_denied(caption: Caption, siblings: Siblings, family: str = "A") -> Iterator[Edit]:
    """There are nurses on a bus -> there are no nurses on a bus."""
    tokens = caption.words
    end = noun_phrase(tokens, 2, "")
    if tokens[:2] != ["there", "are"] or end == 2 or tokens[2] in g.DETERMINERS or not g.is_plural(tokens[end - 1]):
        return
    if g.is_noun(tokens[end - 1]) and not another_subject(tokens, end):
        yield edited(caption, 1, 2, {"A": "are no", "B": "aren't any"}[family], "there", _KIND)


def unparsed_denied(caption: Caption, siblings: Siblings, family: str = "A") -> Iterator[Edit]:
    """What any rule of this file gives."""
    for rule in (only_verb_denied, several_denied, both_denied, one_denied, existence_of_several_denied):
        yield from rule(caption, siblings, family)
