"""The gradients of a batch: in one pass or by GradCache in micro-batches, which get smaller when memory runs out.

GradCache: a contrastive loss needs all embeddings of a batch at once, but not all activations. So:
    1. encode every micro-batch without a graph and keep its embeddings, x = encode(m);
    2. compute the loss on all embeddings as leaves; backward gives dL/dx, and the gradients of the logit scale and of
       the objective's own parameters;
    3. encode each micro-batch once more, with a graph, and send its rows of dL/dx through it.
The sum of step 3 over micro-batches is dL/dw by the chain rule: exact, not accumulation of smaller losses.
Cost: one more forward pass. Memory: activations of one micro-batch, embeddings of all.
Random states (dropout) of step 1 are put back in step 3. Batch normalisation sees micro-batches, as it must; towers
with it (ResNets) train differently, though no worse than on as many devices.
After "Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup" (arXiv 2101.06983).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

import torch
from lightning.fabric import Fabric
from lightning.fabric.strategies.ddp import DDPStrategy
from lightning.fabric.wrappers import _FabricModule
from torch import Tensor

from semclip.core.errors import UserError, first_line
from semclip.data.collate import Batch
from semclip.training.random_states import at, random_states, restore_random_states
from semclip.training.ranks import Ranks
from semclip.training.sharding import average_gradients
from semclip.training.step import StepModule

M = TypeVar("M")
Views = Mapping[str, Tensor]

#: Passes of GradCache over a batch: one for the embeddings, one for the gradients.
PASSES = 2
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
        notify: Callable[[str], None],
    ) -> None:
        self.fabric, self.wrapped, self.module = fabric, wrapped, module
        self.micro_batch, self.notify = micro_batch, notify
        self.ranks = Ranks(fabric)

    def __call__(self, batch: "Batch | StreamedBatch") -> Mapping[str, Tensor]:
        with self.ranks.noting_rank():
            terms = self._terms(batch)
        # DDP averages what goes through its own forward, which micro-batches do not; sharding what it has cut.
        reduced = isinstance(self.fabric.strategy, DDPStrategy) and not 0 < self.micro_batch < len(batch)
        if self.ranks.world_size > 1 and not reduced:
            average_gradients(self.module, self.ranks)
        return terms

    def _terms(self, batch: "Batch | StreamedBatch") -> Mapping[str, Tensor]:
        while True:
            # What a failed forward pass changes besides gradients; buffers are such as an objective's counts.
            states, buffers = random_states(), [buffer.clone() for buffer in self.module.buffers()]
            try:
                return forward_backward(self.fabric, self.wrapped, self.module, batch, self.micro_batch)
            except RuntimeError as error:
                if not out_of_memory(error):
                    raise
                said = first_line(error)
            # Only now, outside the handler, are the tensors of the failed step let go.
            self.micro_batch = self._smaller(batch, said)
            self.notify(
                f"out of memory ({said}): the step is taken again, {self.micro_batch} rows at a time, with the same "
                f"gradients; set train.micro_batch={self.micro_batch} to start so"
            )
            self.module.zero_grad()
            restore_random_states(states)
            with torch.no_grad():
                for buffer, before in zip(self.module.buffers(), buffers, strict=True):
                    buffer.copy_(before)
            if torch.cuda.is_available():
                torch.cuda.empty_cache()

    def _smaller(self, batch: "Batch | StreamedBatch", said: str) -> int:
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


def forward_backward(
    fabric: Fabric,
    wrapped: Callable[..., Mapping[str, Tensor]],
    module: StepModule,
    batch: "Batch | StreamedBatch",
    micro_batch: int,
) -> Mapping[str, Tensor]:
    """Loss terms of a batch, with all gradients in place. micro_batch: rows encoded at a time; 0: all at once."""
    if not 0 < micro_batch < len(batch):
        assert isinstance(batch, Batch)
        terms = wrapped(batch.images, batch.tokens, batch.groups, batch.facts)
        fabric.backward(terms["total"])
        return terms

    def encode(part: Batch) -> Views:
        with fabric.autocast():
            return module.encode(part.images, part.tokens, part.facts)

    return grad_cache(encode, batch.parts(micro_batch), lambda views: module.score(views, batch.groups))


def grad_cache(
    encode: Callable[[M], Views], micro_batches: Iterable[M], score: Callable[[Views], Mapping[str, Tensor]]
) -> Mapping[str, Tensor]:
    """Loss terms of the whole batch; `.grad` of every parameter has grown as if `score(encode(all))` had been trained.

    micro_batches: read twice, in the same order; at no time is more than one of them needed.
    encode: micro-batch -> everything the objective reads, rows first: views (b, D) or (b, K, D), `image_pooled` (b, W),
    `caption_ids` (b, L). Pure but for random numbers, which it meets twice in the same state.
    score: the same of the whole batch -> loss terms, `total` among them; called once, so that an objective's `update`
    counts the batch once.
    """
    chunks, states = [], []
    with torch.no_grad():
        for micro_batch in micro_batches:
            states.append(random_states())
            chunks.append(encode(micro_batch))
    leaves = {
        view: torch.cat([chunk[view] for chunk in chunks]).requires_grad_(first.is_floating_point())
        for view, first in chunks[0].items()
    }
    terms = score(leaves)
    torch.autograd.backward(terms["total"])
    sizes = [len(next(iter(chunk.values()))) for chunk in chunks]
    gradients = {view: torch.split(x.grad, sizes) for view, x in leaves.items() if x.grad is not None}
    for i, (micro_batch, state) in enumerate(zip(micro_batches, states, strict=True)):
        with at(state):
            encoded = encode(micro_batch)
        # A frozen tower's embeddings have no graph, and a view the loss did not read has no gradient.
        trained = [view for view in gradients if encoded[view].requires_grad]
        torch.autograd.backward([encoded[view] for view in trained], [gradients[view][i] for view in trained])
    return terms


class StreamedBatch:
    """What a Batch is to the training step, while only the micro-batch under work is in memory.

    loaded: micro-batches of this batch, PASSES times over, then those of the next; each comes to hand once. What is
    known of the whole batch (indices, groups, counts) is known after the first pass.
    """

    #: A step that failed cannot be taken again: what was read is gone.
    can_be_read_again = False

    def __init__(self, loaded: Iterator[Batch], parts: int, rows: int) -> None:
        self._loaded, self._parts, self._rows = loaded, parts, rows
        self._known: list[tuple[Tensor, Tensor, tuple[int, int]]] = []  # of each part: indices, groups, counts
        self.missing_texts: Counter[str] = Counter()

    def __len__(self) -> int:
        return self._rows

    def parts(self, size: int) -> "StreamedBatch":
        """Itself: the micro-batches were cut where they are loaded."""
        return self

    def __iter__(self) -> Iterator[Batch]:
        first_pass = not self._known
        for _ in range(self._parts):
            part = next(self._loaded)
            if first_pass:
                self._known.append((part.indices, part.groups, part.counts()))
                self.missing_texts.update(part.missing_texts)
            yield part

    @property
    def indices(self) -> Tensor:
        return torch.cat([indices for indices, _, _ in self._known])

    @property
    def groups(self) -> Tensor:
        return torch.cat([groups for _, groups, _ in self._known])

    def counts(self) -> tuple[int, int]:
        images, texts = zip(*(counts for _, _, counts in self._known), strict=True)
        return sum(images), sum(texts)
