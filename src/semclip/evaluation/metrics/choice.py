"""One right answer among K: its score must be the highest."""

import numpy as np
from numpy.typing import ArrayLike

from semclip.core.errors import UserError
from semclip.evaluation.metrics.outcomes import TIE, Outcomes, finite


def choice(scores: ArrayLike, answer: ArrayLike) -> Outcomes:
    """Whether scores[i, answer[i]] is the highest of row i; tied with t others it counts 1 / (1 + t).

    scores: (n, K). answer: (n,) indices, or one index for all rows.
    To ask for the lowest score, pass the scores negated.
    """
    s = finite(scores, "the scores")
    if s.ndim != 2 or s.shape[1] < 2:
        raise UserError(f"scores of shape {s.shape}", where="choice", fix="give (items, options), two options or more")
    a = np.broadcast_to(np.asarray(answer, dtype=np.int64), s.shape[:1])
    if a.size and (a.min() < 0 or a.max() >= s.shape[1]):
        raise UserError(f"an answer outside the {s.shape[1]} options", where="choice", fix="count options from 0")
    rows = np.arange(len(s))
    own = s[rows, a][:, None]  # (n, 1)
    beaten = (s > own + TIE).any(axis=1)
    ties = (np.abs(s - own) <= TIE).sum(axis=1) - 1  # the answer ties with itself
    best = np.logical_not(beaten)
    expected = np.where(best, 1.0 / (1.0 + ties), 0.0)
    return Outcomes(expected, np.asarray(best & (ties == 0), dtype=np.float64), np.asarray(best, dtype=np.float64))


def chance(options: int) -> float:
    """What a guess among `options` scores."""
    return 1.0 / options
