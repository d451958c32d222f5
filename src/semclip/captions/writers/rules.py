"""Negations and absences for English captions by rules: no download, deterministic.

The split `test` gets other sentence forms, other pairs of words and further kinds than `train` and `val` do, so that a
test measures understanding, not recognition.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from semclip.captions.writers.base import Candidate, Writer
from semclip.core.errors import UserError
from semclip.core.example import Example
from semclip.core.seeds import derive_seed
from semclip.english import denials, edits, lexicon
from semclip.english.caption import Caption
from semclip.english.edits import Edit
from semclip.english.siblings import Siblings

T = TypeVar("T")
Rule = Callable[[Caption, Siblings], Iterator[Edit]]

LONGEST = 60  # words; more is a paragraph, no caption

#: Kinds by family, with the weight of their draw; object_denied is made by `denials`, the rest by rules of `edits`.
TRAIN_KINDS: dict[str, float] = {
    "object_denied": 2.0,
    "verb_negated": 0.4,
    "attribute_swapped": 1.0,
    "object_replaced": 1.0,
}
TEST_RULES: tuple[Rule, ...] = (
    edits.attribute_swapped,
    edits.object_replaced,
    edits.relation_reversed,
    edits.action_replaced,
)
#: Kinds that training never sees; of the other edits, it never sees the pairs of words used in test.
HELD_OUT_KINDS = ("relation_reversed", "action_replaced")


class Rules(Writer):
    """The embedded writer. Looks over all captions first: what occurs together, and what each group's captions name."""

    version = "1"
    views = ("negation", "absence")

    def __init__(self, examples: Iterable[Example]) -> None:
        super().__init__(examples)
        texts: dict[str, list[str]] = defaultdict(list)
        for example in examples:
            texts[_group(example)] += [example.caption, *example.paraphrases, *example.rewrites]
        self._groups = {group: Siblings(captions) for group, captions in texts.items()}
        self._absent = denials.Absent(self._groups)

    def write(self, example: Example, view: str, seed: int) -> list[Candidate]:
        if view not in self.views:
            raise UserError(
                f"the writer 'rules' writes no {view}", where="views", fix=f"choose among {','.join(self.views)}"
            )
        draw = _Draw(seed, view, example.id)
        siblings = self._groups[_group(example)]
        captions: list[tuple[int, Caption]] = []
        for of, text in enumerate((example.caption, *example.paraphrases)):
            caption = siblings.captions[text]
            reason = unfit(caption)
            if reason:
                self.refused[view, reason] += 1
            else:
                captions.append((of, caption))
        if view == "absence":
            return self._absences(example, captions, draw, seed)
        if example.split == "test":
            return self._test_negations(example, captions, siblings, draw, seed)
        return self._train_negations(example, captions, siblings, draw, seed)

    def _absences(
        self, example: Example, captions: Sequence[tuple[int, Caption]], draw: "_Draw", seed: int
    ) -> list[Candidate]:
        """One per caption. Things are drawn anew each time: without repetition rare ones would become too frequent."""
        things, weights = self._absent.plausible(_group(example))
        found = []
        for of, caption in captions:
            if not caption.is_one_sentence:
                self.refused["absence", "more than one sentence"] += 1
                continue
            if not things:
                self.refused["absence", "nothing absent is known to fit the scene"] += 1
                continue
            text = _denial(example, caption, things[draw.index(weights)], of, seed)
            found.append(Candidate(text, "object_absent", of))
        return found

    def _train_negations(
        self, example: Example, captions: Sequence[tuple[int, Caption]], siblings: Siblings, draw: "_Draw", seed: int
    ) -> list[Candidate]:
        """One per caption; a kind that this image already has is drawn less often."""
        found: list[Candidate] = []
        for of, caption in captions:
            choices: dict[str, list[str]] = defaultdict(list)
            for rule in (edits.verb_negated, edits.attribute_swapped, edits.object_replaced):
                for edit in rule(caption, siblings):
                    if edit.kind == "verb_negated" or family_of_pair(edit.pair) == "A":
                        choices[edit.kind].append(edit.text)
            false = denials.deniable(caption, siblings) if caption.is_one_sentence else []
            if false:
                choices["object_denied"].append(_denial(example, caption, draw.one(false), of, seed))
            if not choices:
                self.refused["negation", "no rule applies"] += 1
                continue
            kinds = list(choices)
            used = [candidate.kind for candidate in found]
            kind = kinds[draw.index([TRAIN_KINDS[k] / (1 + used.count(k)) for k in kinds])]
            found.append(Candidate(draw.one(choices[kind]), kind, of))
        return found

    def _test_negations(
        self, example: Example, captions: Sequence[tuple[int, Caption]], siblings: Siblings, draw: "_Draw", seed: int
    ) -> list[Candidate]:
        """All from the first caption that gives any: one edit per word that can change, and one denial."""
        for of, caption in captions:
            by_place: dict[tuple[str, int], list[Edit]] = defaultdict(list)
            for rule in TEST_RULES:
                for edit in rule(caption, siblings):
                    if edit.kind in HELD_OUT_KINDS or family_of_pair(edit.pair) == "B":
                        by_place[edit.kind, edit.place].append(edit)
            found = [Candidate(edit.text, edit.kind, of) for edit in map(draw.one, by_place.values())]
            false = denials.deniable(caption, siblings) if caption.is_one_sentence else []
            if false:
                found.append(Candidate(_denial(example, caption, draw.one(false), of, seed), "object_denied", of))
            if found:
                return found
            self.refused["negation", "no rule applies"] += 1
        return []


def unfit(caption: Caption) -> str:
    """Why a caption is left alone; "" when it is not."""
    letters = [word for word in caption.words if word[0].isalpha()]
    if not letters:
        return "empty"
    if len(letters) > LONGEST:
        return f"longer than {LONGEST} words"
    if caption.is_negated:
        return "already holds a negation"
    if len(letters) < 3:
        return "fewer than three words"
    if "?" in caption.words:
        return "a question"
    if sum(word in lexicon.KNOWN for word in letters) < 0.4 * len(letters):
        return "not recognised as English"
    return ""


def family_of_split(split: str | None) -> str:
    """B for test, A for all others: the two families share no sentence form and no pair of words."""
    return "B" if split == "test" else "A"


def family_of_pair(pair: tuple[str, str]) -> str:
    """The family that a pair of swapped words belongs to, in either direction and in any form (men/women, man/lady)."""
    return "AB"[derive_seed("pair", *sorted(lexicon.SAME.get(word, word) for word in pair)) % 2]


def _denial(example: Example, caption: Caption, thing: str, of: int, seed: int) -> str:
    """The form depends on the caption, not on the view: its absence and its denial differ in the thing alone."""
    draw = _Draw(seed, "form", example.id, of)
    form = draw.one(denials.FORMS[family_of_split(example.split)])
    return denials.sentence(caption, thing, form, plural=draw.unit() < (0.7 if thing == "person" else 0.35))


def _group(example: Example) -> str:
    return example.group or example.image.name


class _Draw:
    """Draws that depend on names only. Built on `random()` alone, whose stream Python promises to keep."""

    def __init__(self, *parts: str | int) -> None:
        self._random = random.Random(derive_seed("rules", *parts))

    def unit(self) -> float:
        return self._random.random()

    def one(self, items: Sequence[T]) -> T:
        return items[int(self.unit() * len(items))]

    def index(self, weights: Sequence[float]) -> int:
        target = self.unit() * sum(weights)
        for index, weight in enumerate(weights):
            target -= weight
            if target < 0:
                return index
        return len(weights) - 1
