"""Which of several statements about the image is true: affirmations, negations and hybrids, as NegBench asks.

For questions in a data file of yours: `semclip captions questions` writes one, and NegBench's own files have the same
columns. Its published sets are the benchmarks `negbench_mcq_*`.
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from semclip.core.errors import UserError
from semclip.core.example import Example
from semclip.evaluation import choices
from semclip.evaluation.base import Scores
from semclip.evaluation.choices import Question
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.metrics.result import Metric
from semclip.evaluation.own.base import DataBenchmark, cluster

ANSWER, KIND, OPTION = "correct_answer", "correct_answer_template", "caption_"


class MultipleChoice(DataBenchmark):
    """One item per row: the options are its columns caption_0, caption_1, ..., and correct_answer counts them from 0.

    accuracy = mean 1[the true statement has the highest cosine], chance 1/K, sliced by correct_answer_template (the
    kind of the true one). Read the slices: a model that shuns every "no" is right on the positive ones.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"image", ANSWER})
    primary = "accuracy"

    def texts(self, examples: Sequence[Example]) -> list[str]:
        return [text for e in examples for text in _options(e)]

    def score(self, examples: Sequence[Example], encodings: Encodings) -> Scores:
        questions = [_question(e) for e in examples]
        outcomes = choices.harness_outcomes(questions, choices.scores_of(questions, encodings))
        what = "the true statement is nearest to the image"
        return Scores(
            metrics=[choices.rate(self.primary, what, questions, outcomes), *blind_baselines(questions)],
            items={self.primary: choices.record(questions, outcomes)},
            notes=[*choices.answer_places(questions), *choices.find_defects(questions)],
        )


def blind_baselines(questions: Sequence[Question]) -> list[Metric]:
    """What methods score that see no image: nothing told apart, the longest option, "no" is false, words that tell."""
    lengths = [np.array([len(str(option)) for option in q.options], dtype=np.float64) for q in questions]
    how = "accuracy by taking the option with the most characters"
    longest = choices.rate(
        "blind_longest_option", how, questions, choices.harness_outcomes(questions, lengths), "baseline"
    )
    return [*choices.baselines("accuracy", questions, None), longest]


def _question(example: Example) -> Question:
    options, answer = _options(example), str(example.meta[ANSWER]).strip()
    if not answer.isdecimal() or int(answer) >= len(options):
        raise UserError(
            f"'{ANSWER}' is {answer!r}, and the options are 0 to {len(options) - 1}",
            where=example.where,
            fix="give the place of the true option, counted from 0",
        )
    kind = str(example.meta.get(KIND) or "")
    return Question(example.id, example.image, options, int(answer), kind, cluster(example))


def _options(example: Example) -> tuple[str, ...]:
    """The texts in caption_0, caption_1, ..., up to the first column that is not there."""
    options: list[str] = []
    while isinstance(text := example.meta.get(f"{OPTION}{len(options)}"), str):
        options.append(text)
    if len(options) < 2:
        raise UserError(
            f"{len(options)} options",
            where=example.where,
            fix=f"write them as texts into the columns {OPTION}0, {OPTION}1, ...",
        )
    return tuple(options)
