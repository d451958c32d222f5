"""Recalls of classes, and their mean; whether a label's score is the highest is `choice`."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from semclip.core.errors import UserError
from semclip.evaluation.metrics.outcomes import mean


def recalls(outcomes: ArrayLike, labels: Sequence[int] | ArrayLike) -> dict[int, float]:
    """Mean outcome of each class that has items. outcomes: (n,) in [0, 1]. labels: (n,)."""
    o, y = np.asarray(outcomes, dtype=np.float64), np.asarray(labels, dtype=np.int64)
    if o.shape != y.shape or not o.size:
        raise UserError(f"{o.size} outcomes for {y.size} labels", where="recalls", fix="give one label per outcome")
    return {int(c): mean(o[y == c]) for c in np.unique(y)}


def mean_per_class_recall(outcomes: ArrayLike, labels: Sequence[int] | ArrayLike) -> float:
    """The unweighted (macro) mean of `recalls`: classes count the same however many items they have."""
    return mean(list(recalls(outcomes, labels).values()))
