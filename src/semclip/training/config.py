"""What a training run is told: the YAML file, section by section."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from semclip.core.errors import UserError
from semclip.data.load import DataConfig


@dataclass(frozen=True, kw_only=True)
class LoopConfig:
    """Section `train:`.

    steps: optimizer steps. learning_rate: peak, after `warmup_steps`, then a cosine to zero, or constant (`schedule`).
    micro_batch: rows encoded at a time, for batches that do not fit into memory; the gradients stay those of the whole
    batch, for one more forward pass. 0: the whole batch at once.
    weight_decay: of matrices only; norms, biases, logit scale and the objective's basis have none. eps: AdamW's.
    clip_norm: gradients are scaled down to this norm; null: never.
    precision: `auto` takes bf16 where the processor computes it.
    checkpoint_every: steps between checkpoints for `--resume`; 0 writes one at the end only.
    """

    steps: int
    batch_size: int = 256
    micro_batch: int = 0
    learning_rate: float = 5e-5
    schedule: Literal["cosine", "constant"] = "cosine"
    weight_decay: float = 0.2
    betas: tuple[float, float] = (0.9, 0.98)
    eps: float = 1e-8
    warmup_steps: int = 50
    clip_norm: float | None = 1.0
    precision: Literal["auto", "bf16-mixed", "32-true"] = "auto"
    workers: int = 0
    checkpoint_every: int = 100

    def __post_init__(self) -> None:
        for name in ("steps", "batch_size"):
            if getattr(self, name) < 1:
                raise UserError(f"train.{name} must be at least 1", where="config", fix=f"set train.{name}")
        for name in ("learning_rate", "eps", "clip_norm"):
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                raise UserError(f"train.{name} must be a positive number", where="config", fix=f"set train.{name}")
        for name in ("weight_decay", "warmup_steps", "workers", "checkpoint_every", "micro_batch"):
            if not 0 <= getattr(self, name) < math.inf:
                raise UserError(f"train.{name} must not be negative", where="config", fix=f"set train.{name}=0 or more")
        if not all(0 <= beta < 1 for beta in self.betas):
            raise UserError("train.betas lie between 0 and 1", where="config", fix="set train.betas=[0.9,0.98]")


@dataclass(frozen=True, kw_only=True)
class EvaluateConfig:
    """Section `evaluate:`.

    benchmarks: run on the validation split before step 1, every `every` steps (0: only before and after) and at the
    end, and on the test split at the end. primary: `benchmark.metric` that chooses the exported checkpoint.
    """

    benchmarks: tuple[str, ...] = ("retrieval", "original_over_negation", "triplet_choice", "absence", "margins")
    every: int = 0
    primary: str = "retrieval.caption_r1"


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """A whole config file. `model` and `objective` are read by the backend and the objective they name.

    role: what the run stands for in a comparison: `base`, `control` or `treated`; reports compare against the control.
    track: group of a comparison that the run may be ranked in; reports show each track by itself.
    steps: data steps, such as `{name: rewrites}`: what a system makes of its data before and while it trains.
    require: views that every training example must have although the objective does not read them, so that the arms
    of a comparison train on the same examples.
    """

    name: str
    data: DataConfig
    model: Mapping[str, Any]
    objective: Mapping[str, Any]
    train: LoopConfig
    evaluate: EvaluateConfig = field(default_factory=EvaluateConfig)
    steps: tuple[Mapping[str, Any], ...] = ()
    require: tuple[str, ...] = ()
    role: Literal["", "base", "control", "treated"] = ""
    track: str = ""
    seed: int = 0
    trackers: tuple[Literal["tensorboard"], ...] = ()
