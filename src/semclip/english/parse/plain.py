"""The built-in parser: trees of plain captions, None for the rest.

Noun phrases, prepositions and verbs are attached from left to right, each to the nearest place that takes it. Labels
and tags are those of spaCy's English pipelines, so that one set of rules serves both; attachment is coarser.
"""

from dataclasses import dataclass, field

from semclip.english.inflection import lemma_of
from semclip.english.parse.clean import Sentence
from semclip.english.parse.tag import TOKEN, is_known, tags_of
from semclip.english.parse.tree import FINITE, NOUNS, Token, Tree

#: Changes whenever equal captions may get other trees.
VERSION = "2"
_KNOWN = 0.7  # of the words, at least
_TO_NOUN = ("of", "with", "without")
_SUBORDINATE = ("while", "as", "because", "when", "if", "since", "until", "before", "after", "where")


def parse(sentence: Sentence) -> Tree | None:
    """The tree of a sentence; None where it is not plain enough to be sure."""
    matches = list(TOKEN.finditer(sentence.plain))
    texts = [match[0] for match in matches]
    alphabetic = [text.lower() for text in texts if text[0].isalpha()]
    if not alphabetic or sum(map(is_known, alphabetic)) < _KNOWN * len(alphabetic):
        return None
    tags = tags_of(texts)
    if tags is None or not any(tag in NOUNS for tag in tags):
        return None
    built = _Builder(texts, tags)
    if not built.build():
        return None
    ends = [match.end() for match in matches]
    tokens = tuple(
        Token(sentence.body[m.start() : m.end()], lemma_of(m[0].lower(), tags[i]), tags[i], built.head[i],
              built.label[i], i + 1 < len(matches) and matches[i + 1].start() > m.end())
        for i, m in enumerate(matches)
    )  # fmt: skip
    return Tree(tokens, sentence.body[ends[-1] :] + sentence.tail)


