"""By words alone: length, overlap, a negation where the kind claims one, nothing that another caption contradicts."""

import functools
import itertools
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from semclip.captions.verifiers._context import fits
from semclip.captions.verifiers.base import LoadEncoder, Verdict, Verifier
from semclip.captions.writers.base import Candidate
from semclip.core.config import dump
from semclip.core.example import Example
from semclip.english import lexicon, things
from semclip.english.caption import Caption, is_before_number
from semclip.english.change import changed_share_of_words, words_of
from semclip.english.parse.clean import sentence_of
from semclip.english.siblings import Siblings

#: Kinds of negations that claim a negation word, and kinds that claim to do without. Of others nothing is asked.
DENYING_KINDS = frozenset(
    {
        "negated",
        "object_denied",
        "object_denied_in_caption",
        "subject_denied",
        "caption_denied",
        "verb_negated",
        "attribute_denied",
        "relation_denied",
        "hybrid",
        "object_contrasted",
        "attribute_contrasted",
        "number_contrasted",
        "relation_contrasted",
        "action_contrasted",
        "name_contrasted",
        "figure_contrasted",
    }
)
SWAPPING_KINDS = frozenset(
    {
        "swapped", "attribute_swapped", "number_swapped", "object_replaced", "relation_reversed", "action_replaced",
        "roles_exchanged", "name_swapped", "figure_swapped",
    }
)  # fmt: skip
AFFIRMING_KINDS = frozenset({"negation_removed"})
#: Kinds of absences that say what their caption denies in other words.
KEEPING_KINDS = frozenset({"denial_kept"})
#: Kinds of absences that set a word against one like it ("a ball, not a frisbee"): there a hint is no mention.
CONTRASTING_KINDS = frozenset({"object_contrasted", "attribute_contrasted"})

_CONTRACTED = (
    "are", "ca", "could", "did", "does", "do", "had", "has", "have", "is", "might", "must", "need", "should", "was",
    "were", "wo", "would", "ai", "sha",
)  # fmt: skip
_DENIALS = (
    lexicon.NEGATION_WORDS
    | {"absent", "missing", "devoid", "minus", "rather", "instead"}
    | {f"{verb}n{mark}t" for verb in _CONTRACTED for mark in ("'", "’", "")} - {"wont", "want", "cant", "aint"}
)
#: word -> things that it names where it heads a phrase.
_MAY_NAME = {
    word: frozenset({thing, "child"} if word in things.THINGS["child"].names else {thing})
    for word, (thing, _) in things.NAMES.items()
}
_SOME = 10  # words that even a text about a caption of two words may have
_NUMBERS = {
    word: number
    for number, words in enumerate(
        ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"), 2
    )
    for word in (words, str(number))
}
#: Words that say "two" in some places and nothing about number in others: a pair of shoes, both hands.
_PAIRS = frozenset({"pair", "pairs", "couple", "both", "twin", "twins", "duo", "other", "another"})


