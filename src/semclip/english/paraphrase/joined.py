"""The order of two that are joined: a boy and a girl -> a girl and a boy; black and white -> white and black."""

from collections.abc import Iterator

from semclip.english import lexicon
from semclip.english.inflection import words
from semclip.english.paraphrase import grammar as g
from semclip.english.paraphrase import verbs
from semclip.english.paraphrase.conditions import Tokens, at, ends_a_phrase
from semclip.english.paraphrase.swap import Swap

_PEOPLE = words("man woman boy girl")
_OWN = words("a an one two three four some another")
_BEFORE = words("while as is are wearing with holding between by in near") | {"", ","}
_OF_THE_SECOND = words("both one each who which that with dressed")
_BEHIND = g.BE | verbs.ING.keys() | {"", ","} | (g.PREPOSITIONS - {"of", "in", "with"})


def joined_swapped(tokens: Tokens, i: int, family: str) -> Iterator[Swap]:
    """The swap of what stands before and behind the "and" at i; the same in both families."""
    left, right = at(tokens, i - 1), at(tokens, i + 1)
    if at(tokens, i + 2) in g.DEPICTIONS:  # a black and white photo
        return
    alone = at(tokens, i - 2) not in (",", "and") and at(tokens, i + 2) != "and"
    if left in lexicon.COLOURS and right in lexicon.COLOURS and alone:
        yield Swap(i - 1, i + 2, (right, "and", left), "joined swapped")
        return
    start, end = _start_before(tokens, i), _end_behind(tokens, i + 1)
    if start < 0 or end < 0 or at(tokens, start - 1) not in _BEFORE | verbs.ING.keys():
        return
    one, other = tokens[start:i], tokens[i + 1 : end]
    following = at(tokens, end)
    if other[0] in ("a", "an", "one", "another") and g.is_plural(other[-1]):
        return  # sings in a tent and one | waves
    if following == "," and (at(tokens, end + 1) in verbs.ING or at(tokens, end + 1) in _OF_THE_SECOND):
        return  # a couple and an infant, being held by ...
    if following in verbs.ING and at(tokens, start - 1) in verbs.ING:
        return  # walking a dog and a woman pushing a cart: the woman pushes it
    if following not in _BEHIND and (following not in verbs.VERBS or g.is_noun(following)):
        return
    if one[-1] in g.CLOTHES and following in g.PREPOSITIONS:
        return  # a shirt and a jacket over a vest: their order tells where the vest is
    if len(one) == 2 and one[0] in ("a", "an") and len(other) == 1 and {left, right} <= _PEOPLE:
        yield Swap(i - 1, end, (right, "and", left), "joined swapped")
    elif g.is_being(one[-1]) == g.is_being(other[-1]) and _stands_alone(one) and _stands_alone(other):
        yield Swap(start, end, (*other, "and", *one), "joined swapped")


def _stands_alone(phrase: Tokens) -> bool:
    """Whether a noun phrase does not share the other's determiner."""
    return phrase[0] in _OWN - {"another"} or (g.is_plural(phrase[-1]) and phrase[0] not in g.DETERMINERS)


def _start_before(tokens: Tokens, i: int) -> int:
    if not g.is_noun(at(tokens, i - 1)):
        return -1
    start = i - 1
    while start > 0 and tokens[start - 1] in lexicon.ADJECTIVES:
        start -= 1
    return start - 1 if start and tokens[start - 1] in _OWN else start


def _end_behind(tokens: Tokens, i: int) -> int:
    end = i
    while at(tokens, end) in _OWN or (at(tokens, end) in lexicon.ADJECTIVES and at(tokens, end) not in g.CLOTHES):
        end += 1
    return end + 1 if g.is_noun(at(tokens, end)) and ends_a_phrase(tokens, i, end + 1) else -1