@dataclass
class _Builder:
    """State of one pass. noun, verb: the last ones; root: -1 until there is one; prep: one that waits for its noun."""

    texts: list[str]
    tags: list[str]
    root: int = -1
    subject: int = -1
    noun: int = -1
    verb: int = -1
    prep: int = -1
    cc: int = -1
    mark: int = -1
    aux: list[int] = field(default_factory=list)

    def build(self) -> bool:
        """Heads and labels of all tokens; False where something is not understood."""
        self.head = [-1] * len(self.texts)
        self.label = [""] * len(self.texts)
        place = 0
        while place < len(self.texts):
            step = self._step(place)
            if step <= 0:
                return False
            place += step
        if self.root < 0 or self.prep >= 0 or self.mark >= 0 or (self.aux and self.tags[self.root] not in FINITE):
            return False
        for i in range(len(self.texts)):
            if self.head[i] < 0:
                self.head[i], self.label[i] = self.root, self.label[i] or "dep"
        self.head[self.root], self.label[self.root] = self.root, "ROOT"
        return True

    def _attach(self, place: int, head: int, label: str) -> None:
        self.head[place], self.label[place] = head, label

    def _step(self, place: int) -> int:
        tag, word = self.tags[place], self.texts[place].lower()
        if tag in NOUNS or tag in ("DT", "PRP$", "CD", "JJ"):
            return self._noun_phrase(place)
        if tag == "PRP":
            return self._noun(place) and 1
        if tag.startswith("V") or tag == "MD":
            return self._verb(place)
        if tag in ("IN", "TO"):
            return self._preposition(place, word)
        if tag == "CC":
            if self.cc >= 0 or self.root < 0:
                return 0
            self.cc = place
            return 1
        if tag == "EX":
            self.label[place] = "expl"
            return 1
        if tag in ("WP", "WDT"):
            if self.noun < 0 or place + 1 >= len(self.texts):
                return 0
            self.mark = place
            return 1
        if tag in ("RB", "RP", "WRB"):
            if word in ("not", "n't", "n’t"):
                self.label[place] = "neg"
            else:
                self._attach(place, self.verb if self.verb >= 0 else self.root, "prt" if tag == "RP" else "advmod")
            if tag == "WRB":
                self.mark = place
            return 1
        if tag == ",":
            self._attach(place, max(self.noun, self.root), "punct")
            return 1 if place else 0
        return 0

    def _noun_phrase(self, place: int) -> int:
        end = place
        while end < len(self.texts) and (
            self.tags[end] in NOUNS or self.tags[end] in ("DT", "PRP$", "CD", "JJ", "POS")
            or (self.tags[end] in ("CC", ",") and self._joins_adjectives(end))
            or (self.tags[end] == "RB" and end > place and self.tags[end + 1 : end + 2] == ["JJ"])
        ):  # fmt: skip
            if end > place and self.tags[end] in ("DT", "PRP$") and self.tags[end - 1] not in ("DT", "PDT"):
                break
            end += 1
        nouns = [i for i in range(place, end) if self.tags[i] in NOUNS]
        if not nouns:
            return self._adjectives(place, end)
        head = nouns[-1]
        if head != end - 1:  # "a man white": an adjective behind its noun
            end = head + 1
        for i in range(place, head):
            tag = self.tags[i]
            if tag in ("CC", ","):
                self._attach(i, i - 1, "cc" if tag == "CC" else "punct")
            elif tag == "RB":
                self._attach(i, i + 1, "advmod")
            elif tag == "POS":
                self._attach(i, i - 1, "case")
                self.label[i - 1] = "poss"
            elif tag in NOUNS:
                self._attach(i, head, "compound")
            else:
                self._attach(i, head, {"DT": "det", "PRP$": "poss", "CD": "nummod"}.get(tag, "amod"))
        return self._noun(head) and end - place

    def _joins_adjectives(self, place: int) -> bool:
        around = self.tags[place - 1 : place + 3]
        if around[1:3] == [",", "CC"]:
            del around[1]
        return (around[:1] == ["JJ"] and around[2:3] == ["JJ"]) or self.tags[place - 2 : place] == ["JJ", ","]

    def _adjectives(self, place: int, end: int) -> int:
        """Adjectives without a noun: behind "is", or "a man in red"."""
        last = end - 1
        if self.prep >= 0:
            self.tags[last] = "NN"
            return self._noun(last) and end - place
        if self.verb < 0 or any(tag == "DT" for tag in self.tags[place:end]):
            return 0
        self._attach(last, self.verb, "acomp")
        return end - place

    def _noun(self, noun: int) -> bool:
        before = self.texts[noun - 1] if noun else ""
        if self.prep >= 0:
            self._attach(noun, self.prep, "pobj")
            self.prep = -1
        elif self.cc >= 0 or (self.noun >= 0 and self._comma_before(noun)):
            return self._conjunct(noun)
        elif self.mark >= 0 and self.root >= 0:
            self.subject = noun  # of a clause that has begun: while the sun sets
            self.noun = noun
            return True
        elif self.root < 0:
            self.root = self.subject = noun
        elif self.verb >= 0 and self.label[noun] == "":
            if self.verb < self.noun and self.head[self.noun] != self.verb and before != ",":
                return False
            copula = lemma_of(self.texts[self.verb].lower(), self.tags[self.verb]) == "be"
            taken = any(h == self.verb and of in ("dobj", "attr") for h, of in zip(self.head, self.label, strict=True))
            self._attach(noun, self.verb, "dative" if taken else "attr" if copula else "dobj")
        else:
            return False
        self.noun = noun
        return True

    def _comma_before(self, noun: int) -> bool:
        place = noun
        while place > 0 and self.tags[place - 1] in ("DT", "PRP$", "CD", "JJ", *NOUNS):
            place -= 1
        return place > 0 and self.tags[place - 1] == ","

    def _conjunct(self, noun: int) -> bool:
        if self.noun < 0:
            return False
        self._attach(noun, self.noun, "conj")
        if self.cc >= 0:
            self._attach(self.cc, self.noun, "cc")
        self.cc = -1
        self.noun = noun
        return True

    def _preposition(self, place: int, word: str) -> int:
        following = self.tags[place + 1] if place + 1 < len(self.tags) else ""
        if self.prep >= 0:  # out of, in front of is a noun
            self._attach(place, self.prep, "prep")
            self.prep = place
            return 1
        if (
            word in _SUBORDINATE
            and word not in ("before", "after")
            and self.root >= 0
            and not self._plain_as(place, word)
        ):
            self.mark = place
            self.label[place] = "mark"
            return 1
        if self.tags[place] == "TO" and following == "VB":
            self._attach(place, place + 1, "aux")
            return 1
        if not following or following in ("CC", ".", ","):
            if self.verb < 0:
                return 0
            self._attach(place, self.verb, "prt")
            return 1
        if self.root < 0:
            return 0
        to_noun = (word in _TO_NOUN and self.noun > self.verb) or self.verb < 0
        if word == "in" and self.noun > self.verb >= 0 and self.label[self.noun] != "dobj":
            to_noun = self.head[self.verb] != self.noun
        by = word == "by" and not to_noun and self.tags[self.verb] == "VBN"
        self._attach(place, self.noun if to_noun and self.noun >= 0 else self.verb, "agent" if by else "prep")
        if self.head[place] < 0:
            self.head[place] = self.root
        self.prep = place
        return 1

    def _plain_as(self, place: int, word: str) -> bool:
        """Whether "as" names a role and no clause: dressed as a clown."""
        rest = self.tags[place + 1 :]
        return word in ("as", "since", "until") and not any(tag in FINITE or tag == "VBG" for tag in rest)

    def _verb(self, place: int) -> int:
        tag, word = self.tags[place], self.texts[place].lower()
        following = next((t for t in self.tags[place + 1 :] if t not in ("RB",)), "")
        helper = tag == "MD" or (lemma_of(word, tag) in ("be", "have", "do") and following in ("VBG", "VBN", "VB"))
        if helper:
            self.aux.append(place)
            return 1
        if self.root < 0:
            if tag not in FINITE or not self.texts or self.label[0] != "expl":
                return 0  # a caption that starts with a verb
            self.root = self.verb = place
            self.subject = 0
            self._helpers(place)
            return 1
        finite = tag in FINITE or any(self.tags[i] in FINITE for i in self.aux)
        if self.mark >= 0:
            relative = self.tags[self.mark] in ("WP", "WDT")
            self._attach(place, self.noun if relative else self.root, "relcl" if relative else "advcl")
            if not relative and self.subject > self.mark:
                self._attach(self.subject, place, "nsubj")
            self._attach(self.mark, place, "nsubj" if relative else "mark")
            self.mark = -1
        elif self.cc >= 0:
            if self.verb < 0:
                return 0
            self._attach(place, self.verb, "conj")
            self._attach(self.cc, self.verb, "cc")
            self.cc = -1
        elif self.prep >= 0:
            self._attach(place, self.prep, "pcomp")
            self.prep = -1
        elif tag == "VB":
            self._attach(place, self.verb if self.verb >= 0 else self.noun, "xcomp")
        elif finite:
            if self._is_finite(self.root):
                if not self._second_clause(place):
                    return 0  # a second finite verb that nothing joins
            else:
                self._new_root(place)
        elif self.verb >= 0 and self.noun < self.verb:
            self._attach(place, self.verb, "xcomp")
        else:
            near = self.noun if self.tags[place - 1] in NOUNS else self.root
            self._attach(place, near, "acl" if self.tags[near] in NOUNS else "advcl")
        self._helpers(place)
        self.verb = place
        return 1

    def _is_finite(self, verb: int) -> bool:
        helpers = [i for i, head in enumerate(self.head) if head == verb and self.label[i] in ("aux", "auxpass")]
        return any(self.tags[i] in FINITE for i in (verb, *helpers))

    def _second_clause(self, verb: int) -> bool:
        """A nurse sings and a chef dances: what "and" joined was no noun but a clause."""
        subject = max(
            (i for i, label in enumerate(self.label) if label == "conj" and self.tags[i] in NOUNS), default=-1
        )
        cc = max((i for i, label in enumerate(self.label) if label == "cc" and i < subject), default=-1)
        if subject < 0 or cc < self.verb:
            return False
        self._attach(subject, verb, "nsubj")
        self._attach(cc, self.root, "cc")
        self._attach(verb, self.root, "conj")
        return True

    def _new_root(self, verb: int) -> None:
        for i, head in enumerate(self.head):
            if head == self.root and self.label[i] in ("advmod", "punct") and i > self.noun:
                self.head[i] = verb
        self._attach(self.root, verb, "nsubj")
        self.root = verb

    def _helpers(self, verb: int) -> None:
        for i in self.aux:
            self._attach(i, verb, "auxpass" if self.tags[verb] == "VBN" and i == self.aux[-1] else "aux")
        for i in range(verb):
            if self.label[i] in ("neg", "expl") and self.head[i] < 0:
                self.head[i] = verb
        self.aux = []
