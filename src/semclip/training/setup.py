"""Before and after the loop: reading data, refusing what cannot work, describing the run, keeping its record."""

import contextlib
import resource
from collections.abc import Collection, Mapping, Sequence
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
from semclip.data.steps.base import Step, views_of_data
from semclip.data.steps.base import create as create_step
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


def build_steps(config: TrainConfig) -> list[Step]:
    """The data steps of the config's list `steps:`, in order."""
    return [create_step(section, config.seed) for section in config.steps]


def refuse_impossible_evaluation(config: TrainConfig, splits: "Splits") -> None:
    """Find what would break an evaluation now, not after the first hour of training."""
    from semclip.benchmarks import create

    for name in config.evaluate.benchmarks:
        benchmark = create(name)
        for examples in (splits.val, splits.test):
            if examples:
                benchmark.usable(examples)  # a UserError when none of them can serve it
    benchmark_name = config.evaluate.primary.partition(".")[0]
    if benchmark_name not in config.evaluate.benchmarks:
        raise UserError(
            f"evaluate.primary names the benchmark '{benchmark_name}', which is not evaluated",
            where="evaluate.primary",
            fix=f"one of: {', '.join(config.evaluate.benchmarks)}, as benchmark.metric",
        )


def refuse_missing_images(splits: "Splits") -> None:
    """Images of all splits must be there before training starts; they are not opened."""
    everyone = [*splits.train, *splits.val, *splits.test]
    missing = [e for e in everyone if e.image.path is None or not e.image.path.is_file()]
    if missing:
        raise UserError(
            f"{len(missing):,} of {len(everyone):,} image files are missing, first '{missing[0].image.name}'",
            where=missing[0].where,
            fix="set data.images to the folder that image names are relative to; `semclip data check FILE` lists all",
        )


def load_splits(config: TrainConfig, objective: Objective, steps: Sequence[Step]) -> Splits:
    """Read the data and check that it serves the objective, before any model is loaded.

    Training examples that lack a view are left out and counted: one that the objective needs and no step makes, that a
    step reads, or that `config.require` names.
    """
    examples = load_examples(config.data)
    everything = select(examples, "train")
    views = sorted(views_of_data(steps, objective.needs & set(VIEWS)) | set(config.require))
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
                fix=f"add a column '{view}' (`semclip captions write` makes negations and absences), let a data step "
                "make it (`semclip list steps`), or choose an objective that does without",
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
    record = run_folder / "run.json"
    if record.exists() and read_json(record).get("data_sha256", {}) != data_hashes(config):
        raise UserError(
            "the data file has changed since this run was started",
            where=str(data_file(config.data)),
            fix="put the old file back, or choose another --out",
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
    views: Collection[str],
    images: str,
    notes: Sequence[str],
    device: torch.device,
    precision: str,
) -> str:
    """What is about to be trained on what, in a few lines."""
    trainable = {part: sum(p.numel() for _, p in encoder.parts()[part] if p.requires_grad) for part in PARTS}
    sizes = f"{len(splits.train):,} train, {len(splits.val):,} val, {len(splits.test):,} test examples"
    shown = ", ".join(v for v in VIEWS if v in views)
    lines = [
        f"[bold]{config.name}[/]: {encoder.label} with objective '{config.objective['name']}' on {device}, {precision}",
        f"  data    {sizes}; {images}",
        *(f"  left out of training: {sentence}" for sentence in splits.left_out),
        *(f"  step    {note}" for note in notes),
        f"  batch   {config.train.batch_size} examples ({shown}), {config.train.steps} steps",
        f"  trains  {', '.join(f'{part} {count:,}' for part, count in trainable.items())} parameters",
    ]
    return "\n".join(lines)


def write_run_files(run_folder: Path, config: TrainConfig, encoder: Encoder) -> None:
    """Write config.yaml and run.json; a resumed run keeps its record and adds a session."""
    path = run_folder / "run.json"
    info = run_info(config.seed, data_hashes(config))
    if path.exists():
        record = read_json(path)
        record["sessions"] = [*record.get("sessions", []), {k: info[k] for k in ("command", "started", "git")}]
    else:
        described = {"name": config.name, "role": config.role, "objective": dict(config.objective)}
        record = {**described, "model": encoder.label, **info}
    save_config(run_folder / "config.yaml", dump(config))
    write_json(path, record)


def data_hashes(config: TrainConfig) -> dict[str, str]:
    """sha256 of the data file by its name; none for a folder."""
    data = data_file(config.data)
    return {data.name: sha256_file(data)} if data.is_file() else {}


def finish_run_file(run_folder: Path, config: TrainConfig, cost: Mapping[str, Any]) -> None:
    """Add what the run cost to run.json."""
    found = {"finished": True, "steps": config.train.steps, "peak_memory_mb": peak_memory_mb(), **cost}
    write_json(run_folder / "run.json", read_json(run_folder / "run.json") | found)


def reset_peak_memory() -> None:
    """Start measuring peak memory anew, so that a run is not charged for the one before it in the same process."""
    with contextlib.suppress(OSError):  # only Linux can; elsewhere the peak is the process's
        Path("/proc/self/clear_refs").write_text("5")


def peak_memory_mb() -> int:
    """Largest resident memory since `reset_peak_memory`, in MB."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
