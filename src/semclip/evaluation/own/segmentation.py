"""Which class every pixel belongs to, read from the dense features of a model that never saw a mask."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import compress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semclip.core.errors import UserError, did_you_mean
from semclip.core.example import Example, ImageRef
from semclip.core.protocols import DenseEncoder, DenseReading, DualEncoder
from semclip.data.masks import BACKGROUND, GroundTruth
from semclip.evaluation.base import Scores
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.metrics.intervals import proportion_interval
from semclip.evaluation.metrics.outcomes import Array, mean
from semclip.evaluation.metrics.result import Metric
from semclip.evaluation.metrics.segmentation import Areas, areas_of_scores, chance, constant, harmonic_mean, stacked
from semclip.evaluation.metrics.summary import together
from semclip.evaluation.own.base import DataBenchmark, cluster
from semclip.evaluation.prompts import check_templates, class_rows, fill

_RESAMPLES = 500


class Segmentation(DataBenchmark):
    """Pixels of masks (column `mask`: an image of class numbers), each given the class whose text is nearest.

    miou:           mean over classes of IoU_k = both_k / (labelled_k + predicted_k - both_k), pixels counted over all
                    images; a class that is nowhere is left out. Slices are the IoU of the classes.
    pixel_accuracy: proportion of all scored pixels that are right.   image_accuracy: its mean over images.
    seen_miou, unseen_miou, harmonic: with `unseen`, for models that were trained on the other classes.

    What the numbers in masks mean stands in `classes.json` ({"0": "background", "1": "red circle", ...}) beside the
    masks or one folder up; 255 is never scored. Background is what nothing says is a class, and has to be named:
    without `background` and `threshold` its pixels are not scored and it cannot be predicted, as the published VOC-20
    and Context-59 numbers have it (`reduce_zero_label`); with either it is one more class.
    Chance gives each pixel any class with equal probability; the baseline gives all the most frequent one.

    Paper: arXiv 2112.01071 (MaskCLIP, named DenseCLIP in its first version). Deviations: masks at their own size, whole
    images resized without padding, counts as exact integers, ties shared among the classes that tie.
    """

    needs = frozenset({"image", "mask"})
    primary = "miou"

    @dataclass(frozen=True, kw_only=True)
    class Config(DenseReading):
        """Options of `DenseReading` and of the texts.

        templates:  texts with `{}` where the class name goes; their unit embeddings are averaged.
        background: prompts of the background, as they stand: `plain wall`, `sky`.
        unseen:     names of classes that a trained model was not shown.
        classes:    path of `classes.json`, where it lies elsewhere.
        """

        templates: tuple[str, ...] = ("a photo of a {}",)
        background: tuple[str, ...] = ()
        unseen: tuple[str, ...] = ()
        classes: str = ""

        def __post_init__(self) -> None:
            check_templates(self.templates, "benchmark 'segmentation'")

    def why_not(self, encoder: DualEncoder) -> str:
        return encoder.why_not_dense() if isinstance(encoder, DenseEncoder) else "it has no dense features"

    def images(self, examples: Sequence[Example]) -> list[ImageRef]:
        return []  # whole images are read one by one, and no embedding of theirs is asked for

    def texts(self, examples: Sequence[Example]) -> list[str]:
        names = self.truth(examples).names
        return [fill(t, name) for t in self.config.templates for name in names] + list(self.config.background)

    def open(self, examples: Sequence[Example]) -> None:
        truth = self.truth(examples)
        for example in truth.examples:
            truth.mask(example)

    def truth(self, examples: Sequence[Example]) -> GroundTruth:
        """The masks of the examples' images, with or without background, by the options."""
        scored = bool(self.config.background or self.config.threshold)
        return GroundTruth.of(examples, scored, self.config.classes)

    def score(self, examples: Sequence[Example], encodings: Encodings) -> Scores:
        truth = self.truth(examples)
        rows = class_rows(encodings, self.config.templates, truth.names)  # (K, D)
        ground = encodings.text(self.config.background) if self.config.background else rows[:0]  # (P, D)
        areas = []
        for e in truth.examples:
            mask = truth.mask(e)  # (H, W)
            size = (mask.shape[0], mask.shape[1])
            found = encodings.class_scores(e.image, size, rows, ground, self.config)  # (C, H, W)
            areas.append(areas_of_scores(mask, found))
        return scores_of(stacked(areas), truth, self.config.unseen)


