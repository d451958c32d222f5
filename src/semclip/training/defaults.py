"""Options that a config leaves to their defaults: a run goes on with those it was begun with, whatever they are now."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from semclip.core.config import dump, load_config, parse
from semclip.core.files import write_json
from semclip.core.registry import FAMILIES
from semclip.core.run_record import read_record
from semclip.objectives.base import with_seed
from semclip.training.config import TrainConfig

#: Options of `train:` that came later, and what runs did before, where the default of today does something else.
BEFORE: Mapping[str, Any] = {"mask_equal_captions": False}
#: Keys of run.json: options that a run was begun without, and all those of its sections, defaults written out.
WITHOUT, OPTIONS = "begun_without", "options"


def as_begun(run_folder: Path, config: TrainConfig) -> tuple[TrainConfig, list[str]]:
    """The config with what the run in a folder did where it was begun before an option existed, and that in sentences.

    What it was begun without is noted in its run.json, since its config.yaml is written anew.
    """
    saved, record = run_folder / "config.yaml", run_folder / "run.json"
    if not (saved.exists() and record.exists()):
        return config, []
    noted, section = read_record(record), load_config(saved).get("train")
    lacking = [key for key in BEFORE if isinstance(section, Mapping) and key not in section]
    without = [key for key in BEFORE if key in lacking or key in noted.get(WITHOUT, ())]
    if lacking:
        write_json(record, {**noted, WITHOUT: without})
    config, about_seeds = _with_seeds_begun(record, config)
    former = {key: BEFORE[key] for key in without}
    told = [
        f"this run was begun before the option train.{key} existed, and goes on as it was: {str(value).lower()}. "
        f"A new run (another --out) takes the default, {str(getattr(config.train, key)).lower()}"
        for key, value in former.items()
        if getattr(config.train, key) != value
    ]
    return replace(config, train=replace(config.train, **former)), [*told, *about_seeds]


def _with_seeds_begun(record: Path, config: TrainConfig) -> tuple[TrainConfig, list[str]]:
    """The config with objective.seed as it was where a run was begun when its default was 0, and that in a sentence."""
    zeros = with_seed(config.objective, 0)
    given = dict(leaves(config.objective, "objective."))
    left_to_run = [key for key, _ in leaves(zeros, "objective.") if key.endswith(".seed") and given.get(key) is None]
    noted = read_record(record)
    begun = {**dict.fromkeys(left_to_run, 0), **(noted.get(OPTIONS) or {})}
    if all(begun[key] is None for key in left_to_run):
        return config, []
    write_json(record, {**noted, OPTIONS: begun})
    told = (
        "this run was begun when objective.seed was 0 unless given, and goes on with it. A new run (another --out) "
        f"derives it from its seed, {config.seed}"
    )
    return replace(config, objective=zeros), [told]


def completed(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a saved config, with what was done where an option did not exist yet."""
    section = values.get("train")
    return {**values, "train": {**BEFORE, **section}} if isinstance(section, Mapping) else dict(values)


def options(config: TrainConfig) -> dict[str, Any]:
    """Every option of the sections that the config names a class for, by its key: `objective.beta`, `steps.0.share`."""
    found: dict[str, Any] = {}
    sections = [("objective", "objectives", config.objective)]
    sections += [(f"steps.{number}", "steps", section) for number, section in enumerate(config.steps)]
    if "backend" in config.model:
        sections.append(("model", "backends", {**config.model, "name": config.model["backend"]}))
    for key, family, section in sections:
        cls = FAMILIES[family].get(str(section["name"])).Config
        known = cls.__dataclass_fields__
        given = config.model if key == "model" else {k: v for k, v in section.items() if k != "name"}
        values = dump(parse(cls, {k: v for k, v in given.items() if k in known}, where=key))
        if family == "objectives":
            values = _with_options_of_members(values)
        found |= dict(leaves(values, f"{key}."))
    return found


def _with_options_of_members(values: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a sum of objectives with those of its members; of any other objective as they are."""
    if not isinstance(values.get("members"), Mapping):
        return dict(values)
    members = {}
    for name, given in values["members"].items():
        cls = FAMILIES["objectives"].get(name).Config
        own = {k: v for k, v in given.items() if k in cls.__dataclass_fields__}
        members[name] = {**given, **_with_options_of_members(dump(parse(cls, own, where=f"objective.members.{name}")))}
    return {**values, "members": members}


def changed_defaults(record: Mapping[str, Any], config: TrainConfig) -> dict[str, tuple[Any, Any]]:
    """Options whose default is another than when a run was begun: key -> (then, now). None for older runs."""
    before, now = record.get(OPTIONS), options(config)
    if not isinstance(before, Mapping):
        return {}
    return {key: (before[key], now[key]) for key in sorted(before.keys() & now.keys()) if before[key] != now[key]}


def leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Each value that is no section, with its full key."""
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
