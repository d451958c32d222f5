"""Two true texts and a false one: ITT asks the image which is false, TOT asks the texts which two agree.

The metrics of SugarCrepe++ (arXiv 2406.11171). Its scripts count a tie as wrong, as `strict` does.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from semclip.core.example import ImageRef
from semclip.evaluation.blind import BlindItem, negation_word_scores, text_only_scores
from semclip.evaluation.encodings import Array, Encodings
from semclip.evaluation.metrics.choice import chance, choice
from semclip.evaluation.metrics.outcomes import Outcomes
from semclip.evaluation.metrics.result import Metric
from semclip.evaluation.metrics.summary import proportion

#: Any of three texts may be the false one, any of three pairs the nearest: a guess finds it once in three.
CHANCE = chance(3)


@dataclass(frozen=True)
class Texts:
    """The texts of n triplets, in three columns."""

    first: Sequence[str]
    second: Sequence[str]
    false: Sequence[str]

    def with_images(self, images: Sequence[ImageRef], encodings: Encodings) -> Array:
        """(n, 3) cosines of the image with the first, the second and the false text."""
        columns = (self.first, self.second, self.false)
        return np.stack([encodings.similarity(images, texts) for texts in columns], axis=1)

    def with_each_other(self, encodings: Encodings) -> Array:
        """(n, 3) cosines of first and second, first and false, second and false."""
        pairs = ((self.first, self.second), (self.first, self.false), (self.second, self.false))
        return np.stack([encodings.text_similarity(*pair) for pair in pairs], axis=1)

    def baselines(self, clusters: Sequence[str], kinds: Sequence[str]) -> list[Metric]:
        """ITT of two blind methods."""
        words = [negation_word_scores(texts) for texts in (self.first, self.second, self.false)]
        columns = zip(self.first, self.second, self.false, clusters, strict=True)
        margins = np.stack(text_only_scores([BlindItem((a, b), n, own) for a, b, n, own in columns]))  # s(P) - s(N)
        read = (margins[:, 0], margins[:, 1], np.zeros(len(margins)))
        return [
            proportion(name, f"itt by {how}", itt(np.stack(scores, axis=1)), clusters, CHANCE, kinds, kind="baseline")
            for name, how, scores in (
                ("blind_negation_word", "a detector of negation words: a text with one is judged false", words),
                ("blind_text_only", "a model that reads the texts alone, cross-validated by image", read),
            )
        ]


def itt(scores: Array) -> Outcomes:
    """mean 1[s(image, P1) > s(image, N) and s(image, P2) > s(image, N)] from `Texts.with_images`."""
    return choice(-scores, 2)


def tot(scores: Array) -> Outcomes:
    """mean 1[s(P1, P2) > s(P1, N) and s(P1, P2) > s(P2, N)] from `Texts.with_each_other`."""
    return choice(scores, 0)
