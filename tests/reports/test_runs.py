import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from semclip.core.errors import UserError
from semclip.core.registry import FAMILIES
from semclip.reports.comparison import _NOT_THE_SYSTEM, load_tracks
from semclip.reports.runs import load_run
from semclip.training.record import MAY_CHANGE
from tests.reports.conftest import MakeRuns, edit_json, load_one


def test_titles_roles_and_seeds(runs: list[Path]) -> None:
    comparison = load_one(runs)
    assert [r.title for r in comparison.runs] == ["Base", "CLIP control", "SemCLIP"]
    assert [r.seed for r in comparison.runs] == [0, 0, 0]
    assert comparison.focus.name == "semclip"
    assert comparison.control_of(comparison.focus) is comparison.runs[1]
    assert comparison.control_of(comparison.runs[0]) is None
    assert comparison.base_of(comparison.focus) is comparison.runs[0]


def test_control_of_the_same_seed(make_runs: MakeRuns) -> None:
    comparison = load_one([*make_runs(0, "seed0"), *make_runs(1, "seed1")])
    assert [r.name for r in comparison.runs][:2] == ["seed0/base", "seed0/control"]
    for treated in comparison.treated:
        control = comparison.control_of(treated)
        assert control is not None and control.seed == treated.seed


def test_folder_without_results_says_what_to_type(runs: list[Path]) -> None:
    for path in (runs[0] / "results").iterdir():
        path.unlink()
    with pytest.raises(UserError, match="no results") as caught:
        load_run(runs[0])
    assert caught.value.fix == f"semclip evaluate {runs[0]}"


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such run folder"):
        load_run(tmp_path / "nothing")
    with pytest.raises(UserError, match="no run folder given"):
        load_tracks([])


@pytest.mark.parametrize(("key", "value"), [("sha256", "77" * 32), ("split", "val")])
def test_different_data_is_refused(runs: list[Path], key: str, value: str) -> None:
    edit_json(runs[2] / "results" / "retrieval.json", lambda r: r | {"data": r["data"] | {key: value}})
    with pytest.raises(UserError, match="measured on different data") as caught:
        load_one(runs)
    assert "'retrieval'" in caught.value.what and "semclip" in caught.value.where


def test_data_that_differ_behind_a_result_that_does_not_say_are_refused(runs: list[Path]) -> None:
    for run, data in zip(runs, ({}, {"split": "val"}, {"split": "test"}), strict=True):
        edit_json(run / "results" / "retrieval.json", lambda result, data=data: result | {"data": data})
    with pytest.raises(UserError, match="split: 'val' and 'test'"):
        load_tracks(runs)


def test_another_version_of_a_benchmark_is_refused(runs: list[Path]) -> None:
    edit_json(runs[1] / "results" / "absence.json", lambda r: r | {"version": 2})
    with pytest.raises(UserError, match="benchmark version"):
        load_one(runs)


def test_same_folder_twice_is_refused(runs: list[Path]) -> None:
    with pytest.raises(UserError, match="named twice"):
        load_one([runs[0], runs[0]])


def test_nan_in_a_result_is_refused(runs: list[Path]) -> None:
    path = runs[0] / "results" / "margins.json"
    path.write_text(path.read_text().replace('"interval": null', '"interval": [NaN, 1.0]', 1))
    with pytest.raises(UserError, match="no finite number") as caught:
        load_run(runs[0])
    assert "margins.json" in caught.value.where


def test_foreign_json_in_results_is_refused(runs: list[Path]) -> None:
    (runs[0] / "results" / "notes.json").write_text("[1, 2]")
    with pytest.raises(UserError, match="not a result file"):
        load_run(runs[0])


def test_broken_plane_is_refused(runs: list[Path]) -> None:
    edit_json(runs[2] / "results" / "plane.json", lambda p: p["after"]["negation"].pop() and None)
    with pytest.raises(UserError, match="not a plane file"):
        load_run(runs[2])


def test_unknown_role_is_refused(runs: list[Path]) -> None:
    edit_json(runs[2] / "run.json", lambda info: info | {"role": "treatd"})
    with pytest.raises(UserError, match="unknown role 'treatd'") as caught:
        load_run(runs[2])
    assert "treated" in caught.value.fix


def test_a_control_named_among_bases_makes_the_others_treated(make_runs: MakeRuns) -> None:
    bases = [make_runs(seed, f"seed{seed}")[0] for seed in (0, 1)]
    assert load_one(bases).treated == []
    comparison = load_one(bases, control="seed0/base")
    assert [r.name for r in comparison.treated] == ["seed1/base"]
    assert comparison.control_of(comparison.focus) is comparison.runs[0]


def test_each_track_is_a_comparison_with_its_own_control_and_the_base_it_starts_from(make_tracks: MakeRuns) -> None:
    scratch, finetune = load_tracks(make_tracks((0,)))
    assert [c.track for c in (scratch, finetune)] == ["scratch", "finetune"]
    assert [r.title for r in scratch.runs] == ["CLIP control", "CyCLIP"]
    assert [r.title for r in finetune.runs] == ["Base", "CLIP control", "SemCLIP", "NegCLIP"]
    assert finetune.runs[0].folder == scratch.runs[0].folder and finetune.runs[0].role == "base"
    for comparison in (scratch, finetune):
        control = comparison.control_of(comparison.focus)
        assert control is not None and control.track == comparison.track
    assert finetune.base_of(finetune.focus) is finetune.runs[0]


