"""The noun phrases of a caption and nothing else: for titles, product names and whatever no parser understands.

"Handmade Wool Scarf with Fringes - Burgundy": a phrase starts behind a mark, a preposition, a number or a word that
stands in no phrase, and ends with its last noun. Whoever changes a word of a phrase, or sets one against its noun,
needs no more.
"""

import functools
import re

from semclip.english import lexicon
from semclip.english.inflection import known_as
from semclip.english.lexicon import kind_of
from semclip.english.parse.clean import Sentence
from semclip.english.parse.tag import ARTICLES, CLOSED, TOKEN, label_inside, noun_tag
from semclip.english.parse.tree import NOUNS, Tree
from semclip.english.words.load import listed

_TOKEN = re.compile(rf"w/(?=\s)|{TOKEN.pattern}")
_JOINS = listed("joins") | {"w/"}
#: A tag for what stands in no phrase.
_OUTSIDE = "XX"
_STARTS = frozenset({"DT", "PRP$", "CD"})
_ENDS = frozenset({"IN", "CC", ",", ".", ":", "SYM", _OUTSIDE})


def parse(sentence: Sentence) -> Tree | None:
    """The phrases below the first whose noun is known; None where there is none."""
    matches = list(_TOKEN.finditer(sentence.plain))
    words = [match[0].lower() for match in matches]
    tags = [_tag(words, place, match[0][0].isupper()) for place, match in enumerate(matches)]
    built = _Phrases(words, tags)
    built.build()
    return None if built.root < 0 else sentence.tree(matches, tags, built.head, built.label)


def _tag(words: list[str], place: int, capital: bool) -> str:
    word, following = words[place], words[place + 1] if place + 1 < len(words) else ""
    if word in _JOINS:
        return "IN"
    if word in ("&", "and"):
        return "CC"
    if word in ARTICLES and following[:1].isalnum():
        return CLOSED[word]
    if word in ("'s", "’s") or (word in ("'", "’") and place and words[place - 1].endswith("s")):
        return "POS"
    if not word[0].isalnum():
        return word if word in (",", ":", ".") else "SYM"
    if word in lexicon.NUMBERS or word[0].isdigit():
        return "JJ" if "-" in word and word[-1].isalpha() else "CD"
    if word in CLOSED:
        return _OUTSIDE
    described = following[:1].isalnum() and following not in _JOINS and following not in CLOSED
    return _open_tag(word, described) or ("NNP" if capital else noun_tag(word))


@functools.lru_cache(65536)
def _open_tag(word: str, described: bool) -> str:
    """The tag of a word that a lexicon knows or that has a telling end; "" for others. described: a word follows."""
    known, noun = known_as(word), word in lexicon.NOUNS
    if word in lexicon.COLOURS or (word in lexicon.ADJECTIVES and not noun) or (known and known <= {"ADJ", "ADV"}):
        return "JJ"
    if not noun and "NOUN" not in known and (word.endswith(("ed", "ing")) or "ADJ" in known):
        return "JJ" if described else _OUTSIDE
    acts = known == {"VERB"} and word.endswith("s")
    if not noun and (acts or (word.endswith("ing") and "VERB" in known and not described)):
        return _OUTSIDE
    return noun_tag(word) if known or noun else ""


class _Phrases:
    """Heads and labels of all words. last: the noun that the next preposition belongs to. joined: the preposition or
    the "and" that waits for its noun."""

    def __init__(self, words: list[str], tags: list[str]) -> None:
        self.words, self.tags = words, tags
        self.head, self.label = list(range(len(words))), ["dep"] * len(words)
        self.root = self.last = self.joined = -1

    def build(self) -> None:
        start = 0
        for place, tag in enumerate((*self.tags, ".")):
            if tag in _STARTS and not NOUNS.isdisjoint(self.tags[start:place]):
                self._phrase(start, place)
                start = place
            elif tag in _ENDS:
                self._phrase(start, place)
                start = place + 1
                if tag in ("IN", "CC") and self.last >= 0:
                    self.head[place], self.label[place] = self.last, "prep" if tag == "IN" else "cc"
                    self.joined = place
                else:
                    self.joined = -1
                    self.last = self.last if tag == "," else -1
        for i, label in enumerate(self.label):
            if label == "dep" and self.root >= 0:
                self.head[i], self.label[i] = self.root, "dep" if self.words[i][0].isalnum() else "punct"

    def _phrase(self, start: int, end: int) -> None:
        """The words start..end-1 below the last noun among them."""
        noun = next((i for i in range(end - 1, start - 1, -1) if self.tags[i] in NOUNS), -1)
        if noun < 0:
            return
        if verb := self._is_verb(start, noun):
            noun, end = noun - 1, noun
        for i in range(start, end):
            if i != noun:
                self.head[i], self.label[i] = noun, label_inside(self.tags, i)
        if self.joined >= 0:
            of = "pobj" if self.tags[self.joined] == "IN" else "conj"
            self.head[noun], self.label[noun] = self.joined if of == "pobj" else self.last, of
        elif self.root < 0 and self.tags[noun] != "NNP":
            self.root = noun
            self.label[noun] = "ROOT"
        self.last, self.joined = -1 if verb else noun, -1

    def _is_verb(self, start: int, last: int) -> bool:
        """Whether the last noun may be a verb: villagers fish, a man waves, the dog barks."""
        if last == start or self.tags[last - 1] not in NOUNS or "VERB" not in known_as(self.words[last]):
            return False
        one = self.words[start] in ("a", "an") or kind_of(self.words[last - 1]) != ""
        agrees = self.tags[last] == "NNS" and (one or self.words[last] in lexicon.THIRD_FORMS)
        return self.tags[last - 1] == "NNS" or agrees
