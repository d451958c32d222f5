"""A true "..., but no X" caption must beat a false text: catches a model that learned "a negation word is wrong".

Read it beside original_over_negation: a model that only lowers every text with "no" or "not" wins there and loses here.
"""

from collections.abc import Sequence
from typing import ClassVar

from semclip.core.example import Example
from semclip.evaluation.blind import BlindItem
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.metrics.pairwise import CHANCE, pairwise
from semclip.evaluation.own._pairs import absence_pairs, equal_texts, pair_baselines
from semclip.evaluation.own.base import Benchmark, Scores, item_record, share


class Absence(Benchmark):
    """One item per absence and negation of an example; an average over items (micro), slices per negation kind.

    absence_over_negation = mean 1[s(image, absence) > s(image, negation)]
    """

    needs: ClassVar[frozenset[str]] = frozenset({"image", "absence", "negation"})
    primary: ClassVar[str] = "absence_over_negation"

    def texts(self, examples: Sequence[Example]) -> list[str]:
        return [t for e in examples for t in (*e.absences, *e.negations)]

    def score(self, examples: Sequence[Example], encodings: Encodings) -> Scores:
        items = absence_pairs(examples)
        images = [i.example.image for i in items]
        outcomes = pairwise(
            encodings.similarity(images, [i.absence for i in items]),
            encodings.similarity(images, [i.negation for i in items]),
        )
        clusters, kinds = [i.cluster for i in items], [i.kind for i in items]
        description = "the true text that says what is not there is nearer to the image than the negation"
        return Scores(
            metrics=[
                share(self.primary, description, outcomes, clusters, CHANCE, kinds),
                *pair_baselines(self.primary, [BlindItem((i.absence,), i.negation, i.cluster) for i in items], kinds),
            ],
            items={self.primary: item_record([i.id for i in items], outcomes, clusters, kinds)},
            notes=equal_texts([(i.absence, i.negation) for i in items], "absence and negation"),
        )
