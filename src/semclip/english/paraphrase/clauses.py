"""Clauses in another form or order: while a dog sleeps, a man sings."""

from collections.abc import Iterator

from semclip.english import lexicon
from semclip.english.inflection import words
from semclip.english.paraphrase import grammar as g
from semclip.english.paraphrase import verbs
from semclip.english.paraphrase.clause import Clause
from semclip.english.paraphrase.structure import POINTING, Structure, Tokens, main_clause, main_forms


def other_form(clause: Clause) -> Iterator[Structure]:
    """A dog runs <-> A dog is running <- A dog running."""
    if not clause.is_action or clause.static or clause.there:
        return
    if clause.kind == "participle" and clause.tail[:1] == ["and"]:
        return  # two men holding cups and one lady holding a cigarette
    if clause.kind != "progressive":
        yield Structure("progressive", [*clause.subject, clause.be, *clause.doing, *clause.tail], 1)
    if clause.kind != "finite" and clause.verb != "be":
        yield Structure("simple", [*clause.subject, *clause.does, *clause.tail], 1)


def tail_first(clause: Clause) -> Iterator[Structure]:
    """A man sings while a dog sleeps -> While a dog sleeps, a man sings."""
    comma = clause.tail[:1] == [","]
    tail = clause.tail[1:] if comma else clause.tail
    if len(tail) < 3 or "," in tail or clause.there or clause.kind == "noun":
        return
    # Its subject is the main clause's, and must not stand behind "there is".
    own = tail[1] in _SUBJECTLESS or tail[1] in verbs.PARTICIPLES or tail[1].endswith("ed")
    if tail[0] in _SUBORDINATE:
        if not _may_lead(tail, clause):
            return
    elif comma and tail[0] in verbs.ING and g.is_being(clause.head) and _OBJECTS.isdisjoint([*clause.rest, *tail]):
        own = True
    else:
        return
    for i, main in enumerate(main_forms(clause)):
        if not (own and main[0] == "there"):
            yield Structure("clauses swapped", [*tail, ",", *main], 3 / (1 + i))


_SUBJECTLESS = verbs.ING.keys() | g.PREPOSITIONS | words("he she they")
_OBJECTS = words("and him it them")
_SUBORDINATE = words("while whilst as when because before after")


def _may_lead(tail: Tokens, clause: Clause) -> bool:
    """Whether a subordinate clause is one, and no word of it needs what the main clause says."""
    if tail[1] in ("it", "if") or (tail[0] == "as" and "as" in tail[1:4]):  # as high as she can
        return False
    if tail[1] in ("he", "she", "they") and not (g.is_being(clause.head) and clause.plural == (tail[1] == "they")):
        return False
    if not {"another", "other", "others"}.isdisjoint(tail[1:3]):
        return False
    if tail[1] in verbs.ING and not g.BE.isdisjoint(tail):
        return False  # while standing in the water | and a dog is with them
    has_verb = any(word in g.BE or word in verbs.THIRD or word in verbs.VERBS for word in tail[2:])
    return has_verb or tail[0] != "as"


def sentences_swapped(clause: Clause) -> Iterator[Structure]:
    """A man sings and a dog barks -> A dog barks and a man sings."""
    tail = clause.tail[1:] if clause.tail[:1] == [","] else clause.tail
    if clause.there or clause.kind == "noun" or tail[:1] != ["and"] or len(tail) < 4 or "," in tail + clause.rest:
        return
    whole = any(word in g.BE or g.third(word) for word in tail) and tail[1] in g.DETERMINERS
    if whole and POINTING.isdisjoint(tail) and {"then", "while", "one"}.isdisjoint(tail):
        yield Structure("clauses swapped", [*tail[1:], "and", *main_clause(clause)], 2)


_AT_REST = words("sit stand lie kneel crouch squat walk ride run pose hang swim float")
#: What no place does: a girl runs from a wave | coming onto the shore.
_OF_A_PERSON = words(
    """hold wear play look read eat drink talk smile watch carry wave laugh sing smoke throw kick catch write draw paint
    cook pose stare gaze speak chew lick drag push pull wait rest sleep enjoy listen chat sip peer point lean cry sell
    take try prepare perform do have ride walk"""
)
_PERSONAL = words("he she it they him them who that which")


def participle_first(clause: Clause) -> Iterator[Structure]:
    """A man sits on a wall playing a guitar -> Playing a guitar, a man sits on a wall."""
    if not clause.is_action or clause.verb not in _AT_REST or clause.joined or clause.tail or clause.there:
        return
    rest = clause.rest
    found = [i for i, word in enumerate(rest) if i and word in verbs.ING and rest[i - 1] not in _BEFORE_NOUNS]
    if len(found) != 1 or verbs.ING[rest[found[0]]] not in _OF_A_PERSON or not g.is_being(clause.head):
        return
    before, doing = rest[: found[0]], rest[found[0] :]
    # "A man stands by a girl holding a doll": she holds it.
    if any(g.is_being(word) for word in before) or len(doing) < 2 or "and" in doing or not _PERSONAL.isdisjoint(rest):
        return
    for main in list(main_forms(clause.until(found[0])))[:2]:
        yield Structure("participle first", [*doing, ",", *main], 2)


_BEFORE_NOUNS = g.PREPOSITIONS | g.DETERMINERS | lexicon.ADJECTIVES

#: What may go on at the same time as anything else: the order of two of these tells nothing.
_DURABLE = words(
    """sit stand smile laugh talk sing play dance hold wear eat drink run walk swim read watch ride pose clap wave look
    listen carry lean point cheer sleep rest lie bark kneel stare cry smoke cook clean pull push"""
)


def joined_swapped(clause: Clause) -> Iterator[Structure]:
    """A man is singing and playing -> A man is playing and singing: only what may happen at once."""
    if not clause.is_action or len(clause.joined) != 1 or clause.tail or clause.there:
        return
    at = clause.joined[0]
    first, second = clause.rest[: at - 1], clause.rest[at:]
    lemma = verbs.ING.get(second[0]) or verbs.THIRD.get(second[0]) or second[0]
    if "down" in clause.rest or "up" in clause.rest:
        return  # sits down and reads: one after the other
    if clause.rest[at - 1] != "and" or not {lemma, clause.verb} <= _DURABLE or not POINTING.isdisjoint(second):
        return
    be = [clause.be] if clause.kind == "progressive" else []
    form = clause.finite if clause.kind == "finite" else verbs.ING_OF[clause.verb]
    yield Structure("joined swapped", [*clause.subject, *be, *clause.adverbs, *second, "and", form, *first], 2.5)
