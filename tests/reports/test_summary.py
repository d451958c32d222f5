import json
import statistics
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from rich.text import Text

from semclip.evaluation.metrics.crossed import crossed_mean
from semclip.reports.comparison import Comparison, load_tracks
from semclip.reports.summary import NOT_RANKED, summary, summary_table, write_markdown
from semclip.reports.table import Cell, Table, as_rich
from tests.reports.conftest import MakeRuns, edit_json, load_one


def printed(folders: list[Path]) -> str:
    console = Console(width=140, record=True, force_terminal=False, file=open("/dev/null", "w"))  # noqa: PTH123, SIM115
    console.print(summary_table(folders))
    return console.export_text()


def table_of(comparison: Comparison, name: str, place: int = 0) -> Table:
    return [table for table in summary(comparison) if table.name == name][place]


def cell(table: Table, row: str, column: str) -> Cell:
    return dict(table.rows)[row][table.heads.index(column) - 1]


def outcomes(run: Path, benchmark: str, metric: str) -> list[float]:
    """In the order of the ids, which all runs of the fixture share."""
    return json.loads((run / "results" / f"{benchmark}.json").read_text())["items"][metric]["outcome"]


def test_one_seed_shows_values_and_p_against_the_control(runs: list[Path]) -> None:
    text = printed(runs)
    for words in ("Base", "CLIP control", "SemCLIP", "Original over negation", "Absence over negation", "p < 0.001"):
        assert words in text
    assert "±" not in text
    assert "Zero-shot" not in text  # measured by none
    assert "lose nowhere" not in text  # two systems: the table itself says who wins


def test_several_seeds_show_mean_spread_interval_and_a_paired_test_over_seeds_and_items(make_runs: MakeRuns) -> None:
    folders = [f for seed in range(3) for f in make_runs(seed, f"seed{seed}")]
    skills = table_of(load_one(folders), "skills")
    assert skills.heads == ["", "chance", "Base", "CLIP control", "SemCLIP"]
    got = cell(skills, "Paraphrase R@1", "SemCLIP")
    values = [outcomes(f, "retrieval", "paraphrase_r1") for f in folders if f.name == "semclip"]
    control = [outcomes(f, "retrieval", "paraphrase_r1") for f in folders if f.name == "control"]
    means = [100 * statistics.fmean(v) for v in values]
    assert got.value == f"{statistics.fmean(means):.1f} ± {statistics.stdev(means):.1f} %"
    items = [str(i) for i in range(len(values[0]))]
    alone = crossed_mean(values, items)
    assert got.interval == f"[{100 * alone.interval[0]:.1f}, {100 * alone.interval[1]:.1f}]"
    paired = crossed_mean(
        [[a - b for a, b in zip(*rows, strict=True)] for rows in zip(values, control, strict=True)], items
    )
    assert got.change == f"{100 * paired.value:+.1f} points"
    corrected = [f"p = {times * paired.p:.3f}" for times in (1, 2, 3)]  # Holm's, over three pairs of systems
    assert got.p in corrected
    assert cell(skills, "Paraphrase R@1", "Base").change == ""
    assert "3 seeds" in printed(folders)


def test_runs_of_one_seed_stay_apart(make_runs: MakeRuns) -> None:
    arms = load_one([*make_runs(0, "a"), *make_runs(0, "b")[2:]]).arms
    assert [len(a.runs) for a in arms] == [1, 1, 1, 1]
    assert len({a.title for a in arms}) == 4


def test_without_a_control_the_caption_says_so(runs: list[Path]) -> None:
    assert "no p-values" in printed([runs[0], runs[2]])


def test_tracks_stand_apart_and_are_not_ranked(make_tracks: MakeRuns) -> None:
    text = " ".join(printed(make_tracks((0, 1))).split())
    assert text.index("Skills, track scratch") < text.index("Skills, track finetune") < text.index(NOT_RANKED)


def test_kinds_and_cost_are_means_of_the_seeds(make_tracks: MakeRuns) -> None:
    folders = make_tracks((0, 1))
    for seed, seconds in ((0, 30.0), (1, 40.0)):
        run = next(f for f in folders if f.match(f"seed{seed}/finetune/semclip"))
        edit_json(run / "run.json", lambda info, s=seconds: info | {"seconds": s})
    finetune = load_tracks(folders)[1]
    assert cell(table_of(finetune, "cost"), "Training time", "SemCLIP").value == "35 s"
    kinds = table_of(finetune, "kinds")
    metrics = [r.metric("original_over_negation", "caption_over_negation") for r in finetune.arms[2].runs]
    mean = statistics.fmean(100 * m.per_slice["object_added"].value for m in metrics if m)
    assert cell(kinds, "Object added", "SemCLIP").value.startswith(f"{mean:.1f} ± ")
    assert cell(kinds, "Object added", "n").value == "60"


def test_markdown_holds_every_table_and_what_the_terminal_says(make_tracks: MakeRuns, tmp_path: Path) -> None:
    folders = make_tracks((0, 1, 2))
    write_markdown(folders, tmp_path / "tables.md")
    text = (tmp_path / "tables.md").read_text()
    for title in ("## Track scratch", "## Track finetune", "Does one system lose nowhere?", "Cost of a run", "by kind"):
        assert title in text
    skills = table_of(load_tracks(folders)[1], "skills")
    got = cell(skills, "Text-only choice (TOT)", "SemCLIP")
    assert f"| {got.value.removesuffix(' %')} {got.interval} |" in text
    assert f"**{got.change.removesuffix(' points')}** {got.change_interval} {got.p} |" in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert all(line.endswith(" |") for line in rows)


def test_a_table_that_is_too_wide_is_cut_and_stars_stand_for_p() -> None:
    cells = [
        Cell(value=f"{i}.0 %", change="+1.0 points", p="p = 0.010", state="better" if i == 6 else "") for i in range(7)
    ]
    table = Table(name="s", title="Wide", note="Note.", heads=["", *"abcdefg"], rows=[("row", cells)])
    first, second = as_rich(table)
    assert [len(t.columns) for t in (first, second)] == [1 + 4, 1 + 3]
    assert list(second.columns[3].cells) == [Text("6.0\n+1.0*")]
    assert str(first.title) == "Wide" and str(second.caption) == "Note. * is clear: p below 0.05."
    [narrow] = as_rich(replace(table, heads=table.heads[:3], rows=[("row", cells[:2])]))
    assert list(narrow.columns[1].cells) == [Text("0.0 %\n+1.0 points, p = 0.010")]


@pytest.mark.parametrize("missing", ["retrieval", "triplet_choice"])
def test_a_run_without_a_benchmark_is_not_measured(runs: list[Path], missing: str) -> None:
    (runs[2] / "results" / f"{missing}.json").unlink()
    row = {"retrieval": "Caption R@1", "triplet_choice": "Text-only choice (TOT)"}[missing]
    skills = table_of(load_one(runs), "skills")
    assert cell(skills, row, "SemCLIP").value == "not measured"
    assert cell(skills, row, "CLIP control").value.endswith(" %")
