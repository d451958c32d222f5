"""The built-in parser: trees of plain captions, None for the rest.

Noun phrases, prepositions and verbs are attached from left to right, each to the nearest place that takes it. Labels
and tags are those of spaCy's English pipelines, so that one set of rules serves both; attachment is coarser.
"""

import re

from semclip.english.inflection import lemma_of
from semclip.english.parse.clean import Sentence
from semclip.english.parse.tag import TOKEN, is_known, label_inside, tags_of
from semclip.english.parse.tree import FINITE, NOUNS, VERBS, Tree

#: Changes whenever equal captions may get other trees.
VERSION = "3"
_KNOWN = 0.7  # of the words, at least
_SUBORDINATE = ("while", "as", "because", "when", "if", "since", "until", "where")
_NAMES_A_ROLE = ("as", "since", "until")  # where no verb follows: dressed as a clown
_ACTS = FINITE | {"VBG"}
#: A letter for each tag of a noun phrase, "." for others, and the phrases of them: "a black, white and very old dog's".
_LETTERS = dict.fromkeys(NOUNS, "N") | {
    "DT": "D", "PRP$": "P", "CD": "C", "JJ": "J", "POS": "S", "RB": "R", "CC": "&", ",": ",",
}  # fmt: skip
_PHRASE = re.compile(r"[DPCJN] (?: (?<=D)[DP] | [CJNS] | R(?=J) | (?<=J),?&?(?=J) )*", re.VERBOSE)
#: Where in the phrase of a noun the word stands that these belong to; all others belong to the noun.
_BESIDE = {"CC": -1, ",": -1, "POS": -1, "RB": 1}


class _NotPlainError(Exception):
    """Something is not understood."""


def parse(sentence: Sentence) -> Tree | None:
    """The tree of a sentence; None where it is not plain enough to be sure."""
    matches = list(TOKEN.finditer(sentence.plain))
    words = [match[0].lower() for match in matches]
    alphabetic = [word for word in words if word[0].isalpha()]
    if not alphabetic or sum(map(is_known, alphabetic)) < _KNOWN * len(alphabetic):
        return None
    tags = tags_of(words)
    if tags is None or NOUNS.isdisjoint(tags):
        return None
    built = _Builder(words, tags)
    try:
        built.build()
    except _NotPlainError:
        return None
    return sentence.tree(matches, tags, built.head, built.label)


