"""Usual mistakes of statistical parsers on captions mended: headlines, participles and compounds are rare in their texts."""

from collections.abc import Iterator
from dataclasses import replace

from semclip.english import lexicon
from semclip.english.inflection import known_as, words
from semclip.english.parse.beings import kind_of
from semclip.english.parse.tree import NOUNS, Token

#: What is done to things: "a clock mounted on a wall" is no sentence about a clock that mounted.
_DONE_TO = words(
    """mount park cover fill attach place display decorate surround tie load pack stack line light dress seat locate
    make hang dock perch prop carve cut slice set arrange chain fence equip illuminate situate station surround top"""
)


def mended(tokens: list[Token]) -> list[Token]:
    """The tokens with other tags, heads and labels where those given cannot be right."""
    for rule in (_named_like_a_person, _noun_behind_and, _subject, _participle, _determiner):
        for place, token in list(rule(tokens)):
            tokens[place] = token
    return tokens


def _named_like_a_person(tokens: list[Token]) -> Iterator[tuple[int, Token]]:
    """Chef preparing sushi: a capital at the start makes no name."""
    first = tokens[0]
    if first.tag == "NNP" and _tag(tokens, 1) != "NNP" and (first.lower in lexicon.NOUNS or kind_of(first.lower)):
        plural = lexicon.NOUNS.get(first.lower, (frozenset(), False))[1]
        yield 0, replace(first, tag="NNS" if plural else "NN")


def _noun_behind_and(tokens: list[Token]) -> Iterator[tuple[int, Token]]:
    """A suit and tie: no bare verb is joined to a noun."""
    for place, token in enumerate(tokens):
        if token.tag != "VB" or token.label != "conj" or place < 2 or "NOUN" not in known_as(token.lower):
            continue
        before = place - 2
        if tokens[place - 1].tag == "CC" and tokens[before].tag in NOUNS and tokens[token.head].tag != "VB":
            yield place, replace(token, tag="NN", head=before)
            yield place - 1, replace(tokens[place - 1], head=before)
            root = next(i for i, one in enumerate(tokens) if one.head == i)
            for i, one in enumerate(tokens):
                if one.head == place and one.tag in ("VBG", "VBN"):
                    yield i, replace(one, head=root, label="acl")


def _subject(tokens: list[Token]) -> Iterator[tuple[int, Token]]:
    """A mechanic works: what stands before a finite verb at the top is no part of its name."""
    for place, token in enumerate(tokens):
        above = tokens[token.head]
        if token.head <= place or above.head != token.head or token.tag not in NOUNS:
            continue
        finite = above.tag in ("VBZ", "VBP") and token.label in ("amod", "compound", "nmod") and token.head == place + 1
        if finite or (place == 0 and token.label == "npadvmod"):
            yield place, replace(token, label="nsubj")
            for i in range(place):
                if tokens[i].head == token.head:
                    yield i, replace(tokens[i], head=place)


def _participle(tokens: list[Token]) -> Iterator[tuple[int, Token]]:
    """A clock mounted on a wall, a sign sitting on a road; three people put up a tent."""
    for place, token in enumerate(tokens):
        above = tokens[token.head]
        if token.label == "xcomp" and token.tag == "VBG" and above.tag in NOUNS and above.head == token.head:
            yield place, replace(token, label="acl")
        if token.tag != "VBD" or token.head != place:
            continue
        subject = next((i for i, one in enumerate(tokens) if one.head == place and one.label == "nsubj"), None)
        if subject is None:
            continue
        if token.lemma == token.lower and tokens[subject].tag == "NNS":
            yield place, replace(token, tag="VBP")
        elif token.lemma in _DONE_TO and _tag(tokens, place + 1) == "IN":
            yield subject, replace(tokens[subject], head=subject, label="ROOT")
            yield place, replace(token, tag="VBN", head=subject, label="acl")


def _determiner(tokens: list[Token]) -> Iterator[tuple[int, Token]]:
    """A stop sign: the article is that of the sign."""
    for place, token in enumerate(tokens):
        head = token.head
        while tokens[head].label == "compound" and tokens[head].head > head:
            head = tokens[head].head
        if token.label in ("det", "nummod") and head != token.head:
            yield place, replace(token, head=head)


def _tag(tokens: list[Token], place: int) -> str:
    return tokens[place].tag if place < len(tokens) else ""
