"""Segmentation: counts per class, intersection over union, its mean, and pixel accuracy."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from semclip.core.errors import UserError
from semclip.core.example import NO_LABEL
from semclip.evaluation.metrics.outcomes import TIE, Array


@dataclass(frozen=True)
class Areas:
    """Pixels per class; the sum over images of a set is the set's. Shapes: (..., C).

    both: labelled and predicted so. labelled, predicted: all pixels so labelled, so predicted.
    Whole numbers, exact up to 2^53, unless pixels tie (`areas_of_scores`).
    """

    both: Array
    labelled: Array
    predicted: Array

    @property
    def iou(self) -> Array:
        """both / (labelled + predicted - both); NaN for a class that is nowhere, neither in truth nor in prediction."""
        return _ratio(self.both, self.labelled + self.predicted - self.both)

    @property
    def mean_iou(self) -> Array:
        """The mean over classes that are somewhere. Shape (...); NaN where no pixel is scored."""
        iou = self.iou
        known = ~np.isnan(iou)
        return _ratio(np.where(known, iou, 0.0).sum(axis=-1), known.sum(axis=-1).astype(np.float64))

    @property
    def pixel_accuracy(self) -> Array:
        """Share of all scored pixels that are right (aAcc). Shape (...)."""
        return _ratio(self.both.sum(axis=-1), self.labelled.sum(axis=-1))

    def __getitem__(self, which: Any) -> "Areas":
        """The areas of some images."""
        return Areas(self.both[which], self.labelled[which], self.predicted[which])

    def sum(self) -> "Areas":
        """All images together."""
        return Areas(self.both.sum(axis=0), self.labelled.sum(axis=0), self.predicted.sum(axis=0))


def stacked(areas: list[Areas]) -> Areas:
    """(n, C) of n images."""
    return Areas(
        *(np.stack(counts) for counts in zip(*((a.both, a.labelled, a.predicted) for a in areas), strict=True))
    )


def confusion(labels: ArrayLike, predictions: ArrayLike, classes: int, ignore: int = NO_LABEL) -> NDArray[np.int64]:
    """(C, C) int64 pixels of each label (row) and prediction (column); pixels labelled `ignore` are left out.

    labels, predictions: whole numbers of one shape. Raises UserError for a value that is no class.
    """
    y, p = np.asarray(labels), np.asarray(predictions)
    if y.shape != p.shape:
        raise UserError(
            f"labels of shape {y.shape}, predictions of shape {p.shape}",
            where="confusion",
            fix="predict a label for each pixel",
        )
    scored = y != ignore
    y, p = y[scored].astype(np.int64), p[scored].astype(np.int64)
    for values, what in ((y, "label"), (p, "prediction")):
        if values.size and not 0 <= values.min() <= values.max() < classes:
            wrong = values[(values < 0) | (values >= classes)][0]
            raise UserError(
                f"a {what} of {wrong} where there are {classes} classes",
                where="confusion",
                fix=f"use 0 to {classes - 1}, and {ignore} for pixels that are not scored",
            )
    return np.bincount(y * classes + p, minlength=classes * classes).reshape(classes, classes)


def areas(labels: ArrayLike, predictions: ArrayLike, classes: int, ignore: int = NO_LABEL) -> Areas:
    """The areas of one image, from its `confusion`."""
    counts = confusion(labels, predictions, classes, ignore).astype(np.float64)
    return Areas(np.diag(counts).copy(), counts.sum(axis=1), counts.sum(axis=0))


def areas_of_scores(labels: ArrayLike, scores: ArrayLike, ignore: int = NO_LABEL) -> Areas:
    """The areas of one image where each pixel is given its best class. labels: (H, W); scores: (C, H, W).

    m classes that tie at a pixel get 1/m of it each: what drawing one of them gives on average. So scores that are the
    same for all classes score `chance`, and not what the class that happens to be first scores.
    Raises UserError for scores that are NaN.
    """
    y, s = np.asarray(labels), np.asarray(scores, dtype=np.float64)
    if np.isnan(s).any():
        raise UserError("scores of pixels hold NaN", where="areas_of_scores", fix="look at the model's embeddings")
    best = s >= s.max(axis=0) - TIE  # (C, H, W)
    count = best.sum(axis=0)  # (H, W)
    plain = areas(np.where(count == 1, y, ignore), best.argmax(axis=0), len(s), ignore)
    tied = (count > 1) & (y != ignore)
    if not tied.any():
        return plain
    part = best[:, tied] / count[tied]  # (C, t)
    of = confusion(y[tied], y[tied], len(s), ignore)  # checks the labels, too
    both = np.bincount(y[tied], part[y[tied], np.arange(part.shape[1])], minlength=len(s))
    return Areas(plain.both + both, plain.labelled + np.diag(of), plain.predicted + part.sum(axis=1))


def chance(labelled: ArrayLike) -> Areas:
    """The areas of guessing each pixel's class with equal probability, on average. labelled: (..., C)."""
    n = np.asarray(labelled, dtype=np.float64)
    guess = np.broadcast_to(n.sum(axis=-1, keepdims=True), n.shape) / n.shape[-1]
    return Areas(n / n.shape[-1], n, guess)


def constant(labelled: ArrayLike) -> Areas:
    """The areas of giving every pixel the most frequent class. labelled: (C,)."""
    n = np.asarray(labelled, dtype=np.float64)
    first = np.arange(len(n)) == n.argmax()
    return Areas(np.where(first, n, 0.0), n, np.where(first, n.sum(), 0.0))


def harmonic_mean(seen: float, unseen: float) -> float:
    """2 s u / (s + u): the one number of zero-shot segmentation, 0 where either is 0."""
    return 2 * seen * unseen / (seen + unseen) if seen + unseen else 0.0


def _ratio(above: Array, below: Array) -> Array:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(below > 0, above / below, np.nan))
