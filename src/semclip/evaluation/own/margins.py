"""Mean and spread of image-text similarity per view, and the texts and similarities of each test item."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from semclip.core.example import Example
from semclip.core.seeds import derive_seed
from semclip.evaluation.base import Scores
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.metrics.result import Metric
from semclip.evaluation.metrics.summary import average, together
from semclip.evaluation.own._pairs import negation_kinds, triplets
from semclip.evaluation.own.base import DataBenchmark, cluster

_VIEWS = ("caption", "paraphrase", "negation", "absence")
_RESAMPLES = 1000


class Margins(DataBenchmark):
    """Cosines, not proportions: where the texts lie, for histograms and a gallery.

    caption_minus_negation = mean(s(image, caption) - s(image, negation)), over all negations.
    {view}_similarity and {view}_spread: mean and standard deviation over the items of `extra["items"]`, which hold one
    text per view and example: the caption, its first paraphrase, and a negation and an absence drawn by the example's
    id, so that all kinds are seen. Cosines of different models are on different scales: compare signs, not sizes.
    """

    needs = frozenset({"image", "caption", "negation"})
    primary = "caption_minus_negation"

    def texts(self, examples: Sequence[Example]) -> list[str]:
        shown = [text for e in examples for text in _shown(e)[0].values()]
        return shown + [t for i in triplets(examples) for t in (i.caption, i.negation)]

    def score(self, examples: Sequence[Example], encodings: Encodings) -> Scores:
        pairs = triplets(examples)
        images = [i.example.image for i in pairs]
        margin = encodings.similarity(images, [i.caption for i in pairs]) - encodings.similarity(
            images, [i.negation for i in pairs]
        )
        description = "how much nearer the caption is to the image than its negation"
        clusters = [i.cluster for i in pairs]
        metrics = [average(self.primary, description, margin, clusters, "cosine", chance=0.0)]
        similarity: list[dict[str, float]] = [{} for _ in examples]
        shown = [_shown(e) for e in examples]
        for view in _VIEWS:
            own = [i for i, (texts, _) in enumerate(shown) if view in texts]
            if own:
                values = encodings.similarity([examples[i].image for i in own], [shown[i][0][view] for i in own])
                metrics += _mean_and_spread(view, values, [cluster(examples[i]) for i in own])
                for i, value in zip(own, values, strict=True):
                    similarity[i][view] = float(value)
        items: list[dict[str, Any]] = [
            {
                "id": e.id,
                "image": str(e.image.path) if e.image.path else "",
                "image_name": e.image.name,
                "texts": texts,
                "similarity": values,
                "negation_kind": kind,
            }
            for e, (texts, kind), values in zip(examples, shown, similarity, strict=True)
        ]
        return Scores(metrics=metrics, extra={"items": items})


def _mean_and_spread(view: str, values: np.ndarray, clusters: Sequence[str]) -> list[Metric]:
    what = f"similarity of image and {view}"
    spread = f"standard deviation of the {what}"
    return [
        average(f"{view}_similarity", f"mean {what}", values, clusters, "cosine"),
        together(f"{view}_spread", spread, lambda i: float(values[i].std()), clusters, _RESAMPLES, unit="cosine"),
    ]


def _shown(example: Example) -> tuple[dict[str, str], str]:
    """One text per view, and the kind of the negation among them."""
    drawn = derive_seed("margins", example.id)
    texts = {view: example.texts(view)[0] for view in ("caption", "paraphrase") if example.has(view)}
    texts |= {v: example.texts(v)[drawn % len(example.texts(v))] for v in ("negation", "absence") if example.has(v)}
    return texts, negation_kinds(example)[drawn % len(example.negations)]
