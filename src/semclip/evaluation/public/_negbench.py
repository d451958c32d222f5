"""NegBench's multiple choice questions (CVPR 2025): one reader and one way of scoring for its four files.

An image, four captions, one right; the type of the right one is positive ("A and B"), negative ("not N") or hybrid
("B but not N"). Read: m1k2zoo/negbench 2ac009b5, benchmarks/src/evaluation/mcq.py.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from semclip.core.example import ImageRef
from semclip.evaluation import choices
from semclip.evaluation.base import Items, Scores
from semclip.evaluation.choices import Question, Tie
from semclip.evaluation.encodings import Array, Encodings
from semclip.evaluation.metrics.result import Metric
from semclip.evaluation.public._rows import csv_rows
from semclip.evaluation.public.base import AnnotationFile, PublicBenchmark, image_ref

LICENCE = "repository MIT; the CSV files carry no licence of their own (captions rephrased by Llama 3.1)"
OBTAIN = "from the link in the README of github.com/m1k2zoo/negbench; rows of the SpaceVLM mirror are the same"
#: Its rows are those of the originals on Google Drive, with other folders before the file names.
COPY = "sepehrkr/SpaceVLM"
_MIRROR = f"https://raw.githubusercontent.com/{COPY}/6f85230700ee3c3d520065551a19fef74bd179de/data/images"

TYPES = ("positive", "negative", "hybrid")
_OPTIONS = tuple(f"caption_{i}" for i in range(4))


def mirrored(path: str, size: int, sha256: str) -> AnnotationFile:
    """A file of which the size, the hash and the address are those of the mirror's copy."""
    return AnnotationFile(path=path, size=size, sha256=sha256, copy_in=COPY, url=f"{_MIRROR}/{path}")


class FourCaptions(PublicBenchmark):
    """Base of the questions on one image each: one CSV file (arXiv 2501.09425).

    accuracy = mean 1[the right caption has the highest cosine], chance 1/4, sliced by the type of the right caption.
    `official_accuracy` is the script since March 2025, `official_unnormalised` the script before: published numbers of
    the two differ by a factor of two and are mixed in papers. The positive slice is the affirmative part: what a model
    that says no to every denial still gets right.

    slots: the type of a wrong option by its place; the right one stands at 0, unless said else.
    """

    licence = LICENCE
    source = "NegBench, arXiv 2501.09425; m1k2zoo/negbench 2ac009b5, benchmarks/src/evaluation/mcq.py:9-130"
    obtain = OBTAIN
    primary = "accuracy"
    slots: ClassVar[Mapping[int, str]] = {1: "hybrid", 2: "positive", 3: "negative"}

    def image(self, images: Path, official: str) -> ImageRef:
        """The image of an official path."""
        return image_ref(images, official)

    def questions(self, folder: Path, image: Callable[[str], ImageRef]) -> list[Question]:
        """One question per row, by the file's order. image: from the official path of the row to the image."""
        questions = []
        columns = ("image_path", "correct_answer", *_OPTIONS, "correct_answer_template")
        for number, row in enumerate(csv_rows(folder / self.files[0].path, columns), start=1):
            answer = row.whole("correct_answer")
            if not 0 <= answer < len(_OPTIONS):
                raise row.fault(f"'correct_answer' is {answer}, and the options are 0 to {len(_OPTIONS) - 1}")
            ref = image(row.text("image_path"))
            options = tuple(row.text(option) for option in _OPTIONS)
            kind = row.one_of("correct_answer_template", TYPES)
            questions.append(Question(str(number), ref, options, answer, kind, ref.name))
        return questions

    def read(self, folder: Path, images: Path) -> Items:
        return choices.items_of(self.questions(folder, lambda path: self.image(images, path)))

    def score(self, items: Sequence[Any], encodings: Encodings) -> Scores:
        scores = choices.scores_of(items, encodings)
        return self.scored(items, scores, [_unnormalised(items, scores, encodings)])

    def scored(self, questions: Sequence[Question], scores: Sequence[Array], more: Sequence[Metric] = ()) -> Scores:
        """Metrics with blind baselines, and the official tables. scores: (4,) cosines per question."""
        lengths = [np.array([len(o) for o in q.options if isinstance(o, str)], dtype=np.float64) for q in questions]
        outcomes = choices.harness_outcomes(questions, lengths)
        how = "accuracy by taking the caption with the most characters"
        longest = choices.rate("blind_longest_option", how, questions, outcomes, "baseline")
        what = "the right caption of four is nearest"
        found = choices.scored(what, questions, scores, Tie.FIRST, more=[longest, *more])
        return replace(found, extra={"official": _tables(questions, scores, self.slots)})


def _unnormalised(questions: Sequence[Question], scores: Sequence[Array], encodings: Encodings) -> Metric:
    """Accuracy as the official script counted before March 2025 (commit e11f92e): products of raw embeddings.

    <i, t> = |i| |t| cos(i, t), and |i| is the same for all options of a question.
    """
    raw = [
        s * np.linalg.norm(encodings.raw_text([o for o in q.options if isinstance(o, str)]), axis=1)
        for q, s in zip(questions, scores, strict=True)
    ]
    outcomes = choices.official_outcomes(questions, raw, Tie.FIRST)
    what = f"the right caption has the highest product of raw embeddings, as published at first; {Tie.FIRST.value}"
    return choices.rate("official_unnormalised", what, questions, outcomes, "official")


def _tables(questions: Sequence[Question], scores: Sequence[Array], slots: Mapping[int, str]) -> dict[str, Any]:
    """What else the official script prints: which types of caption a model chooses, and which it falls for.

    `wrong_answer_percentages` is as published: of two places of one type only the later is counted (mcq.py:118).
    """
    chosen = [int(s.argmax()) for s in scores]
    right = [place == q.answer for q, place in zip(questions, chosen, strict=True)]
    wrong = Counter(place for place, ok in zip(chosen, right, strict=True) if not ok)
    types = [q.kind if ok else slots.get(place, q.kind) for q, place, ok in zip(questions, chosen, right, strict=True)]
    fell = Counter((q.kind, kind) for q, kind, ok in zip(questions, types, right, strict=True) if not ok)
    total = sum(wrong.values())
    return {
        "predictions_by_type": {t: types.count(t) for t in TYPES},
        "wrong_answers_by_question_type": {t: {u: fell[t, u] for u in TYPES} for t in TYPES},
        "wrong_answer_percentages": {
            kind: 100 * wrong[place] / total if total else 0.0 for place, kind in slots.items()
        },
        "most_common_wrong_answer_type": slots[max(slots, key=lambda place: wrong[place])] if total else None,
    }
