"""Two wordings of the truth and one falsehood: ITT asks the image which is false, TOT asks the texts which two agree.

The metrics of SugarCrepe++ (arXiv 2406.11171). Its scripts count a tie as wrong, as `strict` does.
"""

from collections.abc import Sequence

from semclip.core.example import Example
from semclip.evaluation.base import Scores
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.metrics.summary import item_record, proportion
from semclip.evaluation.own._pairs import equal_texts, triplets
from semclip.evaluation.own.base import DataBenchmark
from semclip.evaluation.triplets import CHANCE, Texts, itt, tot


class TripletChoice(DataBenchmark):
    """One item per negation N, with the text it was made from (P1) and another wording of that (P2).

    itt = mean 1[s(image, P1) > s(image, N) and s(image, P2) > s(image, N)]
    tot = mean 1[s(P1, P2) > s(P1, N) and s(P1, P2) > s(P2, N)], text tower only
    """

    needs = frozenset({"image", "caption", "paraphrase", "negation"})
    primary = "itt"

    def texts(self, examples: Sequence[Example]) -> list[str]:
        return [t for i in triplets(examples) for t in (i.caption, i.other, i.negation)]

    def score(self, examples: Sequence[Example], encodings: Encodings) -> Scores:
        items = triplets(examples)
        texts = Texts([i.caption for i in items], [i.other for i in items], [i.negation for i in items])
        clusters, kinds, ids = [i.cluster for i in items], [i.kind for i in items], [i.id for i in items]
        found = {
            "itt": itt(texts.with_images([i.example.image for i in items], encodings)),
            "tot": tot(texts.with_each_other(encodings)),
        }
        what = {
            "itt": "both true texts are nearer to the image than the negation",
            "tot": "the true texts are nearer to each other than to the negation",
        }
        metrics = [proportion(name, what[name], o, clusters, CHANCE, kinds) for name, o in found.items()]
        return Scores(
            metrics=[*metrics, *texts.baselines(clusters, kinds)],
            items={name: item_record(ids, outcomes, clusters, kinds) for name, outcomes in found.items()},
            notes=[
                *equal_texts([(i.caption, i.negation) for i in items], "caption and negation"),
                *equal_texts([(i.caption, i.other) for i in items], "caption and paraphrase"),
            ],
        )
