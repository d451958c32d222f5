"""LoRA: a frozen weight plus a trained product of two thin matrices."""

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize


class LowRank(nn.Module):
    """W' = W + (alpha / rank) B A, with B = 0 at the start, so that training begins at W itself.

    Shapes: W (O, I) frozen, A (rank, I) drawn as a linear layer's weights are, B (O, rank).
    Paper: "LoRA: Low-Rank Adaptation of Large Language Models" (arXiv 2106.09685), section 4.1. Deviations: no dropout;
    where queries, keys and values are one fused weight (3W, W), so are their A and B.
    A parametrization of the weight itself, not a layer around the layer as in peft: whatever reads the weight, such as
    the packed text pass or `nn.MultiheadAttention`, then meets W'.
    """

    def __init__(self, weight: Tensor, rank: int, alpha: float) -> None:
        super().__init__()
        outputs, inputs = weight.shape
        self.a = nn.Parameter(weight.new_empty(rank, inputs))
        self.b = nn.Parameter(weight.new_zeros(outputs, rank))
        nn.init.kaiming_uniform_(self.a, a=math.sqrt(5))
        self.scale = alpha / rank

    def forward(self, weight: Tensor) -> Tensor:
        with torch.autocast(weight.device.type, enabled=False):  # the sum of a large and a small number
            return weight + self.scale * (self.b @ self.a)


def add_low_rank(module: nn.Module, name: str, rank: int, alpha: float) -> None:
    """Let `module.name`, a matrix, be W' from now on, of which only A and B train."""
    weight = getattr(module, name)
    parametrize.register_parametrization(module, name, LowRank(weight.detach(), rank, alpha))
    weight.requires_grad_(False)


def merged_state(module: nn.Module) -> dict[str, Tensor]:
    """The state of a module with every W' as a plain weight under its plain name: what is saved and shared."""
    state = {name: x for name, x in module.state_dict().items() if ".parametrizations." not in f".{name}"}
    for path, inner in module.named_modules():
        if parametrize.is_parametrized(inner):
            merged: Mapping[str, Any] = {name: getattr(inner, name).detach() for name in inner.parametrizations}
            state |= {f"{path}.{name}" if path else name: x for name, x in merged.items()}
    return state
