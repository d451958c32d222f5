"""The sentence in a caption, and what stands behind it: a stop, hashtags, "- stock photo", further sentences."""

import functools
import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

from semclip.english.inflection import lemma_of
from semclip.english.parse.tree import Token, Tree, style_of

_TAIL = re.compile(
    r"""(?= \s* (?: [^\w\s] | http | $ ))(?:   # at most places none of these can start
        \s* [.!…]+ (?= \s | $ ) .*             # the stop, and further sentences
      | \s+ [-–—|•·] \s+ .*(?:photo|image|picture|vector|illustration|shutterstock|getty|alamy|istock).*
      | \s+ \| .*                              # | the site's name
      | \s* [#@]\w+ .*                         # hashtags
      | \s* \( [^()]* \)                       # (2019)
      | \s* https?://\S+ .*
      | \s* \.(?:jpe?g|png|gif|webp)
      | [\s,;:-]+ ) $""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_ABBREVIATED = re.compile(
    r"""\b(?:mr|mrs|ms|dr|st|jr|sr|no|vs|approx|etc|inc|e\.g|i\.e|[a-z]|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|sgt
        |sen|rep|gov|gen|col|capt|lt|cpl|maj|prof|rev|mt|ft|ave|blvd|cmdr|adm|pvt|pte|supt|bros|corp|ltd|ca|calif|fig)\.$""",
    re.VERBOSE | re.IGNORECASE,
)
_QUOTES = "\"'“”‘’`"


@dataclass(frozen=True, slots=True)
class Sentence:
    """body: the sentence as written. plain: the same letters, small where capitals say nothing (ALL CAPS, Every Word).

    tail: what is kept behind it.
    """

    body: str
    plain: str
    tail: str

    def tree(
        self, words: Sequence[re.Match[str]], tags: Sequence[str], heads: Sequence[int], labels: Sequence[str]
    ) -> Tree:
        """The tree of words that were found in `plain`."""
        tokens = []
        for m, tag, head, label in zip(words, tags, heads, labels, strict=True):
            start, end = m.span()
            space = self.body[end : end + 1] == " "
            tokens.append(Token(self.body[start:end], lemma_of(m[0].lower(), tag), tag, head, label, space))
        return Tree(tuple(tokens), self.body[words[-1].end() :] + self.tail)


@functools.lru_cache(1024)  # asked for by several rules, of one caption after the other
def sentence_of(text: str) -> Sentence:
    """The sentence in a caption. HTML entities and runs of spaces are mended; nothing else is lost."""
    text = " ".join(html.unescape(text).split())
    body, tail = text, ""
    while (match := _tail_of(body)) and match.start() and not _is_exclamation(body, match.start()):
        body, tail = body[: match.start()], body[match.start() :] + tail
    if len(body) > 2 and body[0] in _QUOTES and body[-1] in _QUOTES:
        body = body[1:-1].strip()
    upper, title = style_of(body.split())
    return Sentence(body, _small(body) if upper or title else body, tail)


def _is_exclamation(body: str, end: int) -> bool:
    """Whether what would be left is no more than the "NEW!" before a title."""
    return len(body[:end].split()) < 2 < len(body[end:].split())


def _tail_of(body: str) -> re.Match[str] | None:
    match = _TAIL.search(body)
    # The stop of "Oct." ends no sentence; the longest of these words has six letters.
    while match and _ABBREVIATED.search(body, max(0, match.start() - 6), match.start() + 1):
        match = _TAIL.search(body, match.start() + 1)
    return match


def _small(text: str) -> str:
    # "İ".lower() has two letters: tokens are cut from the text as written by their places in this one.
    return "".join(letter.lower() if len(letter.lower()) == 1 else letter for letter in text)
