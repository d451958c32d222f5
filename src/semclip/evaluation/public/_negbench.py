"""NegBench's multiple choice questions (CVPR 2025): one reader and one way of scoring for its four files.

An image, four captions, one right; the type of the right one is positive ("A and B"), negative ("not N") or hybrid
("B but not N"). Read: m1k2zoo/negbench 2ac009b5, benchmarks/src/evaluation/mcq.py.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from semclip.core.example import ImageRef
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.metrics.result import Metric
from semclip.evaluation.own.base import Scores, share
from semclip.evaluation.public._choice import (
    Array,
    Question,
    Tie,
    accuracy,
    baselines,
    guesses,
    harness_outcomes,
    images_of,
    official_outcomes,
    record,
    scores_of,
    texts_of,
)
from semclip.evaluation.public._faults import answer_places, faults
from semclip.evaluation.public._rows import csv_rows
from semclip.evaluation.public.base import Items, Published, picture

LICENCE = "repository MIT; the CSV files carry no licence of their own (captions rephrased by Llama 3.1)"
SOURCE = "NegBench, arXiv 2501.09425; m1k2zoo/negbench 2ac009b5, benchmarks/src/evaluation/mcq.py:9-130"
OBTAIN = "from the link in the README of github.com/m1k2zoo/negbench; rows of the SpaceVLM mirror are the same"
#: Its rows are those of the originals on Google Drive, with other folders before the file names.
COPY = "sepehrkr/SpaceVLM"
MIRROR = f"https://raw.githubusercontent.com/{COPY}"

TYPES = ("positive", "negative", "hybrid")
#: What the wrong options say, by place, where the right one stands at 0.
SLOTS: Mapping[int, str] = {1: "hybrid", 2: "positive", 3: "negative"}
#: The same in the synthetic file, whose right option is the positive one at 0 or the hybrid one at 1.
SYNTHETIC_SLOTS: Mapping[int, str] = {0: "positive", 1: "hybrid", 2: "hybrid", 3: "negative"}

_OPTIONS = tuple(f"caption_{i}" for i in range(4))


class FourCaptions(Published):
    """Base of the questions on one image each: one CSV file. slots: the type of a wrong option by its place."""

    licence: ClassVar[str] = LICENCE
    source: ClassVar[str] = SOURCE
    obtain: ClassVar[str] = OBTAIN
    primary: ClassVar[str] = "accuracy"
    slots: ClassVar[Mapping[int, str]] = SLOTS

    def picture(self, images: Path, official: str) -> ImageRef:
        """The image of an official path."""
        return picture(images, official)

    def read(self, folder: Path, images: Path) -> Items:
        items = read_questions(folder / self.files[0].path, lambda path: self.picture(images, path))
        defects = [*answer_places(items), *faults(items)]
        return Items(items=items, images=images_of(items), texts=texts_of(items), defects=defects)

    def score(self, items: Sequence[Question], encodings: Encodings) -> Scores:
        scores = scores_of(items, encodings)
        found = report(items, scores, self.slots)
        earlier = unnormalised(items, scores, encodings)
        return Scores(metrics=[*found.metrics, earlier], items=found.items, extra=found.extra)


def read_questions(path: Path, image: Callable[[str], ImageRef]) -> list[Question]:
    """One question per row, by the file's order. image: from the official path of the row to the picture."""
    questions = []
    rows = csv_rows(path, ("image_path", "correct_answer", *_OPTIONS, "correct_answer_template"))
    for number, row in enumerate(rows, start=1):
        answer = row.whole("correct_answer")
        if not 0 <= answer < len(_OPTIONS):
            raise row.fault(f"'correct_answer' is {answer}, and the options are 0 to {len(_OPTIONS) - 1}")
        ref = image(row.text("image_path"))
        options = tuple(row.text(option) for option in _OPTIONS)
        kind = row.one_of("correct_answer_template", TYPES)
        questions.append(Question(str(number), ref, options, answer, kind, ref.name))
    return questions


def report(questions: Sequence[Question], scores: Sequence[Array], slots: Mapping[int, str]) -> Scores:
    """Metrics by both protocols with the slices positive, negative and hybrid, blind baselines, and official tables.

    scores: (4,) cosines per question. The positive slice is the affirmative part: what a model that says no to every
    denial still gets right. slots: the type of a wrong option by its place.
    """
    metrics, outcomes = accuracy("accuracy", "the right caption of four is nearest", questions, scores, Tie.FIRST)
    metrics += [*baselines("accuracy", questions, Tie.FIRST), _longest(questions)]
    return Scores(
        metrics=metrics,
        items={"accuracy": record(questions, outcomes)},
        extra={"official": tables(questions, scores, slots)},
    )


def unnormalised(questions: Sequence[Question], scores: Sequence[Array], encodings: Encodings) -> Metric:
    """Accuracy as the official script counted before March 2025 (commit e11f92e): products of raw embeddings.

    <i, t> = |i| |t| cos(i, t), and |i| is the same for all options of a question.
    """
    raw = [
        s * encodings.text_norms([o for o in q.options if isinstance(o, str)])
        for q, s in zip(questions, scores, strict=True)
    ]
    return share(
        "official_unnormalised",
        f"the right caption has the highest product of raw embeddings, as published at first; {Tie.FIRST.value}",
        official_outcomes(questions, raw, Tie.FIRST),
        [q.cluster for q in questions],
        guesses(questions),
        [q.kind for q in questions],
        kind="official",
    )


def tables(questions: Sequence[Question], scores: Sequence[Array], slots: Mapping[int, str]) -> dict[str, Any]:
    """What else the official script prints: which types of caption a model chooses, and which it falls for.

    `wrong_answer_percentages` is as published: of two places of one type only the later is counted (mcq.py:118).
    """
    chosen = [int(s.argmax()) for s in scores]
    right = [place == q.answer for q, place in zip(questions, chosen, strict=True)]
    wrong = Counter(place for place, ok in zip(chosen, right, strict=True) if not ok)
    said = [q.kind if ok else slots.get(place, q.kind) for q, place, ok in zip(questions, chosen, right, strict=True)]
    fell = Counter((q.kind, kind) for q, kind, ok in zip(questions, said, right, strict=True) if not ok)
    total = sum(wrong.values())
    return {
        "predictions_by_type": {t: said.count(t) for t in TYPES},
        "wrong_answers_by_question_type": {t: {u: fell[t, u] for u in TYPES} for t in TYPES},
        "wrong_answer_percentages": {
            kind: 100 * wrong[place] / total if total else 0.0 for place, kind in slots.items()
        },
        "most_common_wrong_answer_type": slots[max(slots, key=lambda place: wrong[place])] if total else None,
    }


def _longest(questions: Sequence[Question]) -> Metric:
    lengths = [_lengths(q) for q in questions]
    return share(
        "blind_longest_option",
        "accuracy by taking the caption with the most characters",
        harness_outcomes(questions, lengths),
        [q.cluster for q in questions],
        guesses(questions),
        [q.kind for q in questions],
        kind="baseline",
    )


def _lengths(question: Question) -> Array:
    return np.array([len(o) for o in question.options if isinstance(o, str)], dtype=np.float64)
