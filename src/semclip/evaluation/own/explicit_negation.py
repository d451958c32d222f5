"""Original over negation where the negation alone denies: "a ring but no star" against "a ring and a star".

The protocol of arXiv 2511.16527 on the pairs that its claim is about. A detector of negation words is right on all of
them without looking at the image, and its score stands beside the model's: read it with `absence`, where a model that
only learned to distrust such words fails.
"""

from collections.abc import Sequence

from semclip.core.errors import UserError
from semclip.core.example import Example
from semclip.evaluation.base import Scores
from semclip.evaluation.blind import has_negation_word
from semclip.evaluation.choices import blind
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.own._pairs import Triplet, question, rated, triplets
from semclip.evaluation.own.base import DataBenchmark


class ExplicitNegation(DataBenchmark):
    """One item per negation with a negation word whose caption has none, set against that caption; slices per kind.

    caption_over_explicit_negation = mean 1[s(image, caption) > s(image, negation)], an average over items (micro)
    """

    needs = frozenset({"image", "caption", "negation"})
    primary = "caption_over_explicit_negation"

    def usable(self, examples: Sequence[Example]) -> list[Example]:
        kept = super().usable(examples)
        denying = [e for e in kept if _denying([e])]
        if not denying:
            raise UserError(
                f"'{self.name}' cannot run: no negation of {len(kept):,} examples denies what its caption says",
                where=kept[0].where,
                fix="leave this benchmark out, or add negations such as '..., but no X' of captions that deny nothing",
            )
        return denying

    def texts(self, examples: Sequence[Example]) -> list[str]:
        return [text for item in _denying(examples) for text in (item.caption, item.negation)]

    def score(self, examples: Sequence[Example], encodings: Encodings) -> Scores:
        items = _denying(examples)
        questions = [question(i.id, i.example, i.caption, i.negation, i.kind) for i in items]
        what = "the caption is nearer to the image than the negation, which denies something"
        metric, kept = rated(self.primary, what, questions, encodings)
        return Scores(metrics=[metric, *blind(self.primary, questions)], items={self.primary: kept})


def _denying(examples: Sequence[Example]) -> list[Triplet]:
    denies = has_negation_word
    return [item for item in triplets(examples) if denies(item.negation) and not denies(item.caption)]
