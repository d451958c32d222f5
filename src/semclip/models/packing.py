"""Texts laid side by side without padding, each attending to itself alone: what every layout promises."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Packing(ABC):
    """Where the tokens of B texts lie in one row of N places.

    texts, positions: (N,) text and position that each place holds; a place that holds none repeats the first token of
    text 0, and nothing looks at it. last: (B,) place of each text's last token.
    """

    texts: Tensor
    positions: Tensor
    last: Tensor

    @abstractmethod
    def attend(self, qkv: Tensor, heads: int) -> Tensor:
        """softmax(q k^t / sqrt(d)) v within each text, looking back only: (N, 3W) -> (N, W) with W = heads * d."""
