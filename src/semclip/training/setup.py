"""Before and after the loop: reading data, refusing what cannot work, describing the run, keeping its record."""

import resource
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from semclip.core.config import dump, load_config, save_config
from semclip.core.errors import UserError
from semclip.core.example import VIEWS, Example
from semclip.core.files import read_json, sha256_file, write_json
from semclip.core.registry import FAMILIES
from semclip.core.run_info import run_info
from semclip.data.load import data_file, load_examples, select
from semclip.models.backends.base import PARTS, Encoder
from semclip.objectives import Objective
from semclip.objectives import create as create_objective
from semclip.training.config import TrainConfig


@dataclass(frozen=True)
class Splits:
    """The examples a run uses. Training examples all serve every view the objective needs."""

    train: list[Example]
    val: list[Example]
    test: list[Example]
    left_out: list[str]  # what was left out of training and why, one sentence per view


def build_objective(config: TrainConfig) -> Objective:
    """The objective of the config's `objective: {name: ..., option: ...}` section."""
    options = dict(config.objective)
    if "name" not in options:
        raise UserError(
            "'objective.name' is required",
            where=config.name,
            fix=f"one of: {', '.join(FAMILIES['objectives'].names())}",
        )
    return create_objective(options.pop("name"), **options).float()


def refuse_unknown_benchmarks(config: TrainConfig) -> None:
    """Find a misspelt benchmark now, not after the first hour of training."""
    for name in config.evaluate.benchmarks:
        FAMILIES["benchmarks"].get(name)
    benchmark = config.evaluate.primary.partition(".")[0]
    if benchmark not in config.evaluate.benchmarks:
        raise UserError(
            f"evaluate.primary names the benchmark '{benchmark}', which is not evaluated",
            where="evaluate.primary",
            fix=f"one of: {', '.join(config.evaluate.benchmarks)}, as benchmark.metric",
        )


def load_splits(config: TrainConfig, objective: Objective, also: Collection[str] = ()) -> Splits:
    """Read the data and check that it serves the objective, before any model is loaded.

    Training examples that lack a view the objective needs are left out and counted. also: views that the other arms
    of a comparison need, so that all of them train on the same examples.
    """
    examples = load_examples(config.data)
    everything = select(examples, "train")
    views = sorted((objective.needs | set(also)) & set(VIEWS))
    train_examples = [e for e in everything if all(e.has(view) for view in views)]
    left_out = []
    for view in views:
        lacking = [e for e in everything if not e.has(view)]
        if lacking:
            left_out.append(f"{len(lacking):,} of {len(everything):,} lack '{view}' (first: {lacking[0].where})")
        if len(lacking) == len(everything):
            raise UserError(
                f"objective '{config.objective['name']}' needs the view '{view}', which no training example has",
                where=lacking[0].where,
                fix=f"add a column '{view}' (`semclip captions write` makes negations and absences), "
                "or choose an objective that does without",
            )
    groups = len({e.group for e in train_examples})
    if groups < config.train.batch_size:
        raise UserError(
            f"a batch of {config.train.batch_size} needs as many groups; the training split has {groups:,}",
            where=config.data.path,
            fix=f"set train.batch_size={max(2, groups // 2)} or lower",
        )
    # A file without a validation or test split trains; the run then says that nothing was measured on it.
    present = {e.split for e in examples}
    val, test = (select(examples, s) if s in present else [] for s in ("val", "test"))
    return Splits(train_examples, val, test, left_out)


def refuse_overwriting(run_folder: Path, config: TrainConfig, resume: bool) -> None:
    if (run_folder / "run.json").exists() and not resume:
        raise UserError(
            "a run of this name exists",
            where=str(run_folder),
            fix="continue it with --resume, choose another --out, or delete the folder",
        )
    if resume:
        refuse_another_config(run_folder, config)


def refuse_another_config(run_folder: Path, config: TrainConfig) -> None:
    """A run continues, or counts as finished, only under the config it was started with."""
    saved = run_folder / "config.yaml"
    old, new = (load_config(saved) if saved.exists() else {}), dump(config)
    differing = sorted(k for k in {*old, *new} if saved.exists() and old.get(k) != new.get(k))
    if differing:
        raise UserError(
            f"the run was started with another config; sections that differ: {', '.join(differing)}",
            where=str(saved),
            fix="use the config it was started with, or another --out",
        )


def resolve_precision(precision: str) -> Any:
    """`auto` takes bf16 where the processor has instructions for it, else float32."""
    if precision != "auto":
        return precision
    if torch.cuda.is_available():
        return "bf16-mixed" if torch.cuda.is_bf16_supported(including_emulation=False) else "32-true"
    return "bf16-mixed" if torch.ops.mkldnn._is_mkldnn_bf16_supported() else "32-true"


def describe(
    config: TrainConfig,
    encoder: Encoder,
    splits: Splits,
    views: Sequence[str],
    images: str,
    device: torch.device,
    precision: str,
) -> str:
    """What is about to be trained on what, in a few lines."""
    trainable = {part: sum(p.numel() for _, p in encoder.parts()[part] if p.requires_grad) for part in PARTS}
    texts = [v for v in views if v not in ("image", "negative_image")]
    sizes = f"{len(splits.train):,} train, {len(splits.val):,} val, {len(splits.test):,} test examples"
    batch = config.train.batch_size
    lines = [
        f"[bold]{config.name}[/]: {encoder.label} with objective '{config.objective['name']}' on {device}, {precision}",
        f"  data    {sizes}; {images}",
        *(f"  left out of training: {sentence}" for sentence in splits.left_out),
        f"  batch   {batch} images x {batch * len(texts)} texts ({', '.join(texts)}), {config.train.steps} steps",
        f"  trains  {', '.join(f'{part} {count:,}' for part, count in trainable.items())} parameters",
    ]
    return "\n".join(lines)


def write_run_files(run_folder: Path, config: TrainConfig, encoder: Encoder, objective: Objective) -> None:
    save_config(run_folder / "config.yaml", dump(config))
    data = data_file(config.data)
    hashes = {data.name: sha256_file(data)} if data.is_file() else {}
    write_json(
        run_folder / "run.json",
        {
            "name": config.name,
            "role": config.role,
            "objective": dict(config.objective),
            "model": encoder.label,
            **run_info(config.seed, hashes),
        },
    )


def finish_run_file(
    run_folder: Path, config: TrainConfig, views: Sequence[str], best_step: int, trainable: int, seconds: float
) -> None:
    """Add what the run cost to run.json."""
    texts = [v for v in views if v not in ("image", "negative_image")]
    write_json(
        run_folder / "run.json",
        read_json(run_folder / "run.json")
        | {
            "finished": True,
            "steps": config.train.steps,
            "best_step": best_step,
            "seconds": round(seconds, 1),
            "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
            "trainable_parameters": trainable,
            "images_seen": config.train.steps * config.train.batch_size,
            "texts_seen": config.train.steps * config.train.batch_size * len(texts),
        },
    )
