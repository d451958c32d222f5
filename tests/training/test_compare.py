"""A comparison is on equal terms, planned before it starts, and continues where it stopped."""

from pathlib import Path

import pytest
import yaml
from rich.console import Console

from semclip.core.errors import UserError
from semclip.training.compare import CompareConfig, compare, plan
from tests.training.conftest import TINY, printed


def write_configs(folder: Path, world: Path, treated_steps: int = 3) -> CompareConfig:
    common = {
        "data": {"root": str(world), "path": "scenes.jsonl"},
        "evaluate": {"benchmarks": ["retrieval", "original_over_negation"]},
    }
    loop = {"batch_size": 16, "learning_rate": 1e-3, "warmup_steps": 1, "precision": "32-true"}
    configs = {
        "base": {"model": {"backend": "open_clip", "config": TINY}, "objective": {"name": "clip"}},
        "control": {"model": {"freeze": ["image"]}, "objective": {"name": "clip"}, "role": "control"},
        "semclip": {"model": {"freeze": ["image"]}, "objective": {"name": "semclip"}, "role": "treated"},
    }
    for name, config in configs.items():
        steps = treated_steps if name == "semclip" else 3
        config |= common | {"name": name, "train": {**loop, "steps": steps}}
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(config))
    arms = {name: str(folder / f"{name}.yaml") for name in ("control", "semclip")}
    return CompareConfig(name="tiny", base=str(folder / "base.yaml"), arms=arms, seeds=(0, 1))


def test_the_plan_has_one_base_per_seed_and_every_arm_starts_from_it(tmp_path: Path, world: Path) -> None:
    runs = plan(write_configs(tmp_path, world), [], tmp_path / "out")
    assert [f"{p.parent.name}/{p.name}" for p in runs] == [
        f"seed{s}/{arm}" for s in (0, 1) for arm in ("base", "control", "semclip")
    ]
    for folder, config in runs.items():
        assert config.seed == int(folder.parent.name[-1])
        if folder.name != "base":
            assert config.model["from"] == str(folder.parent / "base" / "model")


def test_unequal_budgets_are_refused(tmp_path: Path, world: Path) -> None:
    with pytest.raises(UserError, match=r"train\.steps"):
        plan(write_configs(tmp_path, world, treated_steps=4), [], tmp_path / "out")


def test_a_typo_in_the_last_arm_stops_before_the_first_run(tmp_path: Path, world: Path) -> None:
    config = write_configs(tmp_path, world)
    with pytest.raises(UserError, match="learning_rat"):
        compare(config, ["train.learning_rat=1"], tmp_path / "out", Console(quiet=True))
    assert not (tmp_path / "out").exists()


def test_it_runs_and_continues(tmp_path: Path, world: Path, console: Console) -> None:
    config = write_configs(tmp_path, world)
    folders = compare(config, [], tmp_path / "out", console)
    stamps = {f: (f / "run.json").stat().st_mtime_ns for f in folders}
    compare(config, [], tmp_path / "out", console)
    assert printed(console).count("finished before") == 6
    with pytest.raises(UserError, match="another config"):
        compare(config, ["train.learning_rate=0.5"], tmp_path / "out", console)
    assert stamps == {f: (f / "run.json").stat().st_mtime_ns for f in folders}
