"""Losses of many rows, a chunk at a time: memory grows with the chunk, not with the square of the batch."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

#: Numbers of one chunk: rows times columns. Smaller batches are one chunk and pay nothing; larger ones compute each
#: chunk's forward twice.
MAX_NUMBERS = 4 * 1024 * 1024


def by_chunks(per_row: Callable[..., Tensor], *tensors: Tensor, columns: int) -> Tensor:
    """`per_row(*tensors)` where every row's result depends on its own row of each tensor alone: (B,).

    columns: numbers that `per_row` holds for each row, such as a row of logits.
    Backward keeps a chunk's inputs and computes the rest of it anew, so that only one chunk is ever in memory.
    What `per_row` closes over (a bank of candidates, a head) gets its gradient as usual.
    """
    rows = max(1, MAX_NUMBERS // columns)
    if len(tensors[0]) <= rows:
        return per_row(*tensors)
    chunks = zip(*(torch.split(x, rows) for x in tensors), strict=True)
    return torch.cat([checkpoint(per_row, *chunk, use_reentrant=False, preserve_rng_state=False) for chunk in chunks])
