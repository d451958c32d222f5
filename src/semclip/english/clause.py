"""The subject of a caption and its verb, as far as a shallow grammar can tell."""

import functools
from dataclasses import dataclass

from semclip.english import lexicon
from semclip.english.caption import Caption
from semclip.english.inflection import words


@dataclass(frozen=True, slots=True)
class Clause:
    """Places in `caption.words`.

    start:  of the subject: its determiner, number, first adjective or the noun itself.
    head:   its noun; `a group of people` has the head `people`.
    end:    what follows that noun.
    plural: whether the noun is one, or two are joined.
    joined: whether "and" joins a second noun to it: a man and a woman.
    verb:   of the finite verb that belongs to it; None where there is none ("a dog running", "a dog in the snow") or
            none that is surely its own.
    finite: whether any word behind the subject may be a finite verb, known or not.
    """

    start: int
    head: int
    end: int
    plural: bool
    joined: bool
    verb: int | None
    finite: bool


COPULAS = words("is are")
_PICTURES = words("photo picture image photograph portrait view close-up closeup photos pictures images")
COLLECTIVES = words("group couple bunch crowd number pair team line row pack herd flock trio lot series")
_RELATIVES = words("who that which whose where when")
#: Third forms and base forms that are nouns as well: verbs only right behind the noun of the subject.
_NOUN_TOO = words(
    """skis waves steps slides swings trains plants paints stops points shops clothes presents fires sticks waters bikes
    lands hikes cuts sails"""
)


@functools.lru_cache(256)
def parse(caption: Caption) -> Clause | None:
    """The subject with which the caption starts, None where it starts otherwise or the phrase is not understood."""
    tokens = caption.words
    start, limit = 0, len(tokens)
    if not limit or (tokens[0] in lexicon.PREPOSITIONS and tokens[0] not in lexicon.DETERMINERS):
        return None
    head = _head_from(tokens, start)
    if head is None or tokens[head] in _PICTURES:
        return None
    while tokens[head] in COLLECTIVES and caption.word(head + 1) == "of":
        inner = _head_from(tokens, head + 2)
        if inner is None:
            return None
        head = inner
    plural = _is_plural(tokens[head])
    if plural and tokens[start] in ("a", "an") and "of" not in tokens[start:head]:
        return None  # "a florist arranging flowers": the noun was not known, the one found is another
    end = head + 1
    second = _head_from(tokens, end + 1, plural=True) if caption.word(end) == "and" else None
    joined = second is not None
    if second is not None:
        plural, end = True, second + 1
    if caption.word(end) in ("and", ",", "or", "'s", "&", "/", "-", '"'):
        return None
    verb = None
    nested = False
    loose = plural or tokens[start] in ("some", "many")
    for place in range(end, limit):
        word = tokens[place]
        if word in _RELATIVES:
            nested = True
        if _is_quoted(tokens, place):
            continue
        if word in _CLAUSE_ENDS and not (word == "as" and tokens[place - 1] in _AS_WHAT):
            break
        if word == "and" and place + 1 < limit and tokens[place + 1] in _NEW_SUBJECTS:
            loose = True  # a woman in brown and a man in grey look up
        if _is_finite(tokens, place, end, loose):
            verb = None if nested else place
            break
    finite = verb is not None or _may_hold_a_verb(tokens, end, loose)
    return Clause(start, head, end, plural, joined, verb, finite)


_NEW_SUBJECTS = lexicon.DETERMINERS - {"his", "her", "their", "its"}
#: Before a participle one action with it: a man | rock climbing.
_COMPOUNDS = words("rock snow ice roller mountain water skate horseback sky bungee")
_AS_WHAT = words("dressed disguised painted decorated used")
_CLAUSE_ENDS = words(". ; : ! while as whilst when because so if after before")


def _may_hold_a_verb(tokens: list[str], start: int, plural: bool) -> bool:
    """Whether any word up to the next clause may be a finite verb; unknown words may be, where no noun must stand."""
    for place in range(start, len(tokens)):
        word, before = tokens[place], tokens[place - 1]
        if _is_quoted(tokens, place):
            continue
        if word in _CLAUSE_ENDS and not (word == "as" and before in _AS_WHAT):
            return False
        if word in lexicon.AUXILIARIES and word not in ("been", "being", "be", "'s"):
            return True
        after_noun = place == start or not (_asks_for_a_noun(tokens, place - 1) or before in lexicon.ING_FORMS)
        unknown = word.endswith(("s", "ed")) and word not in lexicon.KNOWN and word not in _NEVER_FINITE
        unknown = unknown and not tokens[start].endswith("ing")  # a couple thinking about Christmas decorations
        unknown = unknown and not (word.endswith("ed") and "".join(tokens[place + 1 : place + 2]) in lexicon.NOUNS)
        if after_noun and (word in lexicon.THIRD_FORMS or unknown or (plural and word in lexicon.BASE_FORMS)):
            return True
    return False


