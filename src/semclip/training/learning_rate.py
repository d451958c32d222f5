"""The learning rate of every step: linear warm-up, then one of the schedules below."""

import math
from collections.abc import Callable
from typing import Protocol

#: Name in YAML (`train.schedule`) -> proportion of the peak, from the end of warm-up (0) to the end of training (1).
SCHEDULES: dict[str, Callable[[float], float]] = {
    "cosine": lambda progress: 0.5 * (1 + math.cos(math.pi * progress)),  # half a cosine down to zero
    "constant": lambda progress: 1.0,
}


class _Config(Protocol):
    """What the schedule reads of section `train:`."""

    @property
    def steps(self) -> int: ...
    @property
    def warmup_steps(self) -> int: ...
    @property
    def learning_rate(self) -> float: ...
    @property
    def schedule(self) -> str: ...


def learning_rate(step: int, config: _Config) -> float:
    """Learning rate of optimizer step `step` (from 0), with w warm-up steps.

    lr(t) = peak (t + 1) / w                           for t < w
    lr(t) = peak schedule((t - w) / (steps - w))       after that
    """
    warmup = min(config.warmup_steps, config.steps)
    if step < warmup:
        return config.learning_rate * (step + 1) / warmup
    progress = (step - warmup) / max(1, config.steps - warmup)
    return config.learning_rate * SCHEDULES[config.schedule](progress)
