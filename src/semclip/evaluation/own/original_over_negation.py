"""The true caption must be nearer to the image than its negation: caption > negation, paraphrase > negation.

The metric of arXiv 2511.16527. Its script counts a tie as wrong, as `strict` does.
"""

from collections.abc import Sequence

from semclip.core.example import Example
from semclip.evaluation.base import Scores
from semclip.evaluation.choices import blind
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.own._pairs import equal_texts, question, rated, triplets
from semclip.evaluation.own.base import DataBenchmark


class OriginalOverNegation(DataBenchmark):
    """One item per negation, set against the text it was made from; an average over items (micro), slices per kind.

    caption_over_negation = mean 1[s(image, caption) > s(image, negation)], and the same with the other wording.
    """

    needs = frozenset({"image", "caption", "negation"})
    primary = "caption_over_negation"

    def texts(self, examples: Sequence[Example]) -> list[str]:
        return [t for i in triplets(examples) for t in (i.caption, i.paraphrase, i.negation) if t is not None]

    def score(self, examples: Sequence[Example], encodings: Encodings) -> Scores:
        items = triplets(examples)
        reworded = [i for i in items if i.paraphrase is not None]
        plain = [question(i.id, i.example, i.caption, i.negation, i.kind) for i in items]
        other = [question(i.id, i.example, i.other, i.negation, i.kind) for i in reworded]
        metrics, records = [], {}
        for view, questions in (("caption", plain), ("paraphrase", other)):
            if questions:
                name, what = f"{view}_over_negation", f"the {view} is nearer to the image than the negation"
                metric, records[name] = rated(name, what, questions, encodings)
                metrics.append(metric)
        missing = len(items) - len(reworded)
        notes = [f"{missing:,} of {len(items):,} items have no paraphrase"] if missing else []
        notes += equal_texts([q.options for q in plain], "caption and negation")
        return Scores(metrics=[*metrics, *blind(self.primary, plain)], items=records, notes=notes)
