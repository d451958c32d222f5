import statistics
from pathlib import Path

from rich.console import Console

from semclip.reports.runs import load_comparison
from semclip.reports.summary import summarise, summary_table
from tests.reports.conftest import MakeRuns


def printed(folders: list[Path]) -> str:
    console = Console(width=140, record=True, force_terminal=False, file=open("/dev/null", "w"))  # noqa: PTH123, SIM115
    console.print(summary_table(folders))
    return console.export_text()


def test_one_seed_shows_values_and_p_against_the_control(runs: list[Path]) -> None:
    text = printed(runs)
    for words in ("Base", "CLIP control", "SemCLIP", "Original over negation", "Absence over negation", "p < 0.001"):
        assert words in text
    assert "±" not in text
    assert "Zero-shot" not in text  # measured by none


def test_several_seeds_show_mean_and_spread_and_the_weakest_p(make_runs: MakeRuns) -> None:
    folders = [f for seed in range(3) for f in make_runs(seed, f"seed{seed}")]
    comparison = load_comparison(folders)
    arms, rows = summarise(comparison)
    assert [(a.title, len(a.runs)) for a in arms] == [("Base", 3), ("CLIP control", 3), ("SemCLIP", 3)]
    row = next(r for r in rows if r.skill.metric == "caption_r1")
    values = [m.value for r in arms[0].runs if (m := r.metric("retrieval", "caption_r1"))]
    cell = row.cells[0]
    assert cell is not None
    assert cell.value == f"{100 * statistics.fmean(values):.1f} ± {100 * statistics.stdev(values):.1f} %"
    assert cell.versus == ""
    text = printed(folders)
    assert "3 seeds" in text and "p is the largest of the seeds" in text


def test_runs_of_one_seed_stay_apart(make_runs: MakeRuns) -> None:
    arms, _ = summarise(load_comparison([*make_runs(0, "a"), *make_runs(0, "b")[2:]]))
    assert [len(a.runs) for a in arms] == [1, 1, 1, 1]
    assert len({a.title for a in arms}) == 4


def test_without_a_control_the_caption_says_so(runs: list[Path]) -> None:
    assert "no p-values" in printed([runs[0], runs[2]])