class _Builder:
    """State of one pass. noun, verb: the last ones; root: -1 until there is one; prep, cc, mark: those that wait."""

    def __init__(self, words: list[str], tags: list[str]) -> None:
        self.words, self.tags, self.letters = words, tags, "".join(_LETTERS.get(tag, ".") for tag in tags)
        self.head, self.label = [-1] * len(words), [""] * len(words)
        self.root = self.subject = self.noun = self.verb = self.prep = self.cc = self.mark = -1
        self.aux: list[int] = []

    def build(self) -> None:
        """Heads and labels of all tokens."""
        place = 0
        while place < len(self.words):
            phrase = _PHRASE.match(self.letters, place)
            place = self._phrase(place, phrase.end()) if phrase else self._step(place)
        if self.root < 0 or self.prep >= 0 or self.mark >= 0 or (self.aux and self.tags[self.root] not in FINITE):
            raise _NotPlainError
        for i, head in enumerate(self.head):
            if head < 0:
                self._attach(i, self.root, self.label[i] or "dep")
        self._attach(self.root, self.root, "ROOT")

    def _attach(self, place: int, head: int, label: str) -> None:
        self.head[place], self.label[place] = head, label

    def _step(self, place: int) -> int:
        """One word; where the next stands."""
        tag = self.tags[place]
        if tag in VERBS or tag == "MD":
            self._verb(place)
        elif tag in ("IN", "TO"):
            self._preposition(place)
        elif tag == "PRP":
            self._noun(place, place)
        elif tag == "CC":
            self.cc = place
        elif tag == "EX" or self.words[place] in ("not", "n't", "n’t"):
            self.label[place] = "expl" if tag == "EX" else "neg"
        elif tag in ("WP", "WDT"):
            self.mark = place
        elif tag in ("RB", "RP", "WRB"):
            self._attach(place, self.verb if self.verb >= 0 else self.root, "prt" if tag == "RP" else "advmod")
            self.mark = place if tag == "WRB" else self.mark
        elif tag == ",":
            self._attach(place, max(self.noun, self.root), "punct")
        else:
            raise _NotPlainError
        return place + 1

    def _phrase(self, start: int, end: int) -> int:
        """The words of a noun, or adjectives that describe none; where the next word stands."""
        head = self.letters.rfind("N", start, end)
        if head < 0 <= self.prep:  # a man in red
            head = end - 1
            self.tags[head] = "NN"
        elif head < 0:
            if self.verb < 0 or "DT" in self.tags[start:end]:
                raise _NotPlainError
            self._attach(end - 1, self.verb, "acomp")
            return end
        else:
            for i in range(start, head):
                beside = _BESIDE.get(self.tags[i])
                self._attach(i, head if beside is None else i + beside, label_inside(self.tags, i))
        self._noun(start, head)
        return head + 1  # "a man white": an adjective behind its noun

    def _noun(self, start: int, noun: int) -> None:
        if self.prep >= 0:
            self._attach(noun, self.prep, "pobj")
            self.prep = -1
        elif self.cc >= 0 or (self.noun >= 0 and start and self.tags[start - 1] == ","):
            self._joined(noun, self.noun)
        elif self.mark >= 0 <= self.root:
            self.subject = noun  # of a clause that has begun: while the sun sets
        elif self.root < 0:
            self.root = self.subject = noun
        elif self.verb < 0 or (self.verb < self.noun and self.head[self.noun] != self.verb):
            raise _NotPlainError
        else:
            copula = lemma_of(self.words[self.verb], self.tags[self.verb]) == "be"
            free = {(self.verb, "dobj"), (self.verb, "attr")}.isdisjoint(zip(self.head, self.label, strict=True))
            self._attach(noun, self.verb, ("attr" if copula else "dobj") if free else "dative")
        self.noun = noun

    def _joined(self, place: int, first: int) -> None:
        """A word goes to the first one that "and" or a comma joins it to."""
        if first < 0:
            raise _NotPlainError
        self._attach(place, first, "conj")
        if self.cc >= 0:
            self._attach(self.cc, first, "cc")
        self.cc = -1

    def _preposition(self, place: int) -> None:
        word, following = self.words[place], (*self.tags, "")[place + 1]
        opens = word in _SUBORDINATE and not (word in _NAMES_A_ROLE and _ACTS.isdisjoint(self.tags[place:]))
        if self.prep >= 0:  # out of, in front of is a noun
            self._attach(place, self.prep, "prep")
            self.prep = place
        elif opens and self.root >= 0:
            self.mark, self.label[place] = place, "mark"
        elif self.tags[place] == "TO" and following == "VB":
            self._attach(place, place + 1, "aux")
        elif following in ("", "CC", ".", ",") and self.verb >= 0:
            self._attach(place, self.verb, "prt")
        elif following in ("", "CC", ".", ",") or self.root < 0:
            raise _NotPlainError
        else:
            to_noun = self.verb < 0 or (word in ("of", "with", "without") and self.noun > self.verb)
            if word == "in" and self.noun > self.verb >= 0 and self.label[self.noun] != "dobj":
                to_noun = self.head[self.verb] != self.noun
            by = word == "by" and not to_noun and self.tags[self.verb] == "VBN"
            self._attach(place, self.noun if to_noun else self.verb, "agent" if by else "prep")
            self.prep = place

    def _verb(self, verb: int) -> None:
        tag = self.tags[verb]
        following = next((t for t in self.tags[verb + 1 :] if t != "RB"), "")
        is_helper = lemma_of(self.words[verb], tag) in ("be", "have", "do") and following in ("VBG", "VBN", "VB")
        if tag == "MD" or is_helper:
            self.aux.append(verb)
            return
        if self.root < 0:
            if tag not in FINITE or self.label[0] != "expl":
                raise _NotPlainError  # a caption that starts with a verb
            self.root, self.subject = verb, 0
        elif self.mark >= 0:
            relative = self.tags[self.mark] in ("WP", "WDT")
            self._attach(verb, self.noun if relative else self.root, "relcl" if relative else "advcl")
            if not relative and self.subject > self.mark:
                self._attach(self.subject, verb, "nsubj")
            self._attach(self.mark, verb, "nsubj" if relative else "mark")
            self.mark = -1
        elif self.cc >= 0:
            self._joined(verb, self.verb)
        elif self.prep >= 0:
            self._attach(verb, self.prep, "pcomp")
            self.prep = -1
        elif tag == "VB":
            self._attach(verb, self.verb if self.verb >= 0 else self.noun, "xcomp")
        elif self._is_finite(verb, self.aux):
            self._finite(verb)
        elif self.noun < self.verb:
            self._attach(verb, self.verb, "xcomp")
        else:
            near = self.noun if self.tags[verb - 1] in NOUNS else self.root
            self._attach(verb, near, "acl" if self.tags[near] in NOUNS else "advcl")
        self._helped(verb)
        self.verb = verb

    def _is_finite(self, verb: int, helpers: list[int]) -> bool:
        return any(self.tags[i] in FINITE for i in (verb, *helpers))

    def _finite(self, verb: int) -> None:
        """The verb of the caption, or of a second clause: a nurse sings and a chef dances."""
        under = [i for i, head in enumerate(self.head) if head == self.root]
        if not self._is_finite(self.root, [i for i in under if self.label[i][:3] == "aux"]):
            for i in under:
                if self.label[i] in ("advmod", "punct") and i > self.noun:
                    self.head[i] = verb
            self._attach(self.root, verb, "nsubj")
            self.root = verb
            return
        joined = [i for i, label in enumerate(self.label) if label == "conj" and self.tags[i] in NOUNS]
        ccs = [i for i, label in enumerate(self.label) if label == "cc" and joined and i < joined[-1]]
        if not ccs or ccs[-1] < self.verb:
            raise _NotPlainError  # a second finite verb that nothing joins
        self._attach(joined[-1], verb, "nsubj")
        self._attach(ccs[-1], self.root, "cc")
        self._attach(verb, self.root, "conj")

    def _helped(self, verb: int) -> None:
        for i in self.aux:
            self._attach(i, verb, "auxpass" if self.tags[verb] == "VBN" and i == self.aux[-1] else "aux")
        for i in range(verb):
            if self.label[i] in ("neg", "expl") and self.head[i] < 0:
                self.head[i] = verb
        self.aux = []