class Lexical(Verifier):
    """Rejects what words alone show to be wrong.

    shortest:       words a text has at least, where its caption has as many.
    longest:        times the caption's words that a text has at most, and ten more.
    kept:           share of the caption's words that a negation or absence keeps at least.
    changed:        share of words, or of their order, that a paraphrase changes at least (`english.change`).
    context_length: tokens that a text may have, counted by CLIP's tokenizer.

    All views: no line breaks, control characters or markup; not equal to a caption of the group.
    Negation: a negation word more than the caption where its kind claims one, none where it claims a swap, fewer where
    it claims to take one away; no second negation in a caption that has one; a swapped thing is named by no caption of
    the group, a denied one by some.
    Absence: a negation word more than the caption; what it denies is hinted at by no caption of the group, or, where it
    is set against a thing like it, named by none.
    Paraphrase: a negation exactly if the caption has one, the same numbers, no thing more or less.
    Things are those that `english.things` knows.

    When to use: always, first; it costs a tenth of a millisecond. It cannot tell grammar or truth.
    """

    version = "4"

    @dataclass(frozen=True, kw_only=True)
    class Config:
        shortest: int = 3
        longest: float = 3.0
        kept: float = 0.25
        changed: float = 1 / 3
        context_length: int = 77

    def __init__(self, config: Config | None, load_encoder: LoadEncoder) -> None:
        super().__init__(config, load_encoder)
        self._texts: dict[str, list[Example]] = {}
        self._group = functools.lru_cache(256)(self._read_group)
        self._of_view: dict[str, Callable[[_Pair], str]] = {
            "negation": self._negation,
            "absence": self._absence,
            "paraphrase": self._paraphrase,
            "rewrite": lambda _: "",
        }

    def look_over(self, examples: Sequence[Example]) -> None:
        for example in examples:
            self._texts.setdefault(example.group, []).append(example)

    async def check(self, example: Example, view: str, candidates: Sequence[Candidate]) -> list[Verdict]:
        group = self._group(example.group) if example.group in self._texts else _Group([example])
        captions = example.captions
        verdicts = []
        for candidate in candidates:
            pair = _Pair(captions[candidate.of], candidate, group)
            verdicts.append(Verdict("lexical", self._general(pair) or self._of_view[view](pair)))
        return verdicts

    def signature(self) -> dict[str, Any]:
        return {**super().signature(), **dump(self.config)}

    def _read_group(self, name: str) -> "_Group":
        return _Group(self._texts[name])

    def _general(self, pair: "_Pair") -> str:
        text = pair.candidate.text
        if not text.isprintable():
            return "line breaks or control characters"
        if "<" in text and ">" in text:
            return "markup"
        if len(pair.words) < min(self.config.shortest, len(pair.before)):
            return f"fewer than {self.config.shortest} words"
        if len(pair.words) > self.config.longest * len(pair.before) + _SOME:
            return "far more words than the caption"
        if tuple(pair.words) in pair.group.captions:
            return "equal to a caption of the group"
        if not fits(text, self.config.context_length):
            return f"longer than {self.config.context_length} tokens"
        return ""

    def _negation(self, pair: "_Pair") -> str:
        kind, _, clause = pair.candidate.kind.partition("+")
        before, after = _denials(pair.before), _denials(pair.words)
        # A swap may bring a clause that denies something: "a white dog runs, with no car nearby".
        swaps = kind in SWAPPING_KINDS
        denies = kind in DENYING_KINDS or (swaps and bool(clause))
        if denies and before and _denials(words_of(sentence_of(pair.source.text).body)):
            return "a second negation"  # what a further sentence denies stays as it is
        if denies and after <= before:
            return "no negation word added"
        if swaps and not clause and after > before:
            return "a negation word where none is claimed"
        if kind in AFFIRMING_KINDS and after >= before:
            return "no negation word taken away"
        if swaps and pair.names_anew(pair.group.siblings.times_named):
            return "names what a caption names"
        if kind == "object_denied" and pair.named_anew and not pair.names_anew(pair.group.siblings.signs):
            return "denies what no caption names"
        return self._overlap(pair)

    def _absence(self, pair: "_Pair") -> str:
        if pair.candidate.kind in KEEPING_KINDS:
            return "a negation lost" if _denials(pair.words) < _denials(pair.before) else self._overlap(pair)
        if _denials(pair.words) <= _denials(pair.before):
            return "no negation word added"
        mentions = pair.group.siblings
        there = mentions.times_named.keys() if pair.candidate.kind in CONTRASTING_KINDS else mentions.signs
        if pair.names_anew(there):
            return "denies what a caption mentions"
        return self._overlap(pair)

    def _paraphrase(self, pair: "_Pair") -> str:
        if changed_share_of_words(pair.before, pair.words) < self.config.changed - 1e-9:
            return "too few words changed"
        if bool(_denials(pair.before)) != bool(_denials(pair.words)):
            return "a negation added or lost"
        differing = _numbers(pair.before) ^ _numbers(pair.words)
        if differing - ({2} if not _PAIRS.isdisjoint([*pair.before, *pair.words]) else set()):
            return "a number added or lost"
        if pair.may_name - pair.group.siblings.signs and pair.after.named - pair.group.siblings.signs:
            return "something added"
        if pair.source.named - pair.may_hint and pair.source.named - pair.after.signs:
            return "something lost"
        return ""

    def _overlap(self, pair: "_Pair") -> str:
        left = list(pair.words)
        kept = 0
        for word in pair.before:
            if word in left:
                left.remove(word)
                kept += 1
        return (
            ""
            if kept >= self.config.kept * len(pair.before)
            else f"keeps less than {self.config.kept:.0%} of the caption's words"
        )


class _Group:
    """The texts of a group, as words and as what they name; one group serves all views of its rows."""

    def __init__(self, examples: Sequence[Example]) -> None:
        texts = dict.fromkeys(text for e in examples for text in (e.caption, *e.paraphrases, *e.rewrites))
        self.siblings = Siblings(texts)
        self.words = {text: words_of(text) for text in texts}
        self.captions = {tuple(words) for words in self.words.values()}


class _Pair:
    """A candidate beside the caption it was made from. before, words: their lower-case words."""

    def __init__(self, caption: str, candidate: Candidate, group: _Group) -> None:
        self.candidate, self.group = candidate, group
        self.before, self.words = group.words[caption], words_of(candidate.text)
        self.source = group.siblings.captions[caption]

    @functools.cached_property
    def after(self) -> Caption:
        """The candidate taken apart. That costs more than all the rest, so the quick looks below come first."""
        return Caption(self.candidate.text)

    @functools.cached_property
    def may_name(self) -> frozenset[str]:
        """Things that one of its words can name: all that `after.named` holds, and perhaps more."""
        return frozenset().union(*(_MAY_NAME[word] for word in self.words if word in _MAY_NAME))

    @functools.cached_property
    def may_hint(self) -> frozenset[str]:
        """Things that one of its words hints at: nothing that `after.signs` does not hold."""
        return frozenset().union(*(things.SIGNS[word] for word in self.words if word in things.SIGNS))

    @property
    def named_anew(self) -> frozenset[str]:
        """Things that the candidate names and its caption does not."""
        return self.after.named - self.source.named

    def names_anew(self, among: Collection[str]) -> bool:
        """Whether the candidate names one of these things, and its caption does not."""
        new = self.may_name - self.source.named
        return not new.isdisjoint(among) and not self.named_anew.isdisjoint(among)


def _denials(words: Sequence[str]) -> int:
    count = 0
    if not _DENIALS.isdisjoint(words):
        count = sum(word in _DENIALS and not is_before_number(words, i) for i, word in enumerate(words))
    return count + ("free" in words and ("free", "of") in itertools.pairwise(words))


def _numbers(words: Sequence[str]) -> set[int]:
    return {_NUMBERS[word] for word in words if word in _NUMBERS}
