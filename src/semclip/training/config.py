"""The config of a training run: the YAML file, section by section."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from semclip.core.errors import UserError, did_you_mean
from semclip.core.example import VIEWS
from semclip.data.load import DataConfig
from semclip.training.guards import GuardConfig
from semclip.training.learning_rate import SCHEDULES


@dataclass(frozen=True, kw_only=True)
class LoopConfig:
    """Section `train:`.

    steps: optimizer steps; or epochs: passes over the training examples, such as 3 or 0.5.
    learning_rate: peak, after `warmup_steps`, then as `schedule` says: `cosine` to zero, or `constant`.
    micro_batch: rows encoded at a time, for batches that do not fit into memory; the gradients stay those of the whole
    batch, for one more forward pass. 0: the whole batch at once.
    weight_decay: of matrices only; norms, biases, logit scale and the objective's basis have none. eps: AdamW's.
    clip_norm: gradients are scaled down to this norm; null: never.
    precision: `auto` takes bf16 where the processor computes it.
    compile: torch.compile of the towers' blocks, for GPUs; costs a minute or so at the start, needs a C++ compiler.
    ema: decay of the running mean of the weights that is evaluated and exported instead of the last ones, such as
    0.999; 0: none.
    devices: processes that train together, one on each GPU, or on the CPU where there is none; `auto` takes those that
    torchrun has started, else one. batch_size counts the examples of all of them. strategy: how the weights lie on
    them; `ddp` (`auto`): each has all; `sharded`: each keeps a part, and has all only within a step.
    decode: `reduced` decodes a training JPEG at 1/2, 1/4 or 1/8 of its size where the model's input is still smaller:
    pixels change by about 2 grey levels, validation and test decode whole images as ever. `full`: never.
    crop: the smallest proportion of an image's area that a random crop keeps, such as 0.9; 1: whole images.
    With crops nothing of a frozen image tower can be kept, and it runs at every step.
    mask_equal_captions: photos that share a caption, but for case, spaces and stops, are never each other's negatives.
    workers: processes that load data, for each that trains; `auto` chooses.
    checkpoint_every: steps between checkpoints for `--resume`; `auto` writes one whenever that costs at most 1/60 of
    the time; 0 writes one at the end only. keep_checkpoints: the newest that are kept, beside the best validated one.
    """

    steps: int = 0
    epochs: float = 0.0
    batch_size: int = 256
    micro_batch: int = 0
    learning_rate: float = 5e-5
    schedule: str = "cosine"
    weight_decay: float = 0.2
    betas: tuple[float, float] = (0.9, 0.98)
    eps: float = 1e-8
    warmup_steps: int = 50
    clip_norm: float | None = 1.0
    precision: Literal["auto", "bf16-mixed", "32-true"] = "auto"
    compile: bool = False
    ema: float = 0.0
    devices: int | Literal["auto"] = "auto"
    strategy: Literal["auto", "ddp", "sharded"] = "auto"
    decode: Literal["full", "reduced"] = "full"
    crop: float = 1.0
    mask_equal_captions: bool = True
    workers: int | Literal["auto"] = "auto"
    checkpoint_every: int | Literal["auto"] = "auto"
    keep_checkpoints: int = 2

    def __post_init__(self) -> None:
        if self.schedule not in SCHEDULES:
            fix = did_you_mean(self.schedule, SCHEDULES)
            raise UserError(f"unknown schedule '{self.schedule}'", where="train.schedule", fix=fix)
        if bool(self.steps) == bool(self.epochs):
            given = f"steps={self.steps} and epochs={self.epochs:g}" if self.steps else "neither steps nor epochs"
            raise UserError(
                f"how long to train is given once, as steps or as epochs; found {given}",
                where="train",
                fix="set train.steps=1000, or train.epochs=3",
            )
        if not 0 <= self.epochs < math.inf:
            raise _out_of_range("epochs", self.epochs, "is no positive number", "train.epochs=3")
        for name in ("batch_size", "keep_checkpoints", "devices", *(("steps",) if self.steps else ())):
            value = getattr(self, name)
            if value != "auto" and value < 1:
                least = 2 if name == "batch_size" else 1  # one alone has nothing to be told from
                raise _out_of_range(name, value, "is less than 1", f"train.{name}={least} or more")
        if self.batch_size == 1:
            raise UserError(
                "a batch of 1 holds nothing to tell an example from: a contrastive loss is 0 and teaches nothing",
                where="train.batch_size",
                fix="set train.batch_size=2 or more; train.micro_batch=1 encodes one row at a time",
            )
        for name in ("learning_rate", "eps", "clip_norm"):
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                raise _out_of_range(name, value, "is no positive number", f"train.{name} to more than 0")
        for name in ("weight_decay", "warmup_steps", "workers", "checkpoint_every", "micro_batch"):
            value = getattr(self, name)
            if value != "auto" and not 0 <= value < math.inf:
                raise _out_of_range(name, value, "is negative or infinite", f"train.{name}=0 or more")
        if not 0 < self.crop <= 1:
            raise _out_of_range("crop", self.crop, "is no proportion of the area", "train.crop=0.9, or 1 for none")
        if not 0 <= self.ema < 1:
            raise _out_of_range("ema", self.ema, "is not between 0 and 1", "train.ema=0.999, or 0 for none")
        if not all(0 <= beta < 1 for beta in self.betas):
            raise _out_of_range("betas", self.betas, "are not between 0 and 1", "train.betas=[0.9,0.98]")


def _out_of_range(name: str, value: object, said: str, right: str) -> UserError:
    return UserError(f"train.{name}: {value} {said}", where=f"train.{name}", fix=f"set {right}")


@dataclass(frozen=True, kw_only=True)
class EvaluateConfig:
    """Section `evaluate:`.

    benchmarks: run on the validation split before step 1, every `every` steps (0: only before and after) and at the
    end, and on the test split at the end. primary: `benchmark.metric` that chooses the exported checkpoint.
    test_only: benchmarks that run at the end alone, on the test split, slow ones for example; one that the data cannot
    serve is left out, with the reason.
    tests: name -> data file of further test examples, all of its rows, with the columns and the root of `data`; its
    results are called `NAME.benchmark`.
    """

    benchmarks: tuple[str, ...] = ("retrieval", "original_over_negation", "triplet_choice", "absence", "margins")
    every: int = 0
    primary: str = "retrieval.caption_r1"
    test_only: tuple[str, ...] = ()
    tests: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.benchmarks:
            raise UserError(
                "evaluate.benchmarks: none, so that no checkpoint can be chosen",
                where="evaluate.benchmarks",
                fix="set evaluate.benchmarks=[retrieval] and evaluate.primary=retrieval.caption_r1",
            )
        if "." not in self.primary:
            raise UserError(
                f"evaluate.primary: {self.primary} is no BENCHMARK.METRIC",
                where="evaluate.primary",
                fix="set evaluate.primary=retrieval.caption_r1, or another of evaluate.benchmarks",
            )
        if self.every < 0:
            raise UserError(
                f"evaluate.every: {self.every} is negative",
                where="evaluate.every",
                fix="set evaluate.every=100, or 0 to validate before and after training only",
            )
        for name in self.tests:
            if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
                raise UserError(
                    f"a test set cannot be called '{name}'",
                    where="evaluate.tests",
                    fix="use small letters, digits and _, such as unseen_wordings",
                )


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
    guards: GuardConfig = field(default_factory=GuardConfig)
    steps: tuple[Mapping[str, Any], ...] = ()
    require: tuple[str, ...] = ()
    role: Literal["", "base", "control", "treated"] = ""
    track: str = ""
    seed: int = 0
    trackers: tuple[Literal["tensorboard"], ...] = ()

    def __post_init__(self) -> None:
        for view in self.require:
            if view not in VIEWS:
                raise UserError(f"there is no view '{view}'", where="require", fix=did_you_mean(view, VIEWS))
