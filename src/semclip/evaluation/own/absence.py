"""A true "..., but no X" caption must beat a false text: catches a model that learned "a negation word is wrong".

Read it beside original_over_negation: a model that only lowers every text with "no" or "not" wins there and loses here.
"""

from collections.abc import Sequence

from semclip.core.example import Example
from semclip.evaluation.base import Scores
from semclip.evaluation.choices import blind
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.own._pairs import absence_questions, equal_texts, rated
from semclip.evaluation.own.base import DataBenchmark


class Absence(DataBenchmark):
    """One item per absence and negation of an example; an average over items (micro), slices per negation kind.

    absence_over_negation = mean 1[s(image, absence) > s(image, negation)]
    """

    needs = frozenset({"image", "absence", "negation"})
    primary = "absence_over_negation"

    def texts(self, examples: Sequence[Example]) -> list[str]:
        return [t for e in examples for t in (*e.absences, *e.negations)]

    def score(self, examples: Sequence[Example], encodings: Encodings) -> Scores:
        questions = absence_questions(examples)
        what = "the true text that says what is not there is nearer to the image than the negation"
        metric, kept = rated(self.primary, what, questions, encodings)
        return Scores(
            metrics=[metric, *blind(self.primary, questions)],
            items={self.primary: kept},
            notes=equal_texts([q.options for q in questions], "absence and negation"),
        )
