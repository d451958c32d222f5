"""All captions of one image (or group): what any of them says counts as being there."""

import functools
from collections import Counter
from collections.abc import Iterable
from functools import cached_property

from semclip.english import lexicon
from semclip.english.caption import Caption
from semclip.english.change import words_of
from semclip.english.inflection import lemma_of, words

#: Captions that have to keep silent about a thing before it may be called missing.
SILENT = 3


class Siblings:
    """The captions of one group, repeated ones once, and the objects that are known to be in the picture.

    made: texts that were written from these captions, and so know no more than they do.
    """

    def __init__(self, texts: Iterable[str], objects: Iterable[str] = (), made: Iterable[str] = ()) -> None:
        self.captions = {text: Caption(text) for text in texts}
        self._objects = [Caption(noun) for noun in objects]
        #: Whether what they do not name is missing: a list of objects tells, or several people, but not a single one.
        self.silence_tells = len(self.captions) >= SILENT or bool(self._objects)
        self.captions |= {text: Caption(text) for text in made}

    @cached_property
    def bag(self) -> frozenset[str]:
        """Every word of any caption or object."""
        return frozenset().union(*(text.bag for text in (*self.captions.values(), *self._objects)))

    @cached_property
    def signs(self) -> frozenset[str]:
        """Every thing that any caption or object names or hints at."""
        return frozenset().union(*(text.signs for text in (*self.captions.values(), *self._objects)))

    @cached_property
    def as_words(self) -> frozenset[tuple[str, ...]]:
        """The captions as small words, to know a repeated one."""
        return frozenset(tuple(words_of(text)) for text in self.captions)

    @cached_property
    def lemmas(self) -> frozenset[str]:
        """Every word, and what it may be a form of."""
        return frozenset().union(*map(_forms, self.bag))

    @cached_property
    def times_named(self) -> Counter[str]:
        """In how many captions each thing is named; in one that denies anything it may be what is denied."""
        affirmed = [caption for caption in self.captions.values() if not caption.is_negated]
        return Counter(thing for caption in affirmed for thing in caption.named)

    def lists(self, thing: str) -> bool:
        """Whether the list of objects names a thing."""
        return any(thing in noun.named for noun in self._objects)

    def may_hold_more(self, category: str) -> bool:
        """Whether the picture may hold more than one person or animal, so that an attribute may be true of another."""
        several, kinds = _MORE[category]
        return not self.bag.isdisjoint(several) or sum(not self.bag.isdisjoint(kind) for kind in kinds) > 1


@functools.lru_cache(65536)
def _forms(word: str) -> frozenset[str]:
    return frozenset((word, *(lemma_of(word, tag) for tag in ("NNS", "VBG", "VBZ", "VBD"))))


def _plurals(*kinds: str) -> frozenset[str]:
    return frozenset(noun for noun, (of, plural) in lexicon.NOUNS.items() if plural and not of.isdisjoint(kinds))


#: category -> (words that mean several, words for kinds of which two mean several).
_MORE = {
    "person": (
        _plurals("adult", "person") | lexicon.MANY_PEOPLE | words("both each two three four five someone"),
        (words("man guy he his gentleman"), words("woman lady she her"), words("boy girl child kid toddler baby")),
    ),
    "animal": (
        _plurals("animal") | words("animals pack herd flock both each another other two three four"),
        tuple(words(kind) for kind in ("dog puppy", "cat kitten", "horse", "cow", "sheep", "goat", "bird duck")),
    ),
}
