"""What every counting rule returns: one outcome per item under three rules for ties."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from semclip.core.errors import UserError

Array = NDArray[np.float64]

#: Scores closer than this are equal. Far above the rounding of float64 dot products (1e-16), so that the order in which
#: a product is summed decides nothing; far below any difference that float32 embeddings can carry (1e-8).
TIE = 1e-12


@dataclass(frozen=True)
class Outcomes:
    """One outcome in [0, 1] per item. Shapes: n items.

    expected:   (n,) a tie counts as the expected score when equal scores are put in random order.
    strict:     (n,) a tie counts as wrong: the rule of the official SemCLIP and SugarCrepe++ scripts.
    optimistic: (n,) a tie counts as right.
    """

    expected: Array
    strict: Array
    optimistic: Array

    @classmethod
    def certain(cls, right: ArrayLike) -> "Outcomes":
        """Outcomes by a rule that knows no ties. right: (n,) of 0 and 1, or of bool."""
        y = np.asarray(right, dtype=np.float64)
        return cls(y, y, y)

    def __len__(self) -> int:
        return len(self.expected)

    def __getitem__(self, which: Any) -> "Outcomes":
        """The outcomes of some items, by index array or mask."""
        return Outcomes(self.expected[which], self.strict[which], self.optimistic[which])

    @property
    def ties(self) -> int:
        """Items whose outcome hangs on how ties are counted."""
        return int(np.count_nonzero(self.strict != self.optimistic))

    @property
    def value(self) -> float:
        """Mean of `expected`."""
        return mean(self.expected)


def mean(values: ArrayLike) -> float:
    """The mean in float64, not depending on the order of the values. Raises UserError for none."""
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    if not ordered.size:
        raise UserError("the mean of no items", where="metrics", fix="give at least one item")
    return float(ordered.mean())


def finite(values: ArrayLike, what: str) -> Array:
    """`values` as float64. Raises UserError for NaN or infinity, naming the first row."""
    array = np.asarray(values, dtype=np.float64)
    if not np.isfinite(array).all():
        row = np.argwhere(~np.isfinite(array))[0]
        raise UserError(
            f"{what} hold NaN or infinity", where=f"row {int(row[0])}", fix="look at the model's embeddings"
        )
    return array
