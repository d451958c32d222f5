"""The highest of many numbers, with a fixed choice among equals."""

import numpy as np


def highest(values: np.ndarray, count: int) -> np.ndarray:
    """(N,) -> places of the `count` highest, ascending; among equals at the border the first places."""
    if count >= len(values):
        return np.arange(len(values))
    if count == 0:
        return np.zeros(0, np.int64)
    least = np.partition(values, len(values) - count)[len(values) - count]
    above, equal = np.flatnonzero(values > least), np.flatnonzero(values == least)
    return np.sort(np.concatenate([above, equal[: count - len(above)]]))