def _is_quoted(tokens: list[str], place: int) -> bool:
    return tokens[:place].count('"') % 2 == 1


_NEVER_FINITE = words(
    """dressed seated covered colored striped surrounded filled lined its across parked perched topped decorated stacked
    piled loaded attached connected located placed displayed arranged mounted tied"""
)


_ENDS_A_NOUN = lexicon.PREPOSITIONS | lexicon.AUXILIARIES | lexicon.DETERMINERS | {"he", "she", "they"}


def _head_from(tokens: list[str], start: int, plural: bool = False) -> int | None:
    """The noun that ends the noun phrase starting at `start`; plural: a verb behind it is one of several subjects."""
    place = start
    if place < len(tokens) and tokens[place] in lexicon.DETERMINERS:
        place += 1
    while place < len(tokens) and (tokens[place] in lexicon.NUMBERS or tokens[place] == "other"):
        place += 1
    head = None
    while place < len(tokens):
        word = tokens[place]
        if not word[0].isalpha():
            if word == "," and tokens[place - 1] in lexicon.ADJECTIVES:  # a small , brown dog
                place += 1
                continue
            break
        if word == "and" and {tokens[place - 1], *tokens[place + 1 : place + 2]} <= lexicon.COLOUR_WORDS:
            place += 1
            continue
        if head is not None and (_is_boundary(tokens, place, head, plural)):
            break
        if word in _ENDS_A_NOUN:
            break
        if word in lexicon.NOUNS:
            if head is not None and _is_plural(tokens[head]):  # "people mountain climbing"
                return None
            head = place
        elif word not in lexicon.ADJECTIVES and word not in lexicon.ING_FORMS:
            head = place if place > start or word not in lexicon.BASE_FORMS else None
        place += 1
    if head is None or tokens[head] not in lexicon.NOUNS:
        return None
    return head


def _is_boundary(tokens: list[str], place: int, head: int, plural: bool) -> bool:
    """Whether the word after a possible head is a verb, not a further part of the phrase."""
    word = tokens[place]
    if word in lexicon.ING_FORMS or word.endswith("ing") or word in _NEVER_FINITE:
        return tokens[head] in lexicon.NOUNS
    if word in _COMPOUNDS and place + 1 < len(tokens) and tokens[place + 1].endswith("ing"):
        return tokens[head] in lexicon.NOUNS
    if word in lexicon.THIRD_FORMS:
        return True
    return word in lexicon.BASE_FORMS and (plural or _is_plural(tokens[head]))


def _is_plural(word: str) -> bool:
    if word in lexicon.NOUNS:
        return lexicon.NOUNS[word][1]
    return word.endswith("s") and not word.endswith("ss")


def _is_finite(tokens: list[str], place: int, end: int, plural: bool) -> bool:
    word, before = tokens[place], tokens[place - 1]
    if word in lexicon.AUXILIARIES and word not in ("been", "being", "be", "'s"):
        return True
    third, base = word in lexicon.THIRD_FORMS, word in lexicon.BASE_FORMS
    if not third and not (base and plural):
        return word.endswith("ed") and place == end and word not in lexicon.ADJECTIVES | _NEVER_FINITE
    if place == end:
        return True
    if _asks_for_a_noun(tokens, place - 1):
        return before in ("together", "outside", "outdoors", "also", "just", "inside") and word not in _NOUN_TOO
    if before.endswith("ly"):
        return True
    if word in _NOUN_TOO or (base and word in lexicon.NOUNS):
        return False
    return (
        before in lexicon.NOUNS or before in lexicon.COLOUR_WORDS or before in _NOUN_TOO
    ) and before not in lexicon.ING_FORMS


def _asks_for_a_noun(tokens: list[str], place: int) -> bool:
    """Whether the word at `place` leads on to a noun: in, the, red, but not the red of "a man in red"."""
    word = tokens[place]
    if word in lexicon.COLOUR_WORDS and tokens[place - 1] in ("in", "wearing", "of"):
        return False
    person = not lexicon.NOUNS.get(word, (frozenset(), False))[0].isdisjoint(("adult", "person"))
    return word in lexicon.PREPOSITIONS or word in lexicon.DETERMINERS or (word in lexicon.ADJECTIVES and not person)
