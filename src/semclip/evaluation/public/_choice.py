"""One right answer among options: the primitive under most public benchmarks, with every official tie rule."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import compress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semclip.core.example import ImageRef
from semclip.evaluation.blind import BlindItem, negation_word_scores, text_only_scores
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.metrics.choice import chance, choice
from semclip.evaluation.metrics.outcomes import Outcomes
from semclip.evaluation.metrics.result import Metric
from semclip.evaluation.own.base import item_record, share

Array = NDArray[np.float64]


class Tie(Enum):
    """What an official script makes of equal scores. Compared exactly, as the scripts do."""

    WRONG = "a tie is wrong (strict >)"
    FIRST = "a tie goes to the option with the lowest index (argmax)"


@dataclass(frozen=True, slots=True)
class Question:
    """A query and its options; all options are texts, or all are images.

    query: an image, or a text that asks for one of several images, or for the nearest of several texts.
    answer: place of the right option in official order. kind: the slice. cluster: what items must share to be no
    independent evidence: the image, unless the benchmark says else.
    """

    id: str
    query: ImageRef | str
    options: tuple[str, ...] | tuple[ImageRef, ...]
    answer: int
    kind: str
    cluster: str


def images_of(questions: Sequence[Question]) -> list[ImageRef]:
    """Every image in queries and options."""
    return [x for q in questions for x in (q.query, *q.options) if isinstance(x, ImageRef)]


def texts_of(questions: Sequence[Question]) -> list[str]:
    """Every text in queries and options."""
    return [x for q in questions for x in (q.query, *q.options) if isinstance(x, str)]


def scores_of(questions: Sequence[Question], encodings: Encodings) -> list[Array]:
    """Per question (K,) float64 cosines of the query with each option, in the order given."""
    flat = encodings.pairs([(q.query, option) for q in questions for option in q.options])
    ends = np.cumsum([len(q.options) for q in questions])
    return [flat[end - len(q.options) : end] for q, end in zip(questions, ends, strict=True)]


def official(scores: Array, answers: NDArray[np.int64], tie: Tie) -> NDArray[np.bool_]:
    """(n,) whether the official script counts each question as right. scores: (n, K). answers: (n,)."""
    if tie is Tie.FIRST:
        return np.asarray(scores.argmax(axis=1) == answers)
    others = scores.copy()
    others[np.arange(len(scores)), answers] = -np.inf
    return np.asarray(scores[np.arange(len(scores)), answers] > others.max(axis=1))


def harness_outcomes(questions: Sequence[Question], scores: Sequence[Array]) -> Outcomes:
    """One outcome per question; ties are chance."""
    expected, strict, optimistic = (np.zeros(len(questions)) for _ in range(3))
    for places, some, answers in _alike(questions, scores):
        found = choice(some, answers)
        expected[places], strict[places], optimistic[places] = found.expected, found.strict, found.optimistic
    return Outcomes(expected, strict, optimistic)


def official_outcomes(questions: Sequence[Question], scores: Sequence[Array], tie: Tie) -> Outcomes:
    """One outcome per question by the official rule, which knows no ties."""
    right = np.zeros(len(questions))
    for places, some, answers in _alike(questions, scores):
        right[places] = official(some, answers, tie)
    return Outcomes(right, right, right)


def _alike(
    questions: Sequence[Question], scores: Sequence[Array]
) -> Iterator[tuple[NDArray[np.int64], Array, NDArray[np.int64]]]:
    """Questions with equally many options together: their places (m,), scores (m, K) and answers (m,)."""
    counts = np.array([len(s) for s in scores], dtype=np.int64)
    for count in np.unique(counts):
        alike = counts == count
        answers = np.array([q.answer for q in compress(questions, alike)], dtype=np.int64)
        yield np.flatnonzero(alike), np.stack(list(compress(scores, alike))), answers


def accuracy(
    name: str, description: str, questions: Sequence[Question], scores: Sequence[Array], tie: Tie
) -> tuple[list[Metric], Outcomes]:
    """Accuracy by both protocols (micro, sliced by kind), and the outcomes of the harness one."""
    outcomes = harness_outcomes(questions, scores)
    theirs = official_outcomes(questions, scores, tie)
    clusters, kinds, guess = [q.cluster for q in questions], [q.kind for q in questions], guesses(questions)
    return [
        share(name, description, outcomes, clusters, guess, kinds),
        share(f"official_{name}", f"{description}; {tie.value}", theirs, clusters, guess, kinds, kind="official"),
    ], outcomes


def guesses(questions: Sequence[Question]) -> list[float]:
    """What a guess scores on each question."""
    return [chance(len(q.options)) for q in questions]


def record(questions: Sequence[Question], outcomes: Outcomes) -> dict[str, Sequence[Any]]:
    """The outcomes per item, as `Result.items` holds them, with the texts where the options are texts."""
    clusters, kinds = [q.cluster for q in questions], [q.kind for q in questions]
    return item_record([q.id for q in questions], outcomes, clusters, kinds, [_shown(q) for q in questions])


def baselines(primary: str, questions: Sequence[Question], tie: Tie | None) -> list[Metric]:
    """What blind methods score on the same questions: a constant encoder, a word detector, a reader of the texts.

    Two of them need text options. The constant encoder stands there twice: by the harness it is chance; what the
    published script gives it is `official_blind_constant`, no bar for our value. tie: None where there is no script.
    """
    clusters, kinds, guess = [q.cluster for q in questions], [q.kind for q in questions], guesses(questions)
    nothing = [np.zeros(len(q.options)) for q in questions]
    constant = "an encoder that tells nothing apart"
    found = [("blind_constant", constant, harness_outcomes(questions, nothing))]
    if all(isinstance(q.query, ImageRef) for q in questions):
        words = harness_outcomes(questions, [negation_word_scores(_texts(q)) for q in questions])
        how = "a detector of negation words: a text with one is judged false"
        found.append(("blind_negation_word", how, words))
        how = "a model that reads the texts alone, cross-validated by image"
        found.append(("blind_text_only", how, harness_outcomes(questions, _read_alone(questions))))
    metrics = [
        share(name, f"{primary} by {how}", outcomes, clusters, guess, kinds, kind="baseline")
        for name, how, outcomes in found
    ]
    if tie is not None:
        theirs = official_outcomes(questions, nothing, tie)
        how = f"{primary} by {constant}; {tie.value}"
        metrics.append(share("official_blind_constant", how, theirs, clusters, guess, kinds, kind="official"))
    return metrics


def _read_alone(questions: Sequence[Question]) -> list[Array]:
    """Per question (K,) scores of a model that reads no image: the answer has 0, option k has -(s(answer) - s(k))."""
    pairs = [(q, k) for q in questions for k in range(len(q.options)) if k != q.answer]
    items = [BlindItem((_texts(q)[q.answer],), _texts(q)[k], q.cluster) for q, k in pairs]
    scores = {q.id: np.zeros(len(q.options)) for q in questions}
    for (q, k), margin in zip(pairs, text_only_scores(items), strict=True):
        scores[q.id][k] = -margin[0]
    return [scores[q.id] for q in questions]


def _shown(question: Question) -> tuple[str, tuple[str, ...]]:
    """The right text and the wrong ones; where the options are pictures, what is asked of them."""
    if isinstance(question.query, str):
        return question.query, ()
    texts = _texts(question)
    return texts[question.answer], texts[: question.answer] + texts[question.answer + 1 :]


def _texts(question: Question) -> tuple[str, ...]:
    return tuple(option for option in question.options if isinstance(option, str))
