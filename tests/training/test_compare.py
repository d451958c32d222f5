"""A comparison is on equal terms, planned before it starts, and continues where it stopped."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console

from semclip.core.errors import UserError
from semclip.core.files import read_json
from semclip.reports.comparison import load_tracks
from semclip.training.compare import CompareConfig, Track, compare, plan
from tests.training.conftest import TINY, printed


def write_configs(folder: Path, world: Path, **changes: Any) -> CompareConfig:
    """A scratch track of one arm, and a control and SemCLIP that start from it. changes: `train.` keys of SemCLIP."""
    common = {
        "data": {"root": str(world), "path": "scenes.jsonl"},
        "evaluate": {"benchmarks": ["retrieval", "original_over_negation"]},
    }
    common["guards"] = {"free_disk_mb": 0}
    loop = {"batch_size": 16, "learning_rate": 1e-3, "warmup_steps": 1, "precision": "32-true"}
    configs = {
        "clip": {"model": {"backend": "open_clip", "config": TINY}, "objective": {"name": "clip"}, "role": "control"},
        "control": {"model": {"freeze": ["image"]}, "objective": {"name": "clip"}, "role": "control"},
        "semclip": {"model": {"freeze": ["image"]}, "objective": {"name": "semclip"}, "role": "treated"},
    }
    for name, config in configs.items():
        own = changes if name == "semclip" else {"steps": 4} if name == "clip" else {}
        config |= common | {"name": name, "train": {**loop, "steps": 3, **own}}
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(config))
    path = {name: str(folder / f"{name}.yaml") for name in configs}
    tracks = {
        "scratch": Track(arms={"clip": path["clip"]}),
        "finetune": Track(arms={name: path[name] for name in ("control", "semclip")}, base="scratch/clip"),
    }
    return CompareConfig(name="tiny", tracks=tracks, seeds=(0, 1))


def test_the_plan_has_every_arm_per_seed_and_each_starts_from_its_tracks_base(tmp_path: Path, world: Path) -> None:
    out = tmp_path / "out"
    runs = plan(write_configs(tmp_path, world), [], out)
    arms = ("scratch/clip", "finetune/control", "finetune/semclip")
    assert [str(p.relative_to(out)) for p in runs] == [f"seed{s}/{arm}" for s in (0, 1) for arm in arms]
    for folder, config in runs.items():
        assert (folder.parts[-3], config.track, config.name) == (f"seed{config.seed}", *folder.parts[-2:])
        start = {"scratch": None, "finetune": str(folder.parents[1] / "scratch" / "clip" / "model")}[config.track]
        assert config.model.get("from") == start
        assert config.require == ("caption", "image", "negation", "paraphrase")


@pytest.mark.parametrize("change", [{"steps": 4}, {"batch_size": 8}])
def test_unequal_budgets_within_a_track_are_refused(tmp_path: Path, world: Path, change: dict[str, int]) -> None:
    with pytest.raises(UserError, match=rf"'control' and 'semclip' differ in train\.{next(iter(change))}"):
        plan(write_configs(tmp_path, world, **change), [], tmp_path / "out")


def edit(path: Path, **changes: dict[str, Any]) -> None:
    """Add to the sections of a config file."""
    values = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump(values | {name: values[name] | keys for name, keys in changes.items()}))


def test_unequal_epochs_within_a_track_are_refused(tmp_path: Path, world: Path) -> None:
    config = write_configs(tmp_path, world, steps=0, epochs=2.0)
    edit(tmp_path / "control.yaml", train={"steps": 0, "epochs": 1.0})
    with pytest.raises(UserError, match=r"'control' and 'semclip' differ in train\.epochs: 1\.0 and 2\.0"):
        plan(config, [], tmp_path / "out")


def test_arms_of_a_track_share_a_model_and_choose_what_of_it_trains(tmp_path: Path, world: Path) -> None:
    config = write_configs(tmp_path, world)
    edit(tmp_path / "semclip.yaml", model={"freeze": ["text"], "gradient_checkpointing": True})
    assert len(plan(config, [], tmp_path / "out")) == 6
    edit(tmp_path / "semclip.yaml", model={"context_length": 32})
    with pytest.raises(UserError, match="'control' and 'semclip' differ in model"):
        plan(config, [], tmp_path / "out")


def test_other_data_in_another_track_are_refused(tmp_path: Path, world: Path) -> None:
    config = write_configs(tmp_path, world)
    values = yaml.safe_load((tmp_path / "clip.yaml").read_text())
    (tmp_path / "clip.yaml").write_text(yaml.safe_dump(values | {"data": {**values["data"], "images": "elsewhere"}}))
    with pytest.raises(UserError, match="'clip' and 'control' differ in data"):
        plan(config, [], tmp_path / "out")


def test_a_base_must_be_an_arm_of_a_track_above() -> None:
    scratch, finetune = Track(arms={"clip": "x"}), Track(arms={"control": "y"}, base="scratch/clp")
    with pytest.raises(UserError, match="'scratch/clp' of track 'finetune'") as error:
        CompareConfig(name="typo", tracks={"scratch": scratch, "finetune": finetune})
    assert error.value.fix == "Did you mean scratch/clip?"
    with pytest.raises(UserError, match="no arm of a track above"):
        CompareConfig(name="order", tracks={"finetune": replace(finetune, base="scratch/clip"), "scratch": scratch})


def test_a_seed_is_given_once_and_arms_are_found_beside_the_file(
    tmp_path: Path, world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = write_configs(tmp_path, world)
    with pytest.raises(UserError, match="seed 1 is given twice"):
        replace(config, seeds=(1, 0, 1))
    monkeypatch.chdir(world)
    by_name = replace(config, tracks={"scratch": Track(arms={"clip": "clip.yaml", "shipped": "scenes/scratch/clip"})})
    with pytest.raises(UserError, match=r"no config file 'clip\.yaml'"):
        plan(by_name, [], tmp_path / "out")
    found = by_name.beside(tmp_path)
    assert found.tracks["scratch"].arms == {"clip": str(tmp_path / "clip.yaml"), "shipped": "scenes/scratch/clip"}


def test_a_typo_in_the_last_arm_stops_before_the_first_run(tmp_path: Path, world: Path) -> None:
    config = write_configs(tmp_path, world)
    with pytest.raises(UserError, match="learning_rat"):
        compare(config, ["train.learning_rat=1"], tmp_path / "out", Console(quiet=True))
    assert not (tmp_path / "out").exists()


def test_it_continues_and_refuses_another_config(tmp_path: Path, world: Path, console: Console) -> None:
    config = replace(write_configs(tmp_path, world), seeds=(0,))
    folders = compare(config, [], tmp_path / "out", console)
    assert [r.folder for r in load_tracks([tmp_path / "out"])[-1].runs] == folders
    stamps = {f: (f / "run.json").stat().st_mtime_ns for f in folders}
    compare(config, [], tmp_path / "out", console)
    assert printed(console).count("finished before") == 3
    with pytest.raises(UserError, match="another config"):
        compare(config, ["train.learning_rate=0.5"], tmp_path / "out", console)
    assert stamps == {f: (f / "run.json").stat().st_mtime_ns for f in folders}


@pytest.mark.slow
def test_side_by_side_gives_what_one_after_the_other_gives(tmp_path: Path, world: Path, console: Console) -> None:
    config = replace(write_configs(tmp_path, world), seeds=(0,))
    apart = compare(config, [], tmp_path / "apart", console, max_parallel=2)
    assert printed(console).count("finished") == 3
    assert "retrieval.caption_r1" in (apart[0] / "log.txt").read_text()
    here = compare(config, [], tmp_path / "here", console)
    for a, b in zip(apart, here, strict=True):
        results = [read_json(run / "results" / "retrieval.json") for run in (a, b)]
        assert results[0]["items"] == results[1]["items"]
