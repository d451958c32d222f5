"""Processes that index together, as torchrun starts them; one by itself is the same with nobody to talk to."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from semclip.core.errors import UserError
from semclip.core.launch import processes_started

Result = TypeVar("Result")
#: How long a process waits for another that still encodes its part.
_PATIENCE = timedelta(days=7)


class Alone:
    """One process."""

    rank, size = 0, 1

    def lead(self, work: Callable[[], Result]) -> Result:
        """What `work` returns on the first process, which alone runs it; its error is everybody's error."""
        return work()

    def gather(self, value: Result) -> list[Result]:
        """Everybody's value, in the order of ranks."""
        return [value]


class Together(Alone):
    """Processes of one torch.distributed group, on gloo: only small objects travel."""

    def __init__(self) -> None:
        import torch.distributed as dist

        if not dist.is_initialized():
            dist.init_process_group("gloo", timeout=_PATIENCE)
        self._group: Any = dist.new_group(backend="gloo", timeout=_PATIENCE)
        self.rank, self.size = dist.get_rank(), dist.get_world_size()

    def lead(self, work: Callable[[], Result]) -> Result:
        import torch.distributed as dist

        box: list[Any] = [None, None]
        if self.rank == 0:
            try:
                box[0] = work()
            except UserError as error:
                box[1] = error
        dist.broadcast_object_list(box, src=0, group=self._group)
        if box[1] is not None:
            raise box[1]
        result: Result = box[0]
        return result

    def gather(self, value: Result) -> list[Result]:
        import torch.distributed as dist

        found: list[Any] = [None] * self.size
        dist.all_gather_object(found, value, group=self._group)
        return found


def ranks() -> Alone:
    """Those that torchrun started, or this process alone."""
    return Together() if processes_started() > 1 else Alone()
