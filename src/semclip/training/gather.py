"""The one place where rows meet over ranks: concatenated in rank order, with gradient; the identity on one rank.

A loss on rank r compares its own rows with everyone's, and is a mean over its own rows. Each row of x so has a gradient
from every rank, and dL_r/dx is theirs summed; averaged over ranks, as all gradients of parameters are, that is the
gradient of the mean over the global batch.
"""

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor


def gather(x: Tensor) -> Tensor:
    """Rows of all ranks: (B, ...) on each -> (ranks * B, ...), the same on all. B must be the same on every rank."""
    if not (dist.is_available() and dist.is_initialized()) or dist.get_world_size() == 1:
        return x
    rows: Tensor = _Gather.apply(x)
    return rows


def first_row(rows: int) -> int:
    """Where the first of this rank's `rows` rows stands among those of all ranks."""
    return rows * dist.get_rank() if dist.is_available() and dist.is_initialized() else 0


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        pieces = [torch.empty_like(x, memory_format=torch.contiguous_format) for _ in range(dist.get_world_size())]
        dist.all_gather(pieces, x.contiguous())
        return torch.cat(pieces)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        # Reduced as a whole and cut: reduce_scatter would send half as much, but gloo has none for every type.
        total = gradient.contiguous().clone()
        dist.all_reduce(total)
        return total.chunk(dist.get_world_size())[dist.get_rank()]
