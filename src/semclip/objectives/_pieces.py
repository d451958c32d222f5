"""Losses of many rows, a piece at a time: memory grows with the piece, not with the square of the batch."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

#: Numbers of one piece: rows times columns. Smaller batches are one piece and pay nothing; larger ones compute each
#: piece's forward twice.
NUMBERS = 4 * 1024 * 1024


def by_pieces(per_row: Callable[..., Tensor], *tensors: Tensor, columns: int) -> Tensor:
    """`per_row(*tensors)` where every row's result depends on its own row of each tensor alone: (B,).

    columns: numbers that `per_row` holds for each row, such as a row of logits.
    Backward keeps a piece's inputs and computes the rest of it anew, so that only one piece is ever in memory.
    What `per_row` closes over (a bank of candidates, a head) gets its gradient as usual.
    """
    rows = max(1, NUMBERS // columns)
    if len(tensors[0]) <= rows:
        return per_row(*tensors)
    pieces = zip(*(torch.split(x, rows) for x in tensors), strict=True)
    return torch.cat([checkpoint(per_row, *piece, use_reentrant=False, preserve_rng_state=False) for piece in pieces])
