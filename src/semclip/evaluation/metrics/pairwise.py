"""Two scores per item: the right one must be higher."""

import numpy as np
from numpy.typing import ArrayLike

from semclip.core.errors import UserError
from semclip.evaluation.metrics.outcomes import TIE, Outcomes, finite

#: What a guess scores.
CHANCE = 0.5


def pairwise(right: ArrayLike, wrong: ArrayLike) -> Outcomes:
    """Whether right[i] > wrong[i]; a tie is 0.5 (expected), 0 (strict) or 1 (optimistic). right, wrong: (n,)."""
    r, w = finite(right, "the right scores"), finite(wrong, "the wrong scores")
    if r.shape != w.shape or r.ndim != 1:
        raise UserError(f"scores of shapes {r.shape} and {w.shape}", where="pairwise", fix="give two equal rows")
    win = r > w + TIE
    tie = np.abs(r - w) <= TIE
    return Outcomes(win + 0.5 * tie, win.astype(np.float64), (win | tie).astype(np.float64))
