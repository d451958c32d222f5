"""Zero-shot classification as CLIP_benchmark does it: templates and class names from files, test splits only."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from semclip.evaluation.base import Scores
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.metrics.outcomes import Outcomes
from semclip.evaluation.metrics.result import Metric
from semclip.evaluation.metrics.retrieval import chance_recall_at, recall_at
from semclip.evaluation.metrics.summary import alike, item_record, macro
from semclip.evaluation.public._image_sets import Classes, Labelled
from semclip.evaluation.public._zeroshot import ImageSets, Ranked, joint, over_sets, ranked, sizes


class ZeroshotClassification(ImageSets):
    """Every image set below ROOT/zeroshot_classification, each image against the classes of its set.

    Class row: each template's embedding normalised, mean over templates, normalised again. Score: cosine.
    acc1, acc5             the label is the nearest class, or among the five nearest (sets with 5 classes or more)
    mean_per_class_recall  mean over the classes that have images
    Several sets: the mean over sets, each counting alike (macro); slices are the sets. `official_`: the same by argmax
    and torch.topk of 100 x the float32 cosines, whose order of ties is unspecified (LAION-AI/CLIP_benchmark
    metrics/zeroshot_classification.py). Layouts and files: see `_image_sets`. When to use: what a fine-tune for
    negation cost.
    """

    licence = "that of each image set; templates and class names of CLIP_benchmark: MIT"
    source = "LAION-AI/CLIP_benchmark@48de38c1"
    primary = "acc1"

    files_have_templates = True

    def templates(self, classes: Classes) -> Sequence[str]:
        return classes.templates

    def defects(self, sets: Sequence[Classes]) -> list[str]:
        return [
            f"{classes.of}: {len(classes.names) - len(set(classes.names))} class names stand for several classes: "
            "ties by construction"
            for classes in sets
            if len(set(classes.names)) < len(classes.names)
        ]

    def score(self, items: Sequence[Labelled], encodings: Encodings) -> Scores:
        sets = ranked(items, encodings, self.templates)
        five = [s for s in sets if len(s.in_top5)]
        metrics = [
            *over_sets("acc1", "the label is the nearest class", sets, [s.right for s in sets], 1),
            *over_sets(
                "official_acc1", "the label is the argmax", sets, [s.official_right for s in sets], 1, kind="official"
            ),
            *over_sets("acc5", "the label is among the 5 nearest", five, [recall_at(s.ranks, 5) for s in five], 5),
            *over_sets(
                "official_acc5",
                "the label is in torch.topk(5)",
                five,
                [Outcomes(s.in_top5, s.in_top5, s.in_top5) for s in five],
                5,
                kind="official",
            ),
            _recall("mean_per_class_recall", sets, [s.right for s in sets]),
            _recall("official_mean_per_class_recall", sets, [s.official_right for s in sets], kind="official"),
        ]
        right, names = joint([s.right for s in sets]), [s.items[0].classes.of for s in sets for _ in s.items]
        ids = [item.image.name for s in sets for item in s.items]
        small = [s.items[0].classes.of for s in sets if not len(s.in_top5)]
        notes = sizes(sets)
        notes += [f"no acc5 of {', '.join(small)}: fewer than 5 classes"] if small else []
        return Scores(
            metrics=metrics, items={"acc1": item_record(ids, right, ids, names, weights=alike(names))}, notes=notes
        )


def _recall(name: str, sets: Sequence[Ranked], outcomes: Sequence[Outcomes], kind: str = "model") -> Metric:
    what = "mean of the classes' recalls: classes count the same however many images they have (macro)"
    weights = [alike([str(label) for label in s.labels]) for s in sets]
    clusters = [[item.image.name for item in s.items] for s in sets]
    chances = [chance_recall_at(s.ranks, 1) for s in sets]
    slices = {
        (of := s.items[0].classes.of): macro(name, f"{what}; only {of}", o, c, g, w, kind)
        for s, o, c, g, w in zip(sets, outcomes, clusters, chances, weights, strict=True)
    }
    whole = macro(
        name,
        what,
        joint(outcomes),
        [image for own in clusters for image in own],
        np.concatenate(chances),
        np.concatenate(weights) / len(sets),
        kind,
    )
    return replace(whole, per_slice=slices)
