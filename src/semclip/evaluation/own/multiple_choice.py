"""Which of several statements about the image is true: affirmations, negations and hybrids, as NegBench asks.

For questions in a data file of yours: `semclip captions questions` writes one, and NegBench's own files have the same
columns. Its published sets are the benchmarks `negbench_mcq_*`.
"""

import re
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
_PLACE = re.compile(rf"{OPTION}\d{{1,3}}")


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
    options, given = _options(example), example.meta[ANSWER]
    # A column of whole numbers is one of fractions where a table lacks some of them.
    answer = f"{given:.0f}" if isinstance(given, float) and given.is_integer() else str(given).strip()
    if not answer.isdecimal() or int(answer) >= len(options):
        raise UserError(
            f"'{ANSWER}' is {answer!r}, and the options are 0 to {len(options) - 1}",
            where=example.where,
            fix="give the place of the true option, counted from 0",
        )
    kind = str(example.meta.get(KIND) or "")
    return Question(example.id, example.image, options, int(answer), kind, cluster(example))


def _options(example: Example) -> tuple[str, ...]:
    """The texts in caption_0, caption_1, ..., of which a row may have fewer than others. Raises UserError for a gap."""
    named = {int(key.removeprefix(OPTION)): text for key, text in example.meta.items() if _PLACE.fullmatch(key)}
    options = [text for _, text in sorted(named.items()) if isinstance(text, str)]
    if len(options) < 2 or not all(isinstance(named.get(place), str) for place in range(len(options))):
        raise UserError(
            f"{len(options)} options" + ", and one is missing before the last" * (len(options) > 1),
            where=example.where,
            fix=f"write them as texts into the columns {OPTION}0, {OPTION}1, ..., with none left out",
        )
    return tuple(options)
