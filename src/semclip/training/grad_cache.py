"""GradCache: the gradients of a whole batch in the memory of a small one.

A contrastive loss needs all embeddings of a batch at once, but not all activations. So:
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

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol, TypeVar

import torch
from lightning.fabric import Fabric
from torch import Tensor

from semclip.data.collate import Batch
from semclip.training.streaming import StreamedBatch

M = TypeVar("M")
Views = Mapping[str, Tensor]


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
            states.append(_RandomState())
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
        with state.restored():
            encoded = encode(micro_batch)
        # A frozen tower's embeddings have no graph, and a view the loss did not read has no gradient.
        trained = [view for view in gradients if encoded[view].requires_grad]
        torch.autograd.backward([encoded[view] for view in trained], [gradients[view][i] for view in trained])
    return terms


class Scorer(Protocol):
    """The training step in two halves; see `training.step.StepModule`."""

    def encode(self, images: Views, tokens: Views) -> Views: ...

    def score(self, views: Views, groups: Tensor) -> Mapping[str, Tensor]: ...


def forward_backward(
    fabric: Fabric, wrapped: Callable[..., Any], module: Scorer, batch: Batch | StreamedBatch, micro_batch: int
) -> Mapping[str, Tensor]:
    """Loss terms of a batch, with all gradients in place. micro_batch: rows encoded at a time; 0: all at once."""
    if not 0 < micro_batch < len(batch):
        assert isinstance(batch, Batch)
        terms = wrapped(batch.images, batch.tokens, batch.groups)
        fabric.backward(terms["total"])
        return terms

    def encode(part: Batch) -> Views:
        with fabric.autocast():
            return module.encode(part.images, part.tokens)

    return grad_cache(encode, batch.parts(micro_batch), lambda views: module.score(views, batch.groups))


class _RandomState:
    """Torch's random state, on the CPU and on every GPU, at the moment of its making."""

    def __init__(self) -> None:
        self.cpu = torch.get_rng_state()
        self.gpus = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []

    @contextlib.contextmanager
    def restored(self) -> Iterator[None]:
        """Back to that moment inside; outside, as if nothing had been drawn inside."""
        with torch.random.fork_rng(range(len(self.gpus))):
            torch.set_rng_state(self.cpu)
            for device, state in enumerate(self.gpus):
                torch.cuda.set_rng_state(state, device)
            yield
