"""Multiple choice with one right answer: the basis of most benchmarks, with every official rule for ties."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import compress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semclip.core.example import ImageRef
from semclip.evaluation.base import Items, Scores
from semclip.evaluation.blind import BlindItem, negation_word_scores, text_only_scores
from semclip.evaluation.encodings import Array, Encodings
from semclip.evaluation.metrics.choice import chance, choice
from semclip.evaluation.metrics.outcomes import Outcomes
from semclip.evaluation.metrics.result import Metric
from semclip.evaluation.metrics.summary import item_record, proportion


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


def items_of(
    questions: Sequence[Question],
    items: Sequence[Any] | None = None,
    defects: Sequence[str] | None = None,
    left_out: Sequence[str] = (),
) -> Items:
    """Questions as a benchmark reads them. items: what holds them, where there is more to say of each.

    defects: those of `answer_places` and `find_defects` unless given.
    """
    parts = [part for q in questions for part in (q.query, *q.options)]
    return Items(
        items=questions if items is None else items,
        images=[part for part in parts if isinstance(part, ImageRef)],
        texts=[part for part in parts if isinstance(part, str)],
        defects=[*answer_places(questions), *find_defects(questions)] if defects is None else defects,
        left_out=left_out,
    )


def scored(
    what: str,
    questions: Sequence[Question],
    scores: Sequence[Array],
    tie: Tie,
    means: Sequence[Metric] = (),
    more: Sequence[Metric] = (),
) -> Scores:
    """`accuracy` by both protocols and the blind baselines. means, more: metrics before and after these baselines.

    what: when an answer is right, in words.
    """
    metrics, outcomes = accuracy("accuracy", what, questions, scores, tie)
    return Scores(
        metrics=[*metrics, *means, *baselines("accuracy", questions, tie), *more],
        items={"accuracy": record(questions, outcomes)},
    )


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
    return Outcomes.certain(right)


def _alike(
    questions: Sequence[Question], scores: Sequence[Array]
) -> Iterator[tuple[NDArray[np.int64], Array, NDArray[np.int64]]]:
    """Questions with equally many options together: their places (m,), scores (m, K) and answers (m,)."""
    counts = np.array([len(s) for s in scores], dtype=np.int64)
    for count in np.unique(counts):
        alike = counts == count
        answers = np.array([q.answer for q in compress(questions, alike)], dtype=np.int64)
        yield np.flatnonzero(alike), np.stack(list(compress(scores, alike))), answers


def rate(name: str, what: str, questions: Sequence[Question], outcomes: Outcomes, kind: str = "model") -> Metric:
    """The proportion of questions that are right (micro), sliced by kind where there are kinds."""
    clusters, kinds = [q.cluster for q in questions], [q.kind for q in questions]
    return proportion(name, what, outcomes, clusters, guesses(questions), kinds if any(kinds) else (), kind=kind)


def accuracy(
    name: str, description: str, questions: Sequence[Question], scores: Sequence[Array], tie: Tie
) -> tuple[list[Metric], Outcomes]:
    """Accuracy by both protocols (micro, sliced by kind), and the outcomes of the harness one."""
    outcomes, theirs = harness_outcomes(questions, scores), official_outcomes(questions, scores, tie)
    how = f"{description}; {tie.value}"
    ours = rate(name, description, questions, outcomes)
    return [ours, rate(f"official_{name}", how, questions, theirs, "official")], outcomes


def guesses(questions: Sequence[Question]) -> list[float]:
    """What a guess scores on each question."""
    return [chance(len(q.options)) for q in questions]


def record(questions: Sequence[Question], outcomes: Outcomes, texts: bool = True) -> dict[str, Sequence[Any]]:
    """The outcomes per item, as `Result.items` holds them. texts: with the options, where these are texts."""
    clusters, kinds = [q.cluster for q in questions], [q.kind for q in questions]
    shown = [_shown(q) for q in questions] if texts else ()
    return item_record([q.id for q in questions], outcomes, clusters, kinds, shown)


def baselines(primary: str, questions: Sequence[Question], tie: Tie | None) -> list[Metric]:
    """What a constant encoder and the methods of `blind` score on the same questions: the bar beside `primary`.

    The constant encoder stands there twice: by the harness it is chance; what the published script gives it is
    `official_blind_constant`, no bar for our value. tie: None where there is no script.
    """
    nothing = [np.zeros(len(q.options)) for q in questions]
    how = f"{primary} by an encoder that tells nothing apart"
    found = [rate("blind_constant", how, questions, harness_outcomes(questions, nothing), "baseline")]
    found += blind(primary, questions)
    if tie is not None:
        theirs = official_outcomes(questions, nothing, tie)
        found.append(rate("official_blind_constant", f"{how}; {tie.value}", questions, theirs, "official"))
    return found


def blind(primary: str, questions: Sequence[Question]) -> list[Metric]:
    """What a detector of negation words and a reader of the texts alone score; none where the options are images."""
    if not all(isinstance(q.query, ImageRef) for q in questions):
        return []
    words = harness_outcomes(questions, [negation_word_scores(_texts(q)) for q in questions])
    how = f"{primary} by a detector of negation words: a text with one is judged false"
    read = harness_outcomes(questions, _read_alone(questions))
    by_reading = f"{primary} by a model that reads the texts alone, cross-validated by image"
    return [
        rate("blind_negation_word", how, questions, words, "baseline"),
        rate("blind_text_only", by_reading, questions, read, "baseline"),
    ]


def _read_alone(questions: Sequence[Question]) -> list[Array]:
    """Per question (K,) scores of a model that reads no image: the answer has 0, option k has -(s(answer) - s(k))."""
    pairs = [(q, k) for q in questions for k in range(len(q.options)) if k != q.answer]
    items = [BlindItem((_texts(q)[q.answer],), _texts(q)[k], q.cluster) for q, k in pairs]
    scores = {q.id: np.zeros(len(q.options)) for q in questions}
    for (q, k), margin in zip(pairs, text_only_scores(items), strict=True):
        scores[q.id][k] = -margin[0]
    return [scores[q.id] for q in questions]


def _shown(question: Question) -> tuple[str, tuple[str, ...]]:
    """The right text and the wrong ones; where the options are images, what is asked of them."""
    if isinstance(question.query, str):
        return question.query, ()
    texts = _texts(question)
    return texts[question.answer], texts[: question.answer] + texts[question.answer + 1 :]


def _texts(question: Question) -> tuple[str, ...]:
    return tuple(option for option in question.options if isinstance(option, str))


def find_defects(questions: Sequence[Question]) -> list[str]:
    """Notes on duplicate questions, right options that stand twice, and empty texts."""
    first: dict[object, Question] = {}
    again = [q.id for q in questions if first.setdefault((q.query, q.options, q.answer), q) is not q]
    return [
        *note(again, len(questions), "items repeat another item exactly"),
        *note(
            (q.id for q in questions if q.options.count(q.options[q.answer]) > 1),
            len(questions),
            "items have the right option twice: ties by construction",
        ),
        *note((q.id for q in questions if "" in q.options), len(questions), "items have an empty text"),
    ]


def note(ids: Iterable[str], of: int, what: str) -> list[str]:
    """One sentence on the items at fault, with the first of them; none where there are none."""
    found = list(ids)
    first = ", ".join(found[:3]) + (", ..." if len(found) > 3 else "")
    return [f"{len(found):,} of {of:,} {what} ({first})"] if found else []


def answer_places(questions: Sequence[Question]) -> list[str]:
    """A note where the right option always stands at the same place."""
    places = Counter(q.answer for q in questions)
    if len(places) != 1:
        return []
    place = next(iter(places))
    return [f"the right option always stands at place {place}: official ties go by place, ours are chance"]
