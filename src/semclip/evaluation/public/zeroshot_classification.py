"""Zero-shot classification as CLIP_benchmark does it: templates and class names from files, test splits only."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from semclip.core.example import ImageRef
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.metrics.outcomes import Outcomes
from semclip.evaluation.metrics.result import Metric
from semclip.evaluation.metrics.retrieval import chance_recall_at, recall_at
from semclip.evaluation.own.base import Scores, item_record, share
from semclip.evaluation.public._image_sets import Labelled, Ranked, ranked, read_sets
from semclip.evaluation.public._macro import alike, macro
from semclip.evaluation.public.base import AnnotationFile, Items, Pictures, Published


class ZeroshotClassification(Published):
    """Every image set below ROOT/zeroshot_classification, each image against the classes of its set.

    Class row: each template's embedding normalised, mean over templates, normalised again. Score: cosine.
    acc1, acc5             the label is the nearest class, or among the five nearest (sets with 5 classes or more)
    mean_per_class_recall  mean over the classes that have images
    Several sets: the mean over sets, each counting alike (macro); slices are the sets. `official_`: the same by argmax
    and torch.topk of 100 x the float32 cosines, whose order of ties is unspecified (LAION-AI/CLIP_benchmark
    metrics/zeroshot_classification.py). Layouts and files: see `_image_sets`. When to use: what a fine-tune for
    negation cost.
    """

    files: ClassVar[Sequence[AnnotationFile]] = ()
    pictures: ClassVar[Pictures | None] = Pictures(
        name="the image sets",
        folder="zeroshot_classification",
        obtain="download a set with torchvision, or a webdataset of clip-benchmark, into zeroshot_classification/NAME/",
        listed=False,
    )
    licence: ClassVar[str] = "that of each image set; templates and class names of CLIP_benchmark: MIT"
    source: ClassVar[str] = "LAION-AI/CLIP_benchmark@48de38c1"
    primary: ClassVar[str] = "acc1"

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """sets: names of folders; all that are there where empty. split: the folder of a set to read."""

        sets: tuple[str, ...] = ()
        split: str = "test"

    config: Config

    def images_of(self, item: Labelled) -> Sequence[ImageRef]:
        return (item.image,)

    def read(self, folder: Path, images: Path) -> Items:
        items = read_sets(images, self.config.sets, self.config.split)
        kinds = list(dict.fromkeys(item.classes for item in items))
        twice = [
            f"{kind.of}: {len(kind.names) - len(set(kind.names))} class names stand for several classes: "
            "ties by construction"
            for kind in kinds
            if len(set(kind.names)) < len(kind.names)
        ]
        texts = [text for kind in kinds for text in kind.texts(kind.templates)]
        return Items(items=items, images=[item.image for item in items], texts=texts, defects=twice)

    def score(self, items: Sequence[Labelled], encodings: Encodings) -> Scores:
        sets = ranked(items, encodings, lambda classes: classes.templates)
        five = [s for s in sets if len(s.in_five)]
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
                [Outcomes(s.in_five, s.in_five, s.in_five) for s in five],
                5,
                kind="official",
            ),
            _recall("mean_per_class_recall", sets, [s.right for s in sets]),
            _recall("official_mean_per_class_recall", sets, [s.official_right for s in sets], kind="official"),
        ]
        right, names = joint([s.right for s in sets]), [s.items[0].classes.of for s in sets for _ in s.items]
        ids = [item.image.name for s in sets for item in s.items]
        small = [s.items[0].classes.of for s in sets if not len(s.in_five)]
        notes = sizes(sets)
        notes += [f"no acc5 of {', '.join(small)}: fewer than 5 classes"] if small else []
        return Scores(metrics=metrics, items={"acc1": item_record(ids, right, ids, names)}, notes=notes)


def sizes(sets: Sequence[Ranked]) -> list[str]:
    """A note per set: how many images and classes it has, and which classes no image is of."""
    found = []
    for s in sets:
        classes = s.items[0].classes
        empty = [name for label, name in enumerate(classes.names) if label not in set(s.labels.tolist())]
        without = f"; no image of {len(empty):,} of them ({', '.join(empty[:3])}{', ...' * (len(empty) > 3)})"
        found.append(f"{classes.of}: {len(s.items):,} images, {len(classes.names):,} classes{without if empty else ''}")
    return found


def over_sets(
    name: str, description: str, sets: Sequence[Ranked], outcomes: Sequence[Outcomes], k: int, **how: Any
) -> list[Metric]:
    """The mean over sets, each counting alike, with a slice per set; none where there is no set."""
    if not sets:
        return []
    names = [s.items[0].classes.of for s in sets]
    clusters = [[item.image.name for item in s.items] for s in sets]
    chances = [chance_recall_at(s.ranks, k) for s in sets]
    slices = {
        n: share(name, f"{description}; only {n}", o, c, g, **how)
        for n, o, c, g in zip(names, outcomes, clusters, chances, strict=True)
    }
    better = how.pop("higher_is_better", True)
    whole = macro(
        name,
        f"{description}; mean over {len(sets)} sets",
        joint(outcomes),
        [c for own in clusters for c in own],
        np.concatenate(chances),
        alike([n for n, own in zip(names, clusters, strict=True) for _ in own]),
        **how,
    )
    return [replace(whole, per_slice=slices, higher_is_better=better)]


def _recall(name: str, sets: Sequence[Ranked], outcomes: Sequence[Outcomes], kind: str = "model") -> Metric:
    weights = [alike([str(label) for label in s.labels]) / len(sets) for s in sets]
    return macro(
        name,
        "mean of the classes' recalls: classes count the same however many images they have (macro)",
        joint(outcomes),
        [item.image.name for s in sets for item in s.items],
        np.concatenate([chance_recall_at(s.ranks, 1) for s in sets]),
        np.concatenate(weights),
        kind,
    )


def joint(outcomes: Sequence[Outcomes]) -> Outcomes:
    """The outcomes of several sets, one after the other."""
    return Outcomes(
        np.concatenate([o.expected for o in outcomes]),
        np.concatenate([o.strict for o in outcomes]),
        np.concatenate([o.optimistic for o in outcomes]),
    )
