"""Forward and backward that survive a full memory: the step is taken again in smaller micro-batches."""

from collections.abc import Callable, Mapping

import torch
from lightning.fabric import Fabric
from lightning.fabric.strategies.ddp import DDPStrategy
from lightning.fabric.wrappers import _FabricModule
from torch import Tensor

from semclip.core.errors import UserError
from semclip.data.collate import Batch
from semclip.training.grad_cache import forward_backward
from semclip.training.random_states import random_states, restore_random_states
from semclip.training.ranks import Ranks
from semclip.training.sharding import average_gradients
from semclip.training.step import StepModule
from semclip.training.streaming import StreamedBatch

#: What an allocator says on the CPU, where torch has no error of its own for it.
_ON_THE_CPU = ("can't allocate memory", "not enough memory", "Cannot allocate memory")


class Gradients:
    """Called with a batch, gives its loss terms and leaves its gradients; out of memory halves the micro-batch.

    The mathematics stays the same (GradCache: the gradients of the whole batch), rounding does not; the smaller size is
    announced and kept. Random states and the module's counts are put back before the second try, as if the first had
    not been. Raises UserError when one row at a time is still too much, on several ranks, which must not differ, and
    where `train.micro_batch` was given: such a batch is streamed and cannot be read again.
    Over ranks, gradients are averaged, whoever computed them.
    """

    def __init__(
        self,
        fabric: Fabric,
        wrapped: _FabricModule,
        module: StepModule,
        micro_batch: int,
        say: Callable[[str], None],
    ) -> None:
        self.fabric, self.wrapped, self.module, self.micro_batch, self.say = fabric, wrapped, module, micro_batch, say
        self.ranks = Ranks(fabric)

    def __call__(self, batch: Batch | StreamedBatch) -> Mapping[str, Tensor]:
        with self.ranks.alone():
            terms = self._terms(batch)
        # DDP averages what goes through its own forward, which micro-batches do not; sharding what it has cut.
        reduced = isinstance(self.fabric.strategy, DDPStrategy) and not 0 < self.micro_batch < len(batch)
        if self.ranks.world_size > 1 and not reduced:
            average_gradients(self.module, self.ranks)
        return terms

    def _terms(self, batch: Batch | StreamedBatch) -> Mapping[str, Tensor]:
        while True:
            before = _Before(self.module)
            try:
                return forward_backward(self.fabric, self.wrapped, self.module, batch, self.micro_batch)
            except RuntimeError as error:
                if not out_of_memory(error):
                    raise
                said = str(error).splitlines()[0]
            # Only now, outside the handler, are the tensors of the failed step let go.
            self.micro_batch = self._smaller(batch, said)
            self.say(
                f"out of memory ({said}): the step is taken again, {self.micro_batch} rows at a time, with the same "
                f"gradients; set train.micro_batch={self.micro_batch} to start so"
            )
            before.restore()
            if torch.cuda.is_available():
                torch.cuda.empty_cache()

    def _smaller(self, batch: Batch | StreamedBatch, said: str) -> int:
        rows = len(batch)
        size = self.micro_batch if 0 < self.micro_batch < rows else rows
        if size == 1 or self.fabric.world_size > 1 or not batch.can_be_read_again:
            raise UserError(
                f"out of memory: {said}",
                where=f"a batch of {rows}, {size} rows at a time; the last checkpoint is untouched",
                fix="set train.micro_batch to less" if size > 1 else "take a smaller model, batch or precision",
            )
        return (size + 1) // 2


def out_of_memory(error: RuntimeError) -> bool:
    """Whether an allocator raised it, on a GPU or on the CPU."""
    return isinstance(error, torch.OutOfMemoryError) or any(text in str(error) for text in _ON_THE_CPU)


class _Before:
    """What a failed forward pass changes besides gradients: random states, buffers such as an objective's counts."""

    def __init__(self, module: StepModule) -> None:
        self.module, self.states = module, random_states()
        self.buffers = [buffer.clone() for buffer in module.buffers()]

    @torch.no_grad()
    def restore(self) -> None:
        self.module.zero_grad()
        restore_random_states(self.states)
        for buffer, before in zip(self.module.buffers(), self.buffers, strict=True):
            buffer.copy_(before)
