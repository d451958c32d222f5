"""The true caption must be nearer to the image than its negation: caption > negation, paraphrase > negation.

The metric of arXiv 2511.16527. Its script counts a tie as wrong, as `strict` does.
"""

from collections.abc import Sequence
from typing import ClassVar

from semclip.core.example import Example
from semclip.evaluation.blind import BlindItem
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.metrics.pairwise import CHANCE, pairwise
from semclip.evaluation.own._pairs import equal_texts, pair_baselines, triplets
from semclip.evaluation.own.base import Benchmark, Scores, item_record, share


class OriginalOverNegation(Benchmark):
    """One item per negation, set against the text it was made from; an average over items (micro), slices per kind.

    caption_over_negation = mean 1[s(image, caption) > s(image, negation)], and the same with the other wording.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"image", "caption", "negation"})
    primary: ClassVar[str] = "caption_over_negation"

    def texts(self, examples: Sequence[Example]) -> list[str]:
        return [t for i in triplets(examples) for t in (i.caption, i.paraphrase, i.negation) if t is not None]

    def score(self, examples: Sequence[Example], encodings: Encodings) -> Scores:
        items = triplets(examples)
        reworded = [i for i in items if i.paraphrase is not None]
        metrics, records = [], {}
        for name, own, true in (
            ("caption_over_negation", items, [i.caption for i in items]),
            ("paraphrase_over_negation", reworded, [i.paraphrase or "" for i in reworded]),
        ):
            if not own:
                continue
            images = [i.example.image for i in own]
            outcomes = pairwise(
                encodings.similarity(images, true), encodings.similarity(images, [i.negation for i in own])
            )
            clusters, kinds = [i.cluster for i in own], [i.kind for i in own]
            description = f"the {name.partition('_')[0]} is nearer to the image than the negation"
            metrics.append(share(name, description, outcomes, clusters, CHANCE, kinds))
            records[name] = item_record([i.id for i in own], outcomes, clusters, kinds)
        metrics += pair_baselines(
            self.primary,
            [BlindItem((i.caption,), i.negation, i.cluster) for i in items],
            [i.kind for i in items],
        )
        missing = len(items) - len(reworded)
        notes = [f"{missing:,} of {len(items):,} items have no paraphrase"] if missing else []
        notes += equal_texts([(i.caption, i.negation) for i in items], "caption and negation")
        return Scores(metrics=metrics, items=records, notes=notes)
