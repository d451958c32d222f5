"""Two wordings of the truth and one falsehood: ITT asks the image which is false, TOT asks the texts which two agree.

The metrics of SugarCrepe++ (arXiv 2406.11171). Its scripts count a tie as wrong, as `strict` does.
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from semclip.core.example import Example
from semclip.evaluation.blind import BlindItem, negation_word_scores, text_only_scores
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.metrics.choice import chance, choice
from semclip.evaluation.metrics.outcomes import Outcomes
from semclip.evaluation.metrics.result import Metric
from semclip.evaluation.own._pairs import Triplet, equal_texts, triplets
from semclip.evaluation.own.base import Benchmark, Scores, item_record, share

#: Any of three texts may be the false one, any of three pairs the nearest: a guess finds it once in three.
_CHANCE = chance(3)


class TripletChoice(Benchmark):
    """One item per negation N, with the text it was made from (P1) and another wording of that (P2).

    itt = mean 1[s(image, P1) > s(image, N) and s(image, P2) > s(image, N)]
    tot = mean 1[s(P1, P2) > s(P1, N) and s(P1, P2) > s(P2, N)], text tower only
    """

    needs: ClassVar[frozenset[str]] = frozenset({"image", "caption", "paraphrase", "negation"})
    primary: ClassVar[str] = "itt"

    def texts(self, examples: Sequence[Example]) -> list[str]:
        return [t for i in triplets(examples) for t in (i.caption, i.other, i.negation)]

    def score(self, examples: Sequence[Example], encodings: Encodings) -> Scores:
        items = triplets(examples)
        first, second, false = [i.caption for i in items], [i.other for i in items], [i.negation for i in items]
        images = [i.example.image for i in items]
        itt = _false_is_lowest(*(encodings.similarity(images, texts) for texts in (first, second, false)))
        tot = choice(
            np.stack(
                [
                    encodings.text_similarity(first, second),
                    encodings.text_similarity(first, false),
                    encodings.text_similarity(second, false),
                ],
                axis=1,
            ),
            0,
        )
        clusters, kinds, ids = [i.cluster for i in items], [i.kind for i in items], [i.id for i in items]
        return Scores(
            metrics=[
                share(
                    "itt", "both true texts are nearer to the image than the negation", itt, clusters, _CHANCE, kinds
                ),
                share(
                    "tot", "the true texts are nearer to each other than to the negation", tot, clusters, _CHANCE, kinds
                ),
                *_baselines(items, clusters, kinds),
            ],
            items={"itt": item_record(ids, itt, clusters, kinds), "tot": item_record(ids, tot, clusters, kinds)},
            notes=[
                *equal_texts([(i.caption, i.negation) for i in items], "caption and negation"),
                *equal_texts([(i.caption, i.other) for i in items], "caption and paraphrase"),
            ],
        )


def _false_is_lowest(first: np.ndarray, second: np.ndarray, false: np.ndarray) -> Outcomes:
    return choice(-np.stack([first, second, false], axis=1), 2)


def _baselines(items: Sequence[Triplet], clusters: Sequence[str], kinds: Sequence[str]) -> list[Metric]:
    words = _false_is_lowest(
        *(negation_word_scores(t) for t in zip(*((i.caption, i.other, i.negation) for i in items), strict=True))
    )
    blind = [BlindItem((i.caption, i.other), i.negation, i.cluster) for i in items]
    margins = np.stack(text_only_scores(blind))  # (n, 2) s(P) - s(N)
    learned = _false_is_lowest(margins[:, 0], margins[:, 1], np.zeros(len(items)))
    return [
        share(name, f"itt by {how}", outcomes, clusters, _CHANCE, kinds, kind="baseline")
        for name, how, outcomes in (
            ("blind_negation_word", "a detector of negation words: a text with one is judged false", words),
            ("blind_text_only", "a model that reads the texts alone, cross-validated by image", learned),
        )
    ]
