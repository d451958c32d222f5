"""Several systems on equal terms: within a track the same start, data, steps and batch; one run per arm and seed."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import partial, reduce
from operator import getitem
from pathlib import Path
from typing import Any

from rich.console import Console

from semclip.core.config import dump, find_config, load_config, parse, refuse_given_twice, save_config
from semclip.core.errors import UserError, did_you_mean
from semclip.core.example import VIEWS
from semclip.core.files import is_file, write_json
from semclip.core.launch import processes_started
from semclip.core.lock import lock_of, only_one
from semclip.core.run_record import read_record
from semclip.models.adapt.what_trains import WhatTrains
from semclip.training.config import TrainConfig
from semclip.training.defaults import as_begun
from semclip.training.examples import Splits, load_splits
from semclip.training.loop import train
from semclip.training.processes import Job, run_jobs
from semclip.training.record import refuse_another_config
from semclip.training.setup import build_objective, build_steps
from semclip.training.steps.base import views_of_data
from semclip.training.trackers import warn


@dataclass(frozen=True, kw_only=True)
class Track:
    """Arms that may be ranked against each other. arms: name -> training config.

    base: TRACK/ARM of a track above; every arm then starts from that arm's model of the same seed.
    """

    arms: Mapping[str, str]
    base: str = ""


@dataclass(frozen=True, kw_only=True)
class CompareConfig:
    """A file in configs/compare/.

    seeds: one run of every arm per seed. overrides: applied to every arm, so that all see the same data and sizes.
    """

    name: str
    tracks: Mapping[str, Track]
    seeds: tuple[int, ...] = (0,)
    overrides: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.seeds or not self.tracks or not all(track.arms for track in self.tracks.values()):
            raise UserError(
                "a comparison needs at least one seed, one track, and one arm in each",
                where=self.name,
                fix="write `tracks: {NAME: {arms: {ARM: CONFIG}}}` and `seeds: [0]`",
            )
        if twice := sorted(seed for seed in set(self.seeds) if self.seeds.count(seed) > 1):
            raise UserError(f"seed {twice[0]} is given twice", where=f"{self.name}: seeds", fix="give each seed once")
        above: list[str] = []
        for name, track in self.tracks.items():
            if track.base and track.base not in above:
                raise UserError(
                    f"the base '{track.base}' of track '{name}' is no arm of a track above it",
                    where=self.name,
                    fix=did_you_mean(track.base, above),
                )
            above += [f"{name}/{arm}" for arm in track.arms]

    def beside(self, folder: Path) -> "CompareConfig":
        """The same with the arms' configs that are files in `folder` by their paths, as `extends:` finds them."""
        tracks = {
            name: replace(track, arms={a: str(p) if is_file(p := folder / s) else s for a, s in track.arms.items()})
            for name, track in self.tracks.items()
        }
        return replace(self, tracks=tracks)


def plan(config: CompareConfig, overrides: Sequence[str], out: Path) -> dict[Path, TrainConfig]:
    """Every run in order: its folder OUT/seedN/TRACK/ARM and its config. All are parsed before the first one starts."""
    runs: dict[Path, TrainConfig] = {}
    refuse_given_twice(overrides)
    _refuse_own_keys(overrides)
    shared = [f"{key}={json.dumps(value)}" for key, value in config.overrides.items()] + list(overrides)
    for seed in config.seeds:
        for name, track in config.tracks.items():
            start = [f"model.from={json.dumps(str(out / f'seed{seed}' / track.base / 'model'))}"] if track.base else []
            for arm, source in track.arms.items():
                path = find_config(source)
                own = [f"name={json.dumps(arm)}", f"track={json.dumps(name)}", f"seed={seed}"]
                values = load_config(path, _last_of_each([*shared, *own, *start]))
                runs[out / f"seed{seed}" / name / arm] = parse(TrainConfig, values, where=str(path))
    # What one arm needs of the data, every run must have: all of them train on the same examples.
    views = {v for c in runs.values() for v in views_of_data(build_steps(c), build_objective(c).needs & set(VIEWS))}
    runs = {folder: replace(c, require=tuple(sorted(views))) for folder, c in runs.items()}
    _refuse_unequal(runs)
    _refuse_several_processes(runs)
    return runs


def _last_of_each(overrides: Sequence[str]) -> list[str]:
    """One override for each key: the command line goes before the file, and what makes an arm before both."""
    return list({override.partition("=")[0]: override for override in overrides}.values())


