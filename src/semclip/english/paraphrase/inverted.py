"""What is done before who does it: Running in the snow is a dog."""

from collections.abc import Iterator

from semclip.english.inflection import words
from semclip.english.paraphrase import grammar as g
from semclip.english.paraphrase import verbs
from semclip.english.paraphrase.clause import Clause
from semclip.english.paraphrase.noun_phrases import between_adjectives
from semclip.english.paraphrase.places import is_a_spot
from semclip.english.paraphrase.structure import POINTING, Structure, Tokens, second_sentence, there_be

_RELATIVE = words("who that which all")  # "a race with boats and all the people" is more than one subject
_BACK = POINTING - g.POSSESSIVES


def inverted(clause: Clause) -> Iterator[Structure]:
    """A dog runs in the snow -> Running in the snow is a dog; A dog on a rock -> On a rock, there is a dog."""
    tail = _tail_behind(clause)
    if tail is None or not _BACK.isdisjoint(clause.rest) or not _RELATIVE.isdisjoint(clause.subject):
        return
    own = not g.POSSESSIVES.isdisjoint(clause.rest)
    if "," in clause.subject and not between_adjectives(clause.subject, clause.subject.index(",")):
        return
    if clause.adverbs or not clause.phrases or second_sentence(clause) or clause.head in g.DEPICTIONS:
        return
    if clause.perhaps_of_another:
        return
    if "and" in clause.subject and not g.is_being(clause.head):
        return
    first = clause.phrases[0]
    if clause.is_action:
        short = len(clause.subject) < (2 if clause.indefinite else 3)
        if any(word in verbs.ING for word in clause.rest) or short:
            return  # holding a skateboard standing on a path is a boy; waiting is the man
        long = len(clause.rest) >= 2 and any(phrase.kind != "adverb" for phrase in clause.phrases)
        if long and not clause.static and clause.verb != "be" and clause.rest[0] not in verbs.ING:
            # Grammatical, but seldom said; "is the dog" and "walking his dog is" even less.
            weight = 0.08 if clause.indefinite and not own else 0.02
            yield Structure("inverted", [*clause.doing, clause.be, *clause.subject, *tail], weight)
    elif own:
        return
    elif clause.kind == "passive" and clause.rest[0] not in ("dressed", "left") and len(clause.rest) > 2:
        yield Structure("inverted", [*clause.rest, clause.be, *clause.subject, *tail], 0.15)
    elif any(word in verbs.ING for word in clause.rest):
        return  # outside a building | taking pictures
    elif clause.clear and clause.indefinite and first.start == 0 and first.kind == "place" and is_a_spot(clause, first):
        there = [",", *there_be(clause)] if clause.kind == "noun" else [clause.be]
        yield Structure("inverted", [*clause.rest, *there, *clause.subject, *tail], 2.5)


def _tail_behind(clause: Clause) -> Tokens | None:
    """The tail as it can stand behind the subject: set off by a comma; None where it cannot."""
    tail = clause.tail if clause.tail[:1] in ([], [","]) or len(clause.subject) == 1 else [",", *clause.tail]
    if not tail:
        return tail
    may_follow = tail[:2] in ([",", "while"], [",", "as"]) and tail[2:3] and tail[2] not in verbs.ING
    return tail if may_follow else None


def doing_first(clause: Clause) -> Iterator[Structure]:
    """A man on a rock, holding a rope -> Holding a rope is a man on a rock."""
    tail = clause.tail
    if clause.kind != "noun" or clause.there or len(tail) < 4 or tail[0] != "," or tail[1] not in verbs.ING:
        return
    if "," not in tail[1:] and POINTING.isdisjoint(tail) and g.is_being(clause.head):
        yield Structure("inverted", [*tail[1:], clause.be, *clause.subject, *clause.rest], 2)
