"""One caption as words, with the few grammatical questions the rules ask of it."""

import re
from collections.abc import Sequence
from functools import cached_property

from semclip.english import lexicon, things
from semclip.english.words.load import listed

_TOKEN = re.compile(r"[^\W_]++(?:['’\-][^\W_]++)*+|'s\b|\S")
_END = re.compile(r"\s*[.!]?\s*$")


class Caption:
    """words: the small words and marks of a caption, in order."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._written = _TOKEN.findall(text)
        self.words = [word.lower() for word in self._written]

    def word(self, index: int) -> str:
        """The word at an index, "" outside the caption."""
        return self.words[index] if 0 <= index < len(self.words) else ""

    @cached_property
    def bag(self) -> frozenset[str]:
        """All words, and the parts of hyphenated ones."""
        parts = [part for word in self.words if "-" in word for part in word.split("-")]
        return frozenset((*self.words, *parts))

    @cached_property
    def signs(self) -> frozenset[str]:
        """Every thing that is named or hinted at."""
        found = frozenset[str]().union(*(things.SIGNS.get(word, ()) for word in self.bag))
        has_role = "person" not in found and any(_looks_like_a_role(word) for word in self.bag)
        return found | {"person", "man", "woman", "child"} if has_role else found

    @cached_property
    def named(self) -> frozenset[str]:
        """Every thing that is named as the head of a noun phrase: "dog" in `a brown dog`, not in `a dog house`."""
        found = set()
        for index, word in enumerate(self.words):
            if word in things.NAMES and self._is_head(index):
                found.add(things.NAMES[word][0])
                if word in things.THINGS["child"].names:
                    found.add("child")
        return frozenset(found)

    @cached_property
    def heads(self) -> tuple[int, ...]:
        """Where noun phrases end that speak of something real; no verb."""
        return tuple(index for index in range(len(self.words)) if self._is_head(index))

    @cached_property
    def is_negated(self) -> bool:
        return any(
            (word in lexicon.NEGATION_WORDS and not is_before_number(self.words, i)) or word.endswith(("n't", "n’t"))
            for i, word in enumerate(self.words)
        )

    @cached_property
    def is_title(self) -> bool:
        """Whether it is written Like This."""
        others = [word for word in self._written[1:] if word.isalpha()]
        return len(others) > 1 and sum(word[0].isupper() for word in others) > 0.6 * len(others)

    def _is_head(self, index: int) -> bool:
        word = self.words[index]
        if not word[0].isalpha() or not self._ends(index) or self.word(index - 1) in _NOT_REAL:
            return False
        may_be_a_verb = word in lexicon.THIRD_FORMS or word in lexicon.BASE_FORMS
        return not may_be_a_verb or self._is_described(index)

    def _ends(self, index: int) -> bool:
        """Whether the noun at `index` ends its noun phrase: what follows is no further noun and no unknown word."""
        following = self.word(index + 1)
        if not following or not following[0].isalnum():
            return following != "'s"
        if following in lexicon.PREPOSITIONS or following in lexicon.AUXILIARIES or following in lexicon.DETERMINERS:
            return True
        plural = lexicon.NOUNS.get(self.words[index], ("", False))[1]
        if following in (lexicon.BASE_FORMS if plural else lexicon.THIRD_FORMS):
            return True
        if following in lexicon.ADJECTIVES or following in lexicon.NOUNS:
            return False
        return following.endswith(("ing", "ed", "ly")) or following in _PARTICIPLES

    def _is_described(self, index: int) -> bool:
        """Whether the noun at `index` has a determiner or an adjective, and nothing unknown stands between them."""
        start = index
        while (before := self.word(start - 1)) in lexicon.ADJECTIVES or (
            before in ("and", ",") and {self.word(start - 2), self.words[start]} <= lexicon.COLOUR_WORDS
        ):
            start -= 1
        return before in lexicon.DETERMINERS or (start < index and _ends_a_phrase(before))

    @cached_property
    def body_and_end(self) -> tuple[str, str]:
        """The text without its final stop, and the stop as written: " .", "." or ""."""
        match = _END.search(self.text)
        assert match is not None  # it matches the empty string
        return self.text[: match.start()].strip(" \t\n,;"), self.text[match.start() :].rstrip()

    @cached_property
    def body_in_sentence(self) -> str:
        """The body with a small first letter, unless its first word may be a name."""
        body = self.body_and_end[0]
        first = self.word(0)
        known = first.endswith("ing") or first in _PRONOUNS or (first in lexicon.KNOWN and first not in _NATIONS)
        return body[0].lower() + body[1:] if known else body


def is_before_number(words: Sequence[str], index: int) -> bool:
    """Whether "no" is short for "number": No. 3."""
    following = [word for word in words[index + 1 : index + 3] if word != "."][:1]
    return words[index] == "no" and following != [] and following[0][0].isdigit()


_PRONOUNS = listed("pronouns")
_NATIONS = ("i", "asian", "african", "american", "chinese", "indian", "japanese", "german")
_NOT_REAL = listed("not real")
#: Other verb forms before a noun ("swimming suits") may be part of its phrase.
_TAKES_AN_OBJECT = listed("with object")
_PARTICIPLES = listed("participles")
#: A word with such an ending that no list holds is probably a person by what they do.
_ROLE = ("er", "ers", "ist", "ists", "man", "men", "or", "ors", "ee", "ees", "ian", "ians")
_NO_ROLE = listed("no role")


def _looks_like_a_role(word: str) -> bool:
    return word.endswith(_ROLE) and word not in _NO_ROLE and len(word) > 3


def _ends_a_phrase(word: str) -> bool:
    """Whether a word may stand before a noun phrase without determiner: with | red hair, wearing | jeans."""
    listed = word in lexicon.PREPOSITIONS or word in lexicon.AUXILIARIES or word in _TAKES_AN_OBJECT
    return listed or not word[:1].isalnum()
