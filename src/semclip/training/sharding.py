"""Weights sharded over ranks (`fully_shard`): sharding an encoder, and gathering full tensors from the shards.

Between steps, every tensor of the encoder that has a dimension to split is stored on the ranks in equal shards, with
its moments in the optimizer. `encode_*` gathers all of it; backward shards it again and sums gradients on the rank of
their shard. Scalars (the logit scale) and the objective's own parameters are whole on every rank.
Functions that take nested mappings treat all tensors in them; without shards they change nothing.
"""

import copy
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.fsdp import fully_shard, register_fsdp_forward_method
from torch.distributed.tensor import DTensor, distribute_tensor

from semclip.models.backends.base import Encoder
from semclip.training.ranks import Ranks

#: Methods of an encoder that other packages call while it trains.
_FORWARD = ("encode_image", "encode_text", "encode_image_with_tokens")


def shard(module: nn.Module, mesh: DeviceMesh) -> nn.Module:
    """What ModelParallelStrategy calls: cut the encoder of a StepModule over all ranks, in place."""
    module.to(mesh.device_type)
    encoder = module.encoder
    assert isinstance(encoder, Encoder)
    scalars = {p for p in encoder.parameters() if p.ndim == 0}
    fully_shard(encoder, mesh=mesh["data_parallel"], reshard_after_forward=False, ignored_params=scalars)
    # What is returned may be a view, of which torch warns; nothing here changes an embedding in place.
    warnings.filterwarnings("ignore", message="FSDP2-wrapped module .* returned a view")
    for name in _FORWARD:
        register_fsdp_forward_method(encoder, name)
    return module


def local(tensor: Tensor) -> Tensor:
    """This rank's piece, which shares its memory; a whole tensor as it is."""
    return tensor.to_local() if isinstance(tensor, DTensor) else tensor


def whole(value: Any) -> Any:
    """The same with every tensor whole, pieces gathered on the CPU. Collective where there are pieces."""
    if isinstance(value, DTensor):
        return value.full_tensor().cpu()
    if isinstance(value, Mapping):
        return {key: whole(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(whole(inner) for inner in value)
    return value


def cut_as(value: Mapping[str, Tensor], now: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Whole tensors in the pieces in which those of the same name lie now."""
    return {name: _cut_as(tensor, now[name]) if name in now else tensor for name, tensor in value.items()}


def moments(optimizer: torch.optim.Optimizer, module: nn.Module) -> dict[str, Any]:
    """An optimizer's state by parameter name, so that it does not depend on how the parameters are grouped."""
    names: dict[Tensor, str] = {parameter: name for name, parameter in module.named_parameters()}
    return {"state": {names[parameter]: dict(state) for parameter, state in optimizer.state.items()}}


def load_moments(saved: Mapping[str, Any], optimizer: torch.optim.Optimizer, module: nn.Module) -> None:
    """Continue from whole moments, in the pieces of their parameters; settings stay those of the config."""
    names: dict[Tensor, str] = {parameter: name for name, parameter in module.named_parameters()}
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    state = {
        number: {key: _cut_as(x, parameter) for key, x in saved["state"][names[parameter]].items()}
        for number, parameter in enumerate(parameters)
        if names[parameter] in saved["state"]
    }
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


def separate(optimizer: torch.optim.Optimizer) -> None:
    """Split the parameter groups: one call of a fused kernel may not mix pieces and whole tensors."""
    split = [
        {**group, "params": [p for p in group["params"] if isinstance(p, DTensor) == pieces]}
        for group in optimizer.param_groups
        for pieces in (True, False)
    ]
    if any(isinstance(p, DTensor) for group in optimizer.param_groups for p in group["params"]):
        optimizer.param_groups[:] = [group for group in split if group["params"]]


@torch.no_grad()
def average_gradients(module: nn.Module, ranks: Ranks) -> None:
    """Average over ranks the gradients that no wrapper has averaged: of whole tensors, in one reduction per type.

    A parameter without a gradient on one rank must have none on any.
    """
    gradients = [p.grad for p in module.parameters() if p.grad is not None and not isinstance(p.grad, DTensor)]
    for dtype in sorted({g.dtype for g in gradients}, key=str):
        alike = [g for g in gradients if g.dtype == dtype]
        mean = ranks.mean(torch.cat([g.flatten() for g in alike]))
        for gradient, part in zip(alike, torch.split(mean, [g.numel() for g in alike]), strict=True):
            gradient.copy_(part.view_as(gradient))


@torch.no_grad()
def clip_gradients(parameters: Iterable[Tensor], most: float, ranks: Ranks) -> Tensor:
    """Scale all gradients down to a norm of `most`; their norm before that, pieces counted once."""
    gradients = [p.grad for p in parameters if p.grad is not None]
    pieces = [local(g) for g in gradients if isinstance(g, DTensor)]
    # Of a row-sparse gradient, all that is not zero.
    others = [g.values() if g.is_sparse else g for g in gradients if not isinstance(g, DTensor)]
    norm = torch.nn.utils.get_total_norm(others)
    if pieces:
        squared = ranks.mean(torch.nn.utils.get_total_norm(pieces).square()) * ranks.world_size
        norm = (norm.square() + squared).sqrt()
    torch._foreach_mul_([*pieces, *others], (most / (norm + 1e-6)).clamp(max=1.0))
    return norm


class WholeEncoder:
    """A copy of an encoder in one piece, on rank 0 and on the CPU, that takes on the weights of now to be evaluated."""

    def __init__(self, encoder: Encoder, ranks: Ranks) -> None:
        """Before the encoder is cut."""
        self.copy = copy.deepcopy(encoder).to("cpu") if ranks.first else None
        self.ranks = ranks

    def __call__(self, encoder: Encoder) -> Encoder:
        """The full weights of a sharded encoder. Collective; on ranks above 0 the encoder itself, not to be used."""
        weights = whole(encoder.state_dict())
        if self.copy is None:
            return encoder
        self.copy.load_state_dict(weights)
        return self.copy.to(self.ranks.device)


def _cut_as(tensor: Tensor, now: Tensor) -> Tensor:
    if not isinstance(now, DTensor) or tensor.shape != now.shape:
        return tensor
    return distribute_tensor(tensor.to(now.device), now.device_mesh, now.placements)
