from pathlib import Path

import pytest

from semclip.core.errors import UserError
from semclip.reports.runs import load_comparison, load_run
from tests.reports.conftest import MakeRuns, edit_json


def test_titles_roles_and_seeds(runs: list[Path]) -> None:
    comparison = load_comparison(runs)
    assert [r.title for r in comparison.runs] == ["Base", "CLIP control", "SemCLIP"]
    assert [r.seed for r in comparison.runs] == [0, 0, 0]
    assert comparison.focus.name == "semclip"
    assert comparison.control_of(comparison.focus) is comparison.runs[1]
    assert comparison.control_of(comparison.runs[0]) is None
    assert comparison.base_of(comparison.focus) is comparison.runs[0]


def test_control_of_the_same_seed(make_runs: MakeRuns) -> None:
    comparison = load_comparison([*make_runs(0, "seed0"), *make_runs(1, "seed1")])
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
        load_comparison([])


@pytest.mark.parametrize(("key", "value"), [("sha256", "77" * 32), ("split", "val")])
def test_different_data_is_refused(runs: list[Path], key: str, value: str) -> None:
    edit_json(runs[2] / "results" / "retrieval.json", lambda r: r | {"data": r["data"] | {key: value}})
    with pytest.raises(UserError, match="measured on different data") as caught:
        load_comparison(runs)
    assert "'retrieval'" in caught.value.what and "semclip" in caught.value.where


def test_another_version_of_a_benchmark_is_refused(runs: list[Path]) -> None:
    edit_json(runs[1] / "results" / "absence.json", lambda r: r | {"version": 2})
    with pytest.raises(UserError, match="benchmark version"):
        load_comparison(runs)


def test_same_folder_twice_is_refused(runs: list[Path]) -> None:
    with pytest.raises(UserError, match="named twice"):
        load_comparison([runs[0], runs[0]])


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
    assert load_comparison(bases).treated == []
    comparison = load_comparison(bases, control="seed0/base")
    assert [r.name for r in comparison.treated] == ["seed1/base"]
    assert comparison.control_of(comparison.focus) is comparison.runs[0]
