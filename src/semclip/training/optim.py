"""AdamW without decay where decay does harm, and the learning rate of each step."""

import math

import torch
from torch import nn

from semclip.training.config import LoopConfig
from semclip.training.row_adamw import RowAdamW


def parameter_groups(module: nn.Module, weight_decay: float) -> list[dict[str, object]]:
    """Trainable parameters in two groups: matrices with decay; norms, biases, logit scale and basis without.

    One- and zero-dimensional parameters are norms, biases and the logit scale. The objective's `basis` is a matrix,
    but only its direction counts, so decay would merely shrink it into the epsilon of the cosine.
    """
    decayed: list[nn.Parameter] = []
    plain: list[nn.Parameter] = []
    for name, parameter in module.named_parameters():
        if parameter.requires_grad:
            no_decay = parameter.ndim < 2 or name.endswith(("basis", "positional_embedding", "class_embedding"))
            (plain if no_decay else decayed).append(parameter)
    groups = [{"params": decayed, "weight_decay": weight_decay}, {"params": plain, "weight_decay": 0.0}]
    return [group for group in groups if group["params"]]


def build_optimizer(module: nn.Module, config: LoopConfig) -> torch.optim.AdamW:
    """Fused AdamW over what trains."""
    groups = parameter_groups(module, config.weight_decay)
    return RowAdamW(groups, lr=config.learning_rate, betas=config.betas, eps=config.eps, fused=True)


def learning_rate(step: int, config: LoopConfig) -> float:
    """Learning rate of optimizer step `step` (from 0): linear warm-up, then the schedule.

    lr(t) = peak (t + 1) / w                              for t < w
    lr(t) = peak (1 + cos(pi (t - w) / (steps - w))) / 2  after that, schedule=cosine: half a cosine down to zero
    lr(t) = peak                                          after that, schedule=constant
    """
    warmup = min(config.warmup_steps, config.steps)
    if step < warmup:
        return config.learning_rate * (step + 1) / warmup
    if config.schedule == "constant":
        return config.learning_rate
    progress = (step - warmup) / max(1, config.steps - warmup)
    return config.learning_rate * 0.5 * (1 + math.cos(math.pi * progress))