def scores_of(areas: Areas, truth: GroundTruth, unseen: Sequence[str] = ()) -> Scores:
    """Metrics from the areas (n, C) of the images of `truth`: chance, baseline, slices, intervals over images."""
    labelled = areas.labelled.sum(axis=1)  # (n,)
    if not labelled.any():
        raise UserError("no pixel of these masks is scored", where=truth.examples[0].where, fix="look at the masks")
    own = [e for e, count in zip(truth.examples, labelled, strict=True) if count]
    areas = areas[labelled > 0]
    total, guess = areas.sum(), chance(areas.labelled.sum(axis=0))
    right, clusters = areas.pixel_accuracy, [cluster(e) for e in own]
    metrics = [
        _mean_iou("miou", "mean IoU of the classes", areas, guess, truth, clusters, slice(None)),
        _over_images(
            "pixel_accuracy",
            "proportion of all scored pixels that are right (aAcc)",
            lambda items: float(areas[items].sum().pixel_accuracy),
            clusters,
            float(guess.pixel_accuracy),
            unit="share",
        ),
        Metric(
            name="image_accuracy",
            value=mean(right),
            n=len(own),
            description="mean over images of the proportion of scored pixels that are right",
            interval=proportion_interval(right, clusters),
            chance=float(guess.pixel_accuracy),
        ),
        Metric(
            name="blind_most_frequent",
            value=float(constant(total.labelled).mean_iou),
            n=len(own),
            description="mean IoU of giving every pixel the most frequent class of these masks",
            chance=float(guess.mean_iou),
            unit="IoU",
            kind="baseline",
        ),
        *(_seen_and_unseen(areas, guess, truth, clusters, unseen) if unseen else ()),
    ]
    absent = int(np.isnan(total.iou).sum())
    background = "is one" if BACKGROUND in truth.classes else "is not scored"
    notes = [f"{len(truth.classes)} classes, {absent} of them nowhere; background {background}"]
    if len(own) < len(truth.examples):
        notes.append(f"{len(truth.examples) - len(own):,} images have no scored pixel")
    items = {"id": [e.id for e in own], "outcome": right.tolist(), "slice": [""] * len(own), "cluster": clusters}
    return Scores(metrics=metrics, items={"image_accuracy": items}, extra={"classes": truth.classes}, notes=notes)


def _over_images(
    name: str,
    description: str,
    statistic: Callable[[NDArray[np.int64]], float],
    clusters: Sequence[str],
    guess: float,
    unit: str = "IoU",
    **fields: Any,
) -> Metric:
    """A number of n images together. statistic: image indices -> number."""
    what = f"{description}; pixels counted over all n images"
    return together(name, what, statistic, clusters, _RESAMPLES, chance=guess, unit=unit, **fields)


def _mean_iou(
    name: str, description: str, areas: Areas, guess: Areas, truth: GroundTruth, clusters: Sequence[str], which: Any
) -> Metric:
    slices = {}
    for k in np.arange(len(truth.classes))[which]:
        there = areas.labelled[:, k] + areas.predicted[:, k] > 0  # (n,)
        if there.any():
            what = f"IoU of {truth.classes[k]}, in images where it is or is predicted"
            both, union = areas.both[there, k], (areas.labelled + areas.predicted - areas.both)[there, k]
            share, own = partial(_share, both, union), list(compress(clusters, there))
            slices[truth.classes[k]] = _over_images(name, what, share, own, float(guess.iou[k]))
    return _over_images(
        name,
        description,
        lambda items: _mean(areas[items].sum().iou[which]),
        clusters,
        _mean(guess.iou[which]),
        per_slice=slices,
    )


def _share(part: Array, whole: Array, items: NDArray[np.int64]) -> float:
    return float(part[items].sum() / whole[items].sum())


def _seen_and_unseen(
    areas: Areas, guess: Areas, truth: GroundTruth, clusters: Sequence[str], unseen: Sequence[str]
) -> list[Metric]:
    for name in unseen:
        if name not in truth.names:
            raise UserError(
                f"'{name}' is no class of these masks",
                where="benchmark 'segmentation', option 'unseen'",
                fix=did_you_mean(name, truth.names),
            )
    new = np.isin(truth.classes, unseen)

    def harmonic(iou: Array) -> float:
        return harmonic_mean(_mean(iou[~new]), _mean(iou[new]))

    return [
        _mean_iou("seen_miou", "mean IoU of the classes shown in training", areas, guess, truth, clusters, ~new),
        _mean_iou("unseen_miou", "mean IoU of the other classes", areas, guess, truth, clusters, new),
        _over_images(
            "harmonic",
            "harmonic mean of seen and unseen mean IoU",
            lambda items: harmonic(areas[items].sum().iou),
            clusters,
            harmonic(guess.iou),
        ),
    ]


def _mean(iou: Array) -> float:
    """The mean over classes that are somewhere; 0 where none of them is."""
    known = iou[~np.isnan(iou)]
    return float(known.mean()) if len(known) else 0.0
