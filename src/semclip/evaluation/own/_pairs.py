"""A true text and a false one about the same image: shared code of the negation benchmarks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from semclip.core.example import Example
from semclip.evaluation.blind import negation_kind
from semclip.evaluation.choices import Question, harness_outcomes, rate, record, scores_of
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.metrics.result import Metric
from semclip.evaluation.own.base import cluster


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


def absence_questions(examples: Sequence[Example]) -> list[Question]:
    """Each absence against each negation of its example; those made from the same text only, where the data say so."""
    questions = []
    for e in examples:
        kinds, of_absence, of_negation = negation_kinds(e), _sources(e, "absence"), _sources(e, "negation")
        pairs = [(a, n) for a in range(len(e.absences)) for n in range(len(e.negations))]
        if of_absence and of_negation:
            pairs = [(a, n) for a, n in pairs if of_absence[a] == of_negation[n]] or pairs
        questions += [question(f"{e.id}#{a}/{n}", e, e.absences[a], e.negations[n], kinds[n]) for a, n in pairs]
    return questions


def question(id: str, example: Example, true: str, false: str, kind: str) -> Question:
    """Which of two texts is true of the example's image."""
    return Question(id, example.image, (true, false), 0, kind, cluster(example))


def rated(
    name: str, what: str, questions: Sequence[Question], encodings: Encodings
) -> tuple[Metric, dict[str, Sequence[Any]]]:
    """The proportion of questions that are right, ties being chance, and its record. what: when one is, in words."""
    outcomes = harness_outcomes(questions, scores_of(questions, encodings))
    return rate(name, what, questions, outcomes), record(questions, outcomes, texts=False)


def negation_kinds(example: Example) -> list[str]:
    """The kind of each negation, as recorded; else whether it holds a negation word."""
    return list(example.meta.get("negation_kinds") or map(negation_kind, example.negations))


def equal_texts(pairs: Sequence[tuple[Any, ...]], what: str) -> list[str]:
    """A note on items that cannot be solved: both texts are the same."""
    equal = sum(first == second for first, second in pairs)
    return [f"{equal:,} of {len(pairs):,} items have {what} of the same text: ties by construction"] if equal else []


def _sources(example: Example, view: str) -> list[int]:
    """The place of the text that each one was made from (the caption is 0), as `data.columns` checks it; or none."""
    return list(example.meta.get(f"{view}_of") or ())
