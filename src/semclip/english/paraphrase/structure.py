"""One other order of a clause, and the forms that all rules for orders build with."""

from collections.abc import Iterator
from dataclasses import dataclass

from semclip.english import lexicon
from semclip.english.inflection import words
from semclip.english.paraphrase import grammar as g
from semclip.english.paraphrase import verbs
from semclip.english.paraphrase.clause import Clause
from semclip.english.paraphrase.places import BODY, STATIC

Tokens = list[str]


@dataclass(frozen=True, slots=True)
class Structure:
    """tokens: the new sentence without its stop, marks apart. weight: how readily it is drawn."""

    kind: str
    tokens: Tokens
    weight: float


#: Words that speak of what a sentence said before.
POINTING = (g.POSSESSIVES | g.PRONOUNS | words("another other others else one's")) - {"something", "someone"}


def second_sentence(clause: Clause) -> bool:
    """Whether the tail is a sentence of its own: a man sings | and a dog barks."""
    comma = clause.tail[:1] == [","]
    tail = clause.tail[1:] if comma else clause.tail
    if comma and tail[:1] not in (["while"], ["as"]) and any(_is_finite(word) for word in tail):
        return True
    if tail[:1] == ["and"]:
        return tail[1:2] == [] or tail[1] not in verbs.ING
    return tail[:1] == ["but"] or (not comma and tail[:1] in (["then"], ["so"]))


def _is_finite(word: str) -> bool:
    return word in g.BE or (g.third(word) is not None and not g.is_noun(word))


def relative_pronoun(clause: Clause) -> str:
    """who, that; "" where it is not known whether the subject is a person."""
    if clause.head in g.COLLECTIVES:
        return ""
    if g.is_being(clause.head) and not g.is_animal(clause.head):
        return "who"
    return "that" if clause.head in lexicon.NOUNS else ""


def there_be(clause: Clause) -> Tokens:
    """there is, there are: by the noun next to it."""
    first = clause.subject[0]
    if clause.subject[1:2] == ["few"]:
        return ["there", "are"]
    one = first in ("a", "an", "one", "another", "someone", "somebody")
    if clause.head in ("couple", "pair", "lot", "number", "bunch", "variety", "trio"):
        one = one and ("of" not in clause.subject or not g.is_plural(clause.subject[clause.core - 1]))
    return ["there", "is" if one else "are"]


def main_clause(clause: Clause) -> Tokens:
    """The clause as a whole sentence, without its tail."""
    if clause.kind == "finite":
        return [*clause.subject, *clause.does]
    if clause.kind in ("progressive", "participle"):
        return [*clause.subject, clause.be, *clause.doing]
    return [*clause.subject, *([] if clause.kind == "noun" else [clause.be]), *clause.adverbs, *clause.rest]


def main_forms(clause: Clause) -> Iterator[Tokens]:
    """The clause without its tail: as it is, then in another form (dog runs, is running, there is a dog running)."""
    yield main_clause(clause)
    if not clause.is_action or clause.static:
        return
    if clause.kind == "finite":
        yield [*clause.subject, clause.be, *clause.doing]
    elif clause.verb != "be":
        yield [*clause.subject, *clause.does]
    if clause.indefinite:
        yield [*there_be(clause), *clause.subject, *clause.doing]


def there_is(clause: Clause) -> Iterator[tuple[str, Tokens]]:
    """(kind, tokens): There is a dog running; There is a dog that is running."""
    start = [*there_be(clause), *clause.subject]
    who = relative_pronoun(clause) if clause.is_plain and clause.is_action and clause.verb != "be" else ""
    if clause.is_action and not clause.static:
        yield "existential", [*start, *clause.doing, *clause.tail]
        if who:
            yield "existential+relative", [*start, who, clause.be, *clause.doing, *clause.tail]
    elif who:
        yield "existential+relative", [*start, who, *clause.does, *clause.tail]
    elif (
        not clause.is_action
        and not clause.adverbs
        and (
            clause.kind == "noun"
            or (len(clause.rest) > 1 and (clause.kind == "passive" or clause.rest[0] in g.PREPOSITIONS))
        )
    ):
        yield "existential", [*start, *clause.rest, *clause.tail]


def _may_follow_there_is(clause: Clause) -> bool:
    if clause.kind == "noun":
        return True
    return len(clause.rest) > 1 and (clause.kind == "passive" or clause.rest[0] in g.PREPOSITIONS)


def seen_doing(clause: Clause) -> Tokens:
    """What follows "can be seen"; empty where nothing can."""
    if clause.is_action:
        if clause.verb == "have" and clause.static and _is_on_the_body(clause):
            return [*clause.adverbs, "with", *clause.rest]
        return [] if clause.static else clause.doing
    if clause.kind == "passive":
        done = "by" in clause.rest and clause.rest[0] not in _STATES
        return [] if clause.rest[0] in _SEEN else [*clause.adverbs, *["being"][:done], *clause.rest]
    places = [phrase for phrase in clause.phrases if phrase.kind != "adverb"]
    if clause.adverbs or not places or clause.rest[0] == "about":
        return []
    first = places[0]
    is_place = (
        first.kind == "place" and first.preposition in STATIC and first.head not in g.CLOTHES | lexicon.COLOUR_WORDS
    )
    return clause.rest if is_place and first.start <= 1 else []


def _is_on_the_body(clause: Clause) -> bool:
    """Whether what the subject has can be seen on it: the woman has her hands on her head."""
    rest = clause.rest
    if not rest or clause.joined or rest[0] in verbs.PARTICIPLES or clause.subject[-1] in g.PREPOSITIONS:
        return False
    if rest[0] not in g.DETERMINERS | lexicon.ADJECTIVES or {"to", "each", "been"} & {*rest}:
        return False
    return not (BODY | {"hair", "beard"}).isdisjoint(rest)


_SEEN = words("been shown seen pictured")
_STATES = words("surrounded covered followed framed bordered lined flanked accompanied fenced parked seated")
