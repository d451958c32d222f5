"""Collective operations of the processes that train together: agree, average, gather, write once, fail together."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from lightning.fabric import Fabric
from rich.console import Console
from torch import Tensor

from semclip.core.console import make_console
from semclip.core.errors import UserError

T = TypeVar("T")

#: Exit code of a rank that stops because of an error that rank 0 reports.
_TOLD_ELSEWHERE = 2


class Ranks:
    """This process among `world_size` equal ones; for a single process, everything here is free and does nothing.

    Every method but `noting_rank` and `console` is collective: all ranks must call it, in the same order.
    """

    def __init__(self, fabric: Fabric | None = None) -> None:
        """Without a launched Fabric: a single process."""
        self.rank, self.world_size = (fabric.global_rank, fabric.world_size) if fabric else (0, 1)
        self.device = fabric.device if fabric else torch.device("cpu")

    @property
    def first(self) -> bool:
        """Whether this is rank 0: the only one that prints and writes."""
        return self.rank == 0

    def console(self, console: Console) -> Console:
        """The console on rank 0, a silent one elsewhere."""
        return console if self.first else make_console(quiet=True)

    def on_rank_zero(self, work: Callable[[], T]) -> T:
        """The result of `work` on rank 0, the only one to run it; the others wait. A UserError there ends all ranks."""
        value: Any = None
        error: UserError | None = None
        if self.first:
            try:
                value = work()
            except UserError as raised:
                error = raised
        value, error = self._from_first((value, error))
        if error is not None and self.first:
            raise error
        if error is not None:
            raise SystemExit(_TOLD_ELSEWHERE)
        return value

    def rank_zero_first(self, work: Callable[[], T]) -> T:
        """Every rank's own `work()`: rank 0 first, then the others, who find the files that it has written."""
        results: list[T] = []
        self.on_rank_zero(lambda: results.append(work()))
        return results[0] if self.first else work()

    def mean(self, values: Tensor) -> Tensor:
        """The mean over ranks of a tensor."""
        if self.world_size == 1:
            return values
        total = values.detach().clone()
        dist.all_reduce(total)
        return total / self.world_size

    def all_max(self, *numbers: int) -> list[int]:
        """The largest of each number over ranks; shares flags and requests between them."""
        if self.world_size == 1:
            return list(numbers)
        largest = torch.tensor(numbers, dtype=torch.int64, device=self.device)
        dist.all_reduce(largest, op=dist.ReduceOp.MAX)
        return [int(number) for number in largest.tolist()]

    def all_gather(self, value: T) -> list[T]:
        """The values of all ranks, in rank order; plain objects."""
        if self.world_size == 1:
            return [value]
        values: list[Any] = [None] * self.world_size
        dist.all_gather_object(values, value)
        return values

    @contextlib.contextmanager
    def noting_rank(self) -> Iterator[None]:
        """Around what may fail on this rank only: its UserError gets a note with the rank, unless that is rank 0."""
        try:
            yield
        except UserError as error:
            if not self.first:
                error.add_note(f"on rank {self.rank}")
            raise

    def _from_first(self, value: T) -> T:
        if self.world_size == 1:
            return value
        values: list[Any] = [value]
        dist.broadcast_object_list(values, device=self.device)
        return values[0]


#: One process that trains by itself.
SINGLE_PROCESS = Ranks()


def gather(x: Tensor) -> Tensor:
    """Rows of all ranks: (B, ...) on each -> (ranks * B, ...), in rank order, the same on all, with gradient.

    B must be the same on every rank. A loss on rank r compares its own rows with those of all ranks, and is a mean
    over its own rows. So each row of x has a gradient from every rank, and dL_r/dx is their sum; averaged over ranks,
    as all gradients of parameters are, that is the gradient of the mean over the global batch.
    """
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
