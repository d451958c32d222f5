"""A parsed caption: tokens with lemma, tag, head and label, and the questions that rules ask of them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from semclip.english.change import words_of
from semclip.english.inflection import known_as

_QUOTES = frozenset('"“”')
NOUNS = frozenset({"NN", "NNS", "NNP", "NNPS"})
VERBS = frozenset({"VB", "VBZ", "VBP", "VBD", "VBG", "VBN"})
FINITE = frozenset({"VBZ", "VBP", "VBD", "MD"})
#: What stands before a noun and belongs to it.
BEFORE_NOUN = frozenset({"det", "amod", "compound", "nummod", "poss", "nmod", "quantmod", "predet", "advmod"})


class Token(NamedTuple):
    """text: as written. lemma: small. tag: Penn Treebank. head: index of the governor, its own for the root.

    label: ClearNLP dependency label, as spaCy's English pipelines give it. space: whether a space follows.
    """

    text: str
    lemma: str
    tag: str
    head: int
    label: str
    space: bool

    @property
    def lower(self) -> str:
        return self.text.lower()


class _Places(dict[int, str]):
    def __missing__(self, index: int) -> str:
        return ""


class Tree(tuple[Token, ...]):
    """The tokens of a sentence. tail: what follows it and is kept as it is: " .", " - stock photo".

    words: the small words. lower, tag: the small word and the tag at an index, "" outside.
    """

    tail: str
    words: list[str]
    lemmas: frozenset[str]
    tags: frozenset[str]
    lower: Callable[[int], str]
    tag: Callable[[int], str]
    _heads: tuple[int, ...]
    _labels: tuple[str, ...]

    def __new__(cls, tokens: Iterable[Token], tail: str = "") -> "Tree":
        tree = super().__new__(cls, tokens)
        texts, lemmas, tags, tree._heads, tree._labels, _ = zip(*tree, strict=True)
        tree.tail, tree.words = tail, [*map(str.lower, texts)]
        tree.lemmas, tree.tags = frozenset(lemmas), frozenset(tags)
        tree.lower, tree.tag = _Places(enumerate(tree.words)).__getitem__, _Places(enumerate(tags)).__getitem__
        return tree

    @cached_property
    def _children(self) -> list[list[int]]:
        found: list[list[int]] = [[] for _ in self]
        for index, head in enumerate(self._heads):
            if head != index:
                found[head].append(index)
        return found

    @cached_property
    def root(self) -> int:
        return next(i for i, head in enumerate(self._heads) if head == i)

    @cached_property
    def said(self) -> frozenset[str]:
        """Every word and its lemma."""
        return self.lemmas.union(self.words)

    @cached_property
    def quoted(self) -> frozenset[int]:
        """Indices of what stands in quotation marks."""
        marks = [index for index, token in enumerate(self) if token.text in _QUOTES]
        return frozenset(i for start, end in zip(marks[::2], marks[1::2], strict=False) for i in range(start, end))

    @cached_property
    def tail_words(self) -> list[str]:
        return words_of(self.tail)

    @cached_property
    def style(self) -> tuple[bool, bool]:
        """Whether it is written in CAPITALS, and whether Like This."""
        return style_of([token.text for token in self])

    @cached_property
    def is_loose(self) -> bool:
        """Whether a space stands before its commas or its stop."""
        spaced = any(t.text == "," and i and self[i - 1].space for i, t in enumerate(self))
        return spaced or self.tail[:2] in (" .", " !")

    def children(self, index: int, *labels: str) -> list[int]:
        """The dependents of a token, in order; of these labels, if any are named."""
        found = self._children[index]
        return [i for i in found if self._labels[i] in labels] if labels and found else found

    def child(self, index: int, *labels: str) -> int | None:
        """The first dependent with one of the labels."""
        for child in self._children[index]:
            if self._labels[child] in labels:
                return child
        return None

    def under(self, index: int) -> Iterator[int]:
        """A token and everything below it."""
        yield index
        for child in self._children[index]:
            yield from self.under(child)

    @cached_property
    def span(self) -> Callable[[int], tuple[int, int]]:
        """Where the words of a subtree start and end."""
        firsts, ends = [*range(len(self))], [*range(1, len(self) + 1)]
        for index in range(len(self)):
            above = index
            while (head := self._heads[above]) != above:
                above = head
                if index < firsts[above]:
                    firsts[above] = index
                elif index >= ends[above]:
                    ends[above] = index + 1
        return [*zip(firsts, ends, strict=True)].__getitem__

    @cached_property
    def ends(self) -> list[int]:
        """Where the subtrees start that reach from their own head to the end."""
        return [index for index in range(len(self)) if self.span(index) == (index, len(self))]

    def with_word(self, place: int, text: str, lemma: str) -> "Tree":
        """The same tree with another word of the same tag at a place."""
        word = self[place]._replace(text=text, lemma=lemma)
        tree = Tree((*self[:place], word, *self[place + 1 :]), self.tail)
        vars(tree).update({name: getattr(self, name) for name in ("root", "_children", "span", "noun_start", "ends")})
        return tree

    def is_noun(self, index: int) -> bool:
        return self.tag(index) in NOUNS

    def is_verb(self, index: int) -> bool:
        return self.tag(index) in VERBS

    def is_plural(self, index: int) -> bool:
        """Whether a noun takes "are": plural, or joined with another one."""
        last = max([i for i in self.children(index, "conj") if self.is_noun(i)], default=index)
        between = self[index:last]
        joined = any(t.lower in ("and", "&") for t in between) and not any(t.tag == "VBG" for t in between)
        return joined or self.tag(index) in ("NNS", "NNPS")

    @cached_property
    def noun_start(self) -> Callable[[int], int]:
        """Where the noun phrase of a noun starts: its determiner, number or first adjective."""
        found = [*range(len(self))]
        for index, token in enumerate(self):
            if token.head > index and token.label in BEFORE_NOUN:
                found[token.head] = min(found[token.head], self.span(index)[0])
        return found.__getitem__

    @cached_property
    def determiner(self) -> Callable[[int], str]:
        """The determiner, number or possessive of a noun; "" where it has none."""
        found = _Places()
        for index, token in enumerate(self):
            if token.label in ("det", "poss", "nummod") and token.head != index:
                stands = index < token.head and self.lower(index + 1) != "-"
                found.setdefault(token.head, self.words[index] if stands else "")
        return found.__getitem__

    def subject(self, verb: int) -> int | None:
        return self.child(verb, "nsubj", "nsubjpass", "csubj")

    def text_of(self, start: int, end: int) -> str:
        """Words start..end-1 as written."""
        return "".join(t.text + " " * t.space for t in self[start:end]).strip()

    @cached_property
    def text(self) -> str:
        return self.text_of(0, len(self)) + self.tail


def style_of(words: Sequence[str]) -> tuple[bool, bool]:
    """Whether words are written in CAPITALS, and whether Like This."""
    if " ".join(words[1:]).islower():
        return False, False
    letters = [word for word in words if word.isalpha()]
    upper = len(letters) > 1 and sum(map(str.isupper, letters)) > 0.7 * len(letters)
    others = [word for word in letters[1:] if len(word) > 2]
    # Ana Petrova arrives
    told = any(word.islower() and word[-1] == "s" and "VERB" in known_as(word) for word in others)
    titled = not (upper or told) and len(others) > 1
    return upper, titled and sum(word[0].isupper() for word in others) > 0.7 * len(others)