def test_seeds_stand_together_and_keep_apart_what_is_named_alike(make_tracks: MakeRuns) -> None:
    _, finetune = load_tracks(make_tracks((0, 1)))
    assert [(arm.title, [r.seed for r in arm.runs]) for arm in finetune.arms] == [
        (title, [0, 1]) for title in ("Base", "CLIP control", "SemCLIP", "NegCLIP")
    ]
    assert finetune.runs[2].name == "seed0/finetune/control"
    alone = finetune.one_seed
    assert [(r.title, r.seed) for r in alone.runs] == [
        ("Base", 0), ("CLIP control", 0), ("SemCLIP", 0), ("NegCLIP", 0)]  # fmt: skip
    assert alone.control_of(alone.focus) is alone.runs[1]


def test_arms_that_differ_in_more_than_the_objective_are_told_apart_by_their_names(make_tracks: MakeRuns) -> None:
    folders = make_tracks((0, 1))
    for folder in (f for f in folders if f.name == "negclip"):
        config = yaml.safe_load((folder / "config.yaml").read_text())
        (folder / "config.yaml").write_text(yaml.safe_dump(config | {"objective": {"name": "semclip"}}))
    finetune = load_tracks(folders)[-1]
    assert [arm.title for arm in finetune.arms[-2:]] == ["SemCLIP (semclip)", "SemCLIP (negclip)"]


@pytest.mark.parametrize("change", [{"train": {"steps": 9, "batch_size": 2}}, {"model": {"name": "another"}}])
def test_runs_that_differ_in_more_than_the_seed_are_systems_of_their_own(
    change: dict[str, object], make_tracks: MakeRuns
) -> None:
    folders = make_tracks((0, 1))
    odd = next(f for f in folders if f.name == "semclip" and "seed1" in f.parts)
    config = yaml.safe_load((odd / "config.yaml").read_text())
    (odd / "config.yaml").write_text(yaml.safe_dump(config | change))
    seeds = [[r.seed for r in arm.runs] for arm in load_tracks(folders)[-1].arms]
    assert sorted(seeds) == sorted([[0, 1], [0, 1], [0], [1], [0, 1]])


def test_what_a_resumed_run_may_change_leaves_it_in_its_system(make_tracks: MakeRuns) -> None:
    folders = make_tracks((0, 1))
    config = yaml.safe_load((folders[-1] / "config.yaml").read_text())
    config |= {"trackers": {"wandb": {"project": "x"}}, "train": config["train"] | {"workers": 2}}
    (folders[-1] / "config.yaml").write_text(yaml.safe_dump(config))
    assert [[r.seed for r in arm.runs] for arm in load_tracks(folders)[-1].arms] == [[0, 1]] * 4
    assert set(MAY_CHANGE) < set(_NOT_THE_SYSTEM)


@pytest.mark.parametrize("end", ["", "/model"])
def test_a_run_starts_from_a_run_folder_or_the_model_in_it(end: str, make_tracks: MakeRuns) -> None:
    folders = make_tracks((0,))
    for folder in folders[2:]:
        config = yaml.safe_load((folder / "config.yaml").read_text())
        (folder / "config.yaml").write_text(
            yaml.safe_dump(config | {"model": {"from": f"runs/out/seed0/scratch/clip{end}"}})
        )
    assert load_tracks(folders)[-1].runs[0].folder == folders[0]


def test_a_track_of_bases_alone_is_shown_where_it_is_used(make_tracks: MakeRuns) -> None:
    folders = [f for f in make_tracks((0,)) if f.name != "cyclip"]
    config = yaml.safe_load((folders[0] / "config.yaml").read_text())
    (folders[0] / "config.yaml").write_text(yaml.safe_dump(config | {"role": "base"}))
    edit_json(folders[0] / "run.json", lambda info: info | {"role": "base"})
    assert [r.title for r in load_one(folders).runs] == ["Base", "CLIP control", "SemCLIP", "NegCLIP"]


def test_every_objective_has_a_title(runs: list[Path]) -> None:
    titles = {
        name: replace(load_run(runs[0]), objective=name).objective_title for name in FAMILIES["objectives"].names()
    }
    assert titles["semclip"] == "SemCLIP" and titles["conclip"] == "CoN-CLIP" and titles["superclip"] == "SuperCLIP"
    assert not [name for name, title in titles.items() if title == name]
    assert replace(load_run(runs[0]), objective="my/own.py:Mine").objective_title == "Mine"


def test_the_folder_of_a_comparison_stands_for_its_runs(runs: list[Path]) -> None:
    out = runs[0].parent
    (out / "runs.json").write_text(json.dumps([run.name for run in reversed(runs)]))
    assert [r.name for r in load_one([out]).runs] == ["semclip", "control", "base"]
