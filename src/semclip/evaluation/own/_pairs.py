"""A true text and a false one about the same image: the items that the negation benchmarks share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from semclip.core.errors import UserError
from semclip.core.example import Example
from semclip.evaluation.blind import BlindItem, has_negation_word, negation_word_scores, text_only_scores
from semclip.evaluation.metrics.pairwise import CHANCE, pairwise
from semclip.evaluation.metrics.result import Metric
from semclip.evaluation.own.base import cluster, share


@dataclass(frozen=True, slots=True)
class Triplet:
    """One negation with the true text it was made from and another wording of that.

    A negation made from a paraphrase is set against that paraphrase (`negation_of` in the data says so): then the two
    differ in the point at issue and in nothing else. paraphrase: None where the example has one true text only.
    kind: the recorded kind of the negation; where none is recorded, whether it holds a negation word.
    """

    id: str
    example: Example
    caption: str
    paraphrase: str | None
    negation: str
    kind: str

    @property
    def cluster(self) -> str:
        return cluster(self.example)

    @property
    def other(self) -> str:
        """The other wording, where the benchmark needs one."""
        assert self.paraphrase is not None, "the benchmark needs the view paraphrase"
        return self.paraphrase


@dataclass(frozen=True, slots=True)
class AbsencePair:
    """A true text that says what is not there, and a false text about the same image."""

    id: str
    example: Example
    absence: str
    negation: str
    kind: str

    @property
    def cluster(self) -> str:
        return cluster(self.example)


def triplets(examples: Sequence[Example]) -> list[Triplet]:
    """One item per negation. The other wording is the first true text that the negation was not made from."""
    items = []
    for e in examples:
        true = (e.caption, *e.paraphrases)
        kinds, sources = negation_kinds(e), _sources(e, "negation")
        for i, (negation, kind) in enumerate(zip(e.negations, kinds, strict=True)):
            source = sources[i] if sources else 0
            others = [text for j, text in enumerate(true) if j != source]
            items.append(Triplet(f"{e.id}#{i}", e, true[source], others[0] if others else None, negation, kind))
    return items


def absence_pairs(examples: Sequence[Example]) -> list[AbsencePair]:
    """Each absence against each negation of its example; those made from the same text only, where the data say so."""
    items = []
    for e in examples:
        kinds, of_absence, of_negation = negation_kinds(e), _sources(e, "absence"), _sources(e, "negation")
        pairs = [(a, n) for a in range(len(e.absences)) for n in range(len(e.negations))]
        if of_absence and of_negation:
            pairs = [(a, n) for a, n in pairs if of_absence[a] == of_negation[n]] or pairs
        items += [AbsencePair(f"{e.id}#{a}/{n}", e, e.absences[a], e.negations[n], kinds[n]) for a, n in pairs]
    return items


def negation_kinds(example: Example) -> list[str]:
    """The kind of each negation, as recorded; else whether it holds a negation word."""
    recorded = _parallel(example, "negation_kinds", "negation")
    if recorded:
        return [str(kind) for kind in recorded]
    return [f"{'with' if has_negation_word(t) else 'without'} negation word" for t in example.negations]


def pair_baselines(primary: str, items: Sequence[BlindItem], kinds: Sequence[str]) -> list[Metric]:
    """What two blind methods score on pairs of one true and one false text: the bar beside the metric `primary`."""
    clusters = [i.cluster for i in items]
    words = pairwise(negation_word_scores([i.true[0] for i in items]), negation_word_scores([i.false for i in items]))
    learned = np.concatenate(text_only_scores(items))  # s(true) - s(false)
    return [
        share(
            "blind_negation_word",
            f"{primary} by a detector of negation words: a text with one is judged false",
            words,
            clusters,
            CHANCE,
            kinds,
            kind="baseline",
        ),
        share(
            "blind_text_only",
            f"{primary} by a model that reads the texts alone, cross-validated by image",
            pairwise(learned, np.zeros(len(learned))),
            clusters,
            CHANCE,
            kinds,
            kind="baseline",
        ),
    ]


def equal_texts(pairs: Sequence[tuple[str, str]], what: str) -> list[str]:
    """A note on items that nobody can win: both texts are the same."""
    equal = sum(first == second for first, second in pairs)
    return [f"{equal:,} of {len(pairs):,} items have {what} of the same text: ties by construction"] if equal else []


def _sources(example: Example, view: str) -> list[int]:
    sources = [int(i) for i in _parallel(example, f"{view}_of", view)]
    wordings = 1 + len(example.paraphrases)
    if any(not 0 <= i < wordings for i in sources):
        raise UserError(
            f"'{view}_of' names text {max(sources)}, but there are {wordings} (the caption is 0)",
            where=example.where,
            fix=f"count the caption and its paraphrases from 0 to {wordings - 1}",
        )
    return sources


def _parallel(example: Example, column: str, view: str) -> list[Any]:
    values = list(example.meta.get(column) or [])
    texts = example.texts(view)
    if values and len(values) != len(texts):
        raise UserError(
            f"'{column}' has {len(values)} entries for {len(texts)} texts",
            where=example.where,
            fix=f"write one entry per {view}",
        )
    return values
