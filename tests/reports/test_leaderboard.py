"""Many results in one table: values, averages of suites, what cannot be compared, and a CSV that holds everything."""

import csv
import statistics
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from semclip.cli.leaderboard import command
from semclip.core.errors import UserError
from semclip.evaluation.metrics.intervals import wilson
from semclip.evaluation.metrics.result import Metric, Result
from semclip.reports.leaderboard import leaderboard, read_entries, write_csv
from semclip.reports.table import Cell, Table

SUITES = {"both": ("ccneg", "sugarcrepe", "winoground"), "one": ("ccneg",)}


def write(folder: Path, model: str, benchmark: str, value: float, **changes: object) -> None:
    part = Metric(name="accuracy", value=value, n=50, description="d", interval=wilson(value, 50), chance=0.5)
    values = {
        "benchmark": benchmark, "version": 1, "model": model, "data": {"files": {}, "limit": 0}, "primary": "accuracy",
        "metrics": [Metric(name="accuracy", value=value, n=100, description="d", interval=wilson(value, 100),
                           chance=0.5, per_slice={"kind": part})],
        "encoder": {"weights_sha256": model.encode().hex()[:8]}, **changes,
    }  # fmt: skip
    Result(**values).save(folder / f"{benchmark}.json")  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for model, ccneg, sugarcrepe in (("plain", 0.6, 0.9), ("tuned", 0.8, 0.5)):
        write(tmp_path / model / "results", model, "ccneg", ccneg)
        write(tmp_path / model / "results", model, "sugarcrepe", sugarcrepe)
    write(tmp_path / "half" / "results", "half", "ccneg", 0.7)
    (tmp_path / "plain" / "run.json").write_text("{}")
    return tmp_path


def column(table: Table, name: str) -> dict[str, Cell]:
    place = next(i for i, head in enumerate(table.heads) if head.startswith(name))
    return {model: cells[place - 1] for model, cells in table.rows}


def test_values_and_means_of_suites_are_those_of_the_files(folder: Path) -> None:
    entries, others = read_entries([folder])
    table = leaderboard(entries, SUITES)
    assert others == 1 and [row[0] for row in table.rows] == ["plain", "tuned", "half"]
    assert table.heads[1] == "both (2 of 3)" and len(table.heads) == 4
    mean = f"{100 * statistics.fmean([0.6, 0.9]):.1f} %"
    assert {m: c.value for m, c in column(table, "both").items()} == {"plain": mean, "tuned": "65.0 %", "half": "–"}
    ccneg = column(table, "CC-Neg")
    assert (ccneg["tuned"].value, ccneg["half"].value) == ("80.0 %", "70.0 %")
    low, high = wilson(0.8, 100)
    assert ccneg["tuned"].interval == f"[{100 * low:.1f}, {100 * high:.1f}]"
    assert column(table, "SugarCrepe")["half"].value == "–"
    assert [row[0] for row in leaderboard(entries, SUITES, "ccneg").rows] == ["tuned", "half", "plain"]
    with pytest.raises(UserError, match="no column 'ccng'") as caught:
        leaderboard(entries, SUITES, "ccng")
    assert "ccneg" in caught.value.fix


def test_lower_is_better_is_ordered_the_other_way_and_stays_out_of_means(tmp_path: Path) -> None:
    for model, rank in (("a", 3.0), ("b", 1.5)):
        metric = Metric(name="accuracy", value=rank, n=9, description="d", unit="rank", higher_is_better=False)
        write(tmp_path / model, model, "winoground", 0.5, metrics=[metric])
        write(tmp_path / model, model, "ccneg", 0.5)
        write(tmp_path / model, model, "sugarcrepe", 0.5)
    table = leaderboard(read_entries([tmp_path])[0], SUITES, "winoground")
    assert [row[0] for row in table.rows] == ["b", "a"] and table.heads[1] == "both (2 of 3)"
    assert "mean of ccneg and sugarcrepe, each counting alike, without winoground: no share of items." in table.note


def test_what_was_measured_otherwise_is_refused_in_one_column(folder: Path) -> None:
    write(folder / "other", "other", "ccneg", 0.9, data={"files": {}, "limit": 20})
    with pytest.raises(UserError, match="limit: 0 and 20") as caught:
        read_entries([folder])
    assert "other" in caught.value.where
    assert len(read_entries([folder / "plain", folder / "tuned"])[0]) == 2  # the advice, followed


def test_what_one_result_does_not_say_hides_no_difference_of_two_others(tmp_path: Path) -> None:
    for model, data in (("old", {}), ("a", {"items_sha256": "aa"}), ("b", {"items_sha256": "bb"})):
        write(tmp_path / model, model, "ccneg", 0.5, data=data)
    for two in (("old", "a"), ("old", "b")):
        assert len(read_entries([tmp_path / model for model in two])[0]) == 2
    with pytest.raises(UserError, match="items") as caught:
        read_entries([tmp_path / model for model in ("old", "a", "b")])
    assert str(tmp_path / "a") in caught.value.where and str(tmp_path / "b") in caught.value.where


def test_one_name_for_two_weights_is_two_rows_and_two_results_of_one_model_are_refused(folder: Path) -> None:
    write(folder / "again", "plain", "ccneg", 0.1, encoder={"weights_sha256": "12345678aa"})
    models = [entry.model for entry in read_entries([folder])[0]]
    assert "plain (12345678)" in models and len(models) == 4
    write(folder / "third", "plain", "ccneg", 0.2, encoder={"weights_sha256": "12345678aa"})
    with pytest.raises(UserError, match="two results of 'ccneg'"):
        read_entries([folder])


def test_the_csv_holds_every_metric_and_slice_and_no_formula(folder: Path) -> None:
    write(folder / "bad", "=HYPERLINK(1)", "ccneg", 0.25)
    write_csv(read_entries([folder])[0], folder / "all.csv")
    with (folder / "all.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * (2 + 2 + 1 + 1)
    tuned = next(r for r in rows if (r["model"], r["benchmark"], r["slice"]) == ("tuned", "ccneg", ""))
    assert float(tuned["value"]) == 0.8 and float(tuned["low"]) == wilson(0.8, 100)[0] and tuned["n"] == "100"
    assert tuned["primary"] == "True" and Path(tuned["file"]).is_file()
    assert [r["model"] for r in rows if "HYPER" in r["model"]] == ["'=HYPERLINK(1)"] * 2


def test_the_command_prints_and_writes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "150")
    app = typer.Typer()
    app.command()(command)
    out = [str(folder), "--csv", str(folder / "x.csv"), "--markdown", str(folder / "x.md")]
    found = CliRunner().invoke(app, out)
    assert found.exit_code == 0, found.output
    assert "80.0 %" in found.output and "1 JSON files there are no results" in found.output
    assert "| tuned | 80.0 [" in (folder / "x.md").read_text() and (folder / "x.csv").exists()
    for wrong in (folder / "nowhere", folder / "plain" / "run.json"):
        assert isinstance(CliRunner().invoke(app, [str(wrong)]).exception, UserError)
