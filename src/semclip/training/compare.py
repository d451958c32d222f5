"""Several systems on equal terms: one base per seed, every arm from that base, with equal data and steps."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from semclip.core.config import dump, find_config, load_config, parse
from semclip.core.errors import UserError
from semclip.core.files import read_json
from semclip.training.config import TrainConfig
from semclip.training.loop import train
from semclip.training.setup import build_objective, refuse_another_config


@dataclass(frozen=True, kw_only=True)
class CompareConfig:
    """A file in configs/compare/.

    base: training config of the model that every arm starts from. arms: name -> training config; each gets
    `model.from` = the base of its seed. seeds: one base and one run of every arm per seed.
    overrides: applied to the base and to every arm, so that all see the same data and sizes.
    """

    name: str
    base: str
    arms: Mapping[str, str]
    seeds: tuple[int, ...] = (0,)
    overrides: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.arms or not self.seeds:
            raise UserError(
                "a comparison needs at least one arm and one seed", where=self.name, fix="write `arms:` and `seeds:`"
            )
        if "base" in self.arms:
            raise UserError("no arm may be called 'base'", where=self.name, fix="rename the arm")


def plan(config: CompareConfig, overrides: Sequence[str], out: Path) -> dict[Path, TrainConfig]:
    """Every run of the comparison in order: its folder and its config. All are parsed before the first one starts."""
    runs: dict[Path, TrainConfig] = {}
    shared = [f"{key}={json.dumps(value)}" for key, value in config.overrides.items()] + list(overrides)
    for seed in config.seeds:
        for arm, source in {"base": config.base, **config.arms}.items():
            path = find_config(source)
            own = [f"name={arm}", f"seed={seed}"]
            if arm != "base":
                own.append(f"model.from={json.dumps(str(out / f'seed{seed}' / 'base' / 'model'))}")
            values = load_config(path, [*shared, *own])
            runs[out / f"seed{seed}" / arm] = parse(TrainConfig, values, where=str(path))
    # What one arm reads, every run must have: all of them train on the same examples.
    views = {view for c in runs.values() for view in build_objective(c).needs}
    runs = {folder: replace(c, require=tuple(sorted(views))) for folder, c in runs.items()}
    _refuse_unequal(runs)
    return runs


def compare(config: CompareConfig, overrides: Sequence[str], out: Path, console: Console) -> list[Path]:
    """Run what is not finished yet; returns the run folders, in order. Killed and started again, it continues."""
    runs = plan(config, overrides, out)
    for number, (folder, train_config) in enumerate(runs.items(), start=1):
        if (folder / "run.json").exists() and read_json(folder / "run.json").get("finished"):
            refuse_another_config(folder, train_config)
            console.print(f"{number}/{len(runs)} {folder.name} (seed {train_config.seed}): finished before")
            continue
        console.print(f"{number}/{len(runs)} seed {train_config.seed}:", end=" ")
        train(train_config, folder, console, resume=(folder / "run.json").exists(), how_to_continue="the same command")
    return list(runs)


def _refuse_unequal(runs: Mapping[Path, TrainConfig]) -> None:
    """Arms of one comparison must share data, steps and batch, or their numbers say nothing about the method."""
    arms = {folder: config for folder, config in runs.items() if folder.name != "base"}
    first = next(iter(arms))
    for folder, config in arms.items():
        for section, mine, theirs in (
            ("data", dump(config.data), dump(arms[first].data)),
            ("train.steps", config.train.steps, arms[first].train.steps),
            ("train.batch_size", config.train.batch_size, arms[first].train.batch_size),
            ("evaluate", dump(config.evaluate), dump(arms[first].evaluate)),
        ):
            if mine != theirs:
                raise UserError(
                    f"arms '{first.name}' and '{folder.name}' differ in {section}: {theirs} and {mine}",
                    where="compare",
                    fix="give every arm the same budget and data",
                )
