"""When a word may be changed: what must stand before and behind it."""

from collections.abc import Callable

from semclip.english import lexicon
from semclip.english.inflection import words
from semclip.english.paraphrase import grammar as g
from semclip.english.paraphrase import verbs

Tokens = list[str]
Condition = Callable[[Tokens, int, int], bool]


def at(tokens: Tokens, i: int) -> str:
    return tokens[i] if 0 <= i < len(tokens) else ""


def before(*sets: frozenset[str]) -> Condition:
    allowed = frozenset().union(*sets)
    return lambda tokens, i, j: at(tokens, i - 1) in allowed


def not_before(text: str) -> Condition:
    refused = words(text)
    return lambda tokens, i, j: at(tokens, i - 1) not in refused


def behind(text: str) -> Condition:
    allowed = words(text)
    return lambda tokens, i, j: at(tokens, j) in allowed


def not_behind(text: str) -> Condition:
    refused = words(text)
    return lambda tokens, i, j: at(tokens, j) not in refused


def always(tokens: Tokens, i: int, j: int) -> bool:
    return True


def phrase_follows(tokens: Tokens, i: int, j: int) -> bool:
    return at(tokens, j) in g.DETERMINERS or g.is_noun(at(tokens, j)) or at(tokens, j) in lexicon.ADJECTIVES


def describes_being(tokens: Tokens, i: int, j: int) -> bool:
    return g.is_being(at(tokens, j)) or (at(tokens, j) in lexicon.ADJECTIVES and g.is_being(at(tokens, j + 1)))


def describes_thing(tokens: Tokens, i: int, j: int) -> bool:
    """The adjective stands before a noun, perhaps behind further adjectives."""
    k = j
    while at(tokens, k) in lexicon.ADJECTIVES and at(tokens, k) not in lexicon.NOUNS:
        k += 1
    return g.is_noun(at(tokens, k))


def describes_person(tokens: Tokens, i: int, j: int) -> bool:
    return at(tokens, j) in words("man woman boy girl child lady kid toddler women girls boys men children baby")


def behind_a_person(tokens: Tokens, i: int, j: int) -> bool:
    """A person stands just before, or before is, are or that is: a boy who is | sitting."""
    k = i - 1
    while at(tokens, k) in ("is", "are", "who"):
        k -= 1
    return g.is_being(at(tokens, k)) and not g.is_animal(at(tokens, k))


def ends(tokens: Tokens, i: int, j: int) -> bool:
    return j == len(tokens) or tokens[j] in (",", "while", "as", "and")


def ends_a_phrase(tokens: Tokens, i: int, j: int) -> bool:
    """A noun phrase's head: nothing behind it belongs to it."""
    following = at(tokens, j)
    return not (g.is_noun(following) and following not in verbs.THIRD and following not in verbs.VERBS)


def plural_follows(tokens: Tokens, i: int, j: int) -> bool:
    k = j
    while at(tokens, k) in lexicon.ADJECTIVES and not g.is_plural(at(tokens, k)):
        k += 1
    return g.is_plural(at(tokens, k)) and g.is_noun(at(tokens, k))


def clause_follows(tokens: Tokens, i: int, j: int) -> bool:
    """A determiner, and a verb later: "as a dog watches", not "as a pirate"."""
    if at(tokens, j) not in g.DETERMINERS - g.POSSESSIVES or at(tokens, i - 1) in (
        "dressed",
        "same",
        "such",
        "used",
        "just",
        "as",
    ):
        return False
    rest = tokens[j:]
    return any(
        (word in g.BE and at(rest, k + 1) in verbs.ING) or (g.third(word) and k > 1 and word not in lexicon.NOUNS)
        for k, word in enumerate(rest)
    )


def both(*conditions: Condition) -> Condition:
    return lambda tokens, i, j: all(condition(tokens, i, j) for condition in conditions)


_COLOUR_OR_CLOTH = (
    lexicon.ADJECTIVES | lexicon.COLOUR_WORDS | g.CLOTHES | words("and a an the his her their dark light bright")
)


def dressed_in(tokens: Tokens, i: int) -> bool:
    """Whether one may be dressed in the clothes that start at i: not in a hat or a mask, and "dressed in a dress"."""
    end = clothes_end(tokens, i)
    return bool(end) and _NOT_DRESSED_IN.isdisjoint(tokens[i:end])


_NOT_DRESSED_IN = g.HEADWEAR | words(
    "dress dresses mask masks glove gloves collar collars number gear clothes clothing"
)


def clothes_end(tokens: Tokens, i: int) -> int:
    """Where a list of clothes that starts at i ends; 0 where it is no such list."""
    j, last = i, 0
    while j < len(tokens):
        if tokens[j] in g.CLOTHES:
            last = j + 1
        elif tokens[j] not in _COLOUR_OR_CLOTH:
            break
        j += 1
    return last