def _refuse_own_keys(overrides: Sequence[str]) -> None:
    """What a comparison gives each of its runs itself cannot be given to all."""
    given = {override.partition("=")[0] for override in overrides} & {"name", "track", "seed"}
    if given:
        key = sorted(given)[0]
        raise UserError(
            f"'{key}' is another one for each run of a comparison",
            where="command line",
            fix="write `seeds: [0, 1]` in the comparison's file; names and tracks are those of its arms",
        )


def compare(
    config: CompareConfig, overrides: Sequence[str], out: Path, console: Console, max_parallel: int = 1
) -> list[Path]:
    """Run what is not finished yet; returns the run folders, in order. Killed and started again, it continues.

    max_parallel: with more than 1, that many runs at a time, each a process that writes RUN/log.txt.
    """
    with only_one(lock_of(out), "is running this comparison", str(out)):
        return _compared(plan(config, overrides, out), out, console, max_parallel)


def _compared(runs: Mapping[Path, TrainConfig], out: Path, console: Console, max_parallel: int) -> list[Path]:
    write_json(out / "runs.json", [_label(folder, out) for folder in runs])  # `semclip report OUT` reads it
    todo = []
    runs = {folder: as_begun(folder, train_config)[0] for folder, train_config in runs.items()}
    for number, (folder, train_config) in enumerate(runs.items(), start=1):
        record = folder / "run.json"
        if record.exists():
            for said in refuse_another_config(folder, train_config, partial(splits_of, train_config)):
                warn(console, said)
        if record.exists() and read_record(record).get("finished"):
            console.print(f"{number}/{len(runs)} {_label(folder, out)}: finished before")
        else:
            todo.append((number, folder))
    if max_parallel > 1:
        run_jobs([_job(folder, runs[folder], out) for _, folder in todo], max_parallel, console)
        return list(runs)
    for number, folder in todo:
        console.print(f"{number}/{len(runs)} {_label(folder, out)}:", end=" ")
        train(runs[folder], folder, console, resume=(folder / "run.json").exists(), how_to_continue="the same command")
    return list(runs)


def splits_of(config: TrainConfig) -> Splits:
    """The examples that a run of this config uses."""
    return load_splits(config, build_objective(config), build_steps(config))


def _job(folder: Path, config: TrainConfig, out: Path) -> Job:
    """The run as a `semclip train` of its own, on its resolved config, after the run it starts from."""
    save_config(folder / "config.yaml", dump(config))
    command = [sys.executable, "-m", "semclip.cli.main", "train", str(folder / "config.yaml"), "--out", str(folder)]
    resume = ["--resume"] if (folder / "run.json").exists() else []
    start = Path(str(config.model.get("from", ""))).parent
    return Job(_label(folder, out), [*command, *resume], folder / "log.txt", after=_label(start, out))


def _label(folder: Path, out: Path) -> str:
    return str(folder.relative_to(out)) if folder.is_relative_to(out) else str(folder)


def _shared(config: TrainConfig) -> dict[str, Any]:
    """The config without what arms may choose for themselves: which parts of the model train."""
    own = {field.name for field in fields(WhatTrains)}
    return {**dump(config), "model": {key: value for key, value in config.model.items() if key not in own}}


def _refuse_unequal(runs: Mapping[Path, TrainConfig]) -> None:
    """Arms of one track must share model, length, batch and evaluation, and all runs their data: else numbers say
    nothing. What of the model trains, and where a saved one lies, is an arm's own."""
    anywhere = next(iter(runs))
    beside = {(config.track, config.seed): folder for folder, config in reversed(list(runs.items()))}
    for folder, config in runs.items():
        first = beside[config.track, config.seed]
        sections = [("data", anywhere)]
        sections += [(s, first) for s in ("model", "train.steps", "train.epochs", "train.batch_size", "evaluate")]
        for section, other in sections:
            mine, theirs = (reduce(getitem, section.split("."), _shared(c)) for c in (config, runs[other]))
            if mine != theirs:
                raise UserError(
                    f"arms '{other.name}' and '{folder.name}' differ in {section}: {theirs} and {mine}",
                    where="compare",
                    fix="give every arm of a track the same budget, and every arm the same data",
                )


def _refuse_several_processes(runs: Mapping[Path, TrainConfig]) -> None:
    """A comparison starts its runs itself, each in one process."""
    most = max(processes_started(), *(1 if c.train.devices == "auto" else c.train.devices for c in runs.values()))
    if most > 1:
        raise UserError(
            f"{most} processes for each run of a comparison",
            where="torchrun, or train.devices",
            fix="use `semclip compare --jobs N` for runs at the same time, or train each arm with `semclip train`",
        )
