"""Layers for objectives with parameters: initialised on the CPU from a seed, computed in the precision of the input."""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Linear(nn.Module):
    """x W^t + b. Weights N(0, std^2), drawn on the CPU, so the same on every device; bias 0. Stored in float32."""

    def __init__(self, inputs: int, outputs: int, std: float, generator: torch.Generator) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, generator=generator) * std)
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight.to(x), self.bias.to(x))


class LayerNorm(nn.LayerNorm):
    """torch's, in the precision of the input."""

    def forward(self, x: Tensor) -> Tensor:
        return F.layer_norm(x, x.shape[-1:], self.weight.to(x), self.bias.to(x), self.eps)


def mlp(inputs: int, hidden: int, outputs: int, layers: int, generator: torch.Generator) -> nn.Sequential:
    """LayerNorm, then `layers` linear layers with GELU between them; variance kept from layer to layer."""
    widths = [inputs, *[hidden] * (layers - 1), outputs]
    stack: list[nn.Module] = [LayerNorm(inputs)]
    for i, (wide, narrow) in enumerate(pairwise(widths)):
        if i:
            stack.append(nn.GELU())
        stack.append(Linear(wide, narrow, wide**-0.5, generator))
    return nn.Sequential(*stack)
