"""Who loses nowhere: rivals come from the validation split, tests from the test split, corrected over all pairs."""

import itertools
import json
from pathlib import Path

import pytest

from semclip.evaluation.metrics.crossed import crossed_mean, holm
from semclip.reports.comparison import Comparison, load_tracks
from semclip.reports.ranking import COLUMNS, ranking, validation_value
from semclip.reports.runs import Run
from semclip.reports.significance import Contrasts
from semclip.reports.skills import Skill
from semclip.reports.summary import summary
from semclip.reports.table import Cell
from tests.reports.conftest import MakeRuns


@pytest.fixture
def finetune(make_tracks: MakeRuns) -> Comparison:
    return load_tracks(make_tracks())[1]


def set_validation(run: Path, **values: float) -> None:
    """Validation values at the last step of the fixture's runs; `caption_r1=0.9` is of retrieval."""
    lines = (run / "metrics.jsonl").read_text().splitlines()
    pairs = "".join(f', "retrieval.{name}": {value}' for name, value in values.items())
    kept = [line for line in lines if not line.startswith('{"step": 150, "split": "val"')]
    (run / "metrics.jsonl").write_text("\n".join([*kept, f'{{"step": 150, "split": "val"{pairs}}}', ""]))


def row(comparison: Comparison, title: str, table: int = 0) -> dict[str, Cell]:
    found = ranking(Contrasts(comparison))[table]
    return dict(zip(found.heads[1:], dict(found.rows)[title], strict=True))


def test_the_rival_is_the_best_on_validation_and_not_on_test(make_tracks: MakeRuns) -> None:
    folders = make_tracks()
    for folder in folders:
        if folder.match("finetune/*"):
            set_validation(folder, caption_r1={"control": 0.5, "semclip": 0.4, "negclip": 0.9}[folder.name])
    comparison = load_tracks(folders)[1]
    assert row(comparison, "SemCLIP")["Caption R@1"].value.startswith("NegCLIP ")
    assert row(comparison, "NegCLIP")["Caption R@1"].value.startswith("CLIP control ")
    assert row(comparison, "SemCLIP")["Paraphrase R@1"].value == "no validation value"


def test_the_validation_value_is_that_of_the_step_that_was_kept(make_tracks: MakeRuns) -> None:
    comparison = load_tracks(make_tracks((0,)))[1]
    arm = comparison.arms[-1]
    points = dict(arm.runs[0].curves["val", "retrieval.caption_r1"])
    assert validation_value(arm, COLUMNS[0]) == points[arm.runs[0].info["best_step"]] != points[50]


def test_p_is_corrected_over_all_pairs_of_systems_and_is_that_of_the_skills_table(finetune: Comparison) -> None:
    contrasts = Contrasts(finetune)
    arms = {arm.title: arm for arm in contrasts.arms}
    got = row(finetune, "NegCLIP", table=1)
    skills = next(table for table in summary(finetune) if table.name == "skills")
    for skill in (s for s in COLUMNS if s.metric != "absence_r1"):
        raw = []
        for one, other in itertools.combinations(finetune.arms, 2):
            runs = [(a, b) for a in one.runs for b in other.runs if a.seed == b.seed]
            values = [[outcomes(r, skill) for r in pair] for pair in runs]
            ids = sorted(values[0][0])
            rows = [[mine[i] - theirs[i] for i in ids] for mine, theirs in values]
            raw.append(((one.title, other.title), crossed_mean(rows, ids).p))
        corrected = dict(zip([pair for pair, _ in raw], holm([p for _, p in raw]), strict=True))
        p = corrected.get(("NegCLIP", "SemCLIP")) or corrected["SemCLIP", "NegCLIP"]
        difference = contrasts.between(arms["NegCLIP"], arms["SemCLIP"], skill.benchmark, skill.metric)
        assert difference is not None and difference.p == pytest.approx(p)
        assert got[skill.title].value == f"{100 * difference.difference:+.1f}".replace("-", "−")
        assert got[skill.title].p == (f"p = {p:.3f}" if p >= 0.001 else "p < 0.001")
        assert (got[skill.title].state == "worse") == (p < 0.05 and difference.difference < 0)
        p = corrected.get(("CLIP control", "SemCLIP")) or corrected["SemCLIP", "CLIP control"]
        cell = dict(skills.rows)[skill.title][skills.heads.index("SemCLIP") - 1]
        assert cell.p == (f"p = {p:.3f}" if p >= 0.001 else "p < 0.001")


def outcomes(run: Run, skill: Skill) -> dict[str, float]:
    items = run.results[skill.benchmark].items[skill.metric]
    return dict(zip(items["id"], items["outcome"], strict=True))


def test_who_is_planted_below_is_found_below(finetune: Comparison) -> None:
    """NegCLIP has the control's outcomes: below SemCLIP where the fixture says so, and nowhere below the control."""
    got = row(finetune, "NegCLIP", table=1)
    assert [title for title, cell in got.items() if cell.state == "worse"] == [
        "Paraphrase R@1", "Original over negation", "Paraphrase over negation"]  # fmt: skip
    assert got["clearly"].value == "0 above, 3 below"


def test_the_answer_names_who_is_nowhere_below(make_tracks: MakeRuns) -> None:
    folders = make_tracks()
    everything = [f"{skill.benchmark}.{skill.metric}" for skill in COLUMNS]
    for folder in folders:
        best = {"semclip": 0.5, "control": 0.4}.get(folder.name, 0.3)
        record = {"step": 150, "split": "val", **dict.fromkeys(everything, best)}
        (folder / "metrics.jsonl").write_text(json.dumps(record) + "\n")
    found = ranking(Contrasts(load_tracks(folders)[1]))[0]
    below = {title: [c.state for c in cells].count("worse") for title, cells in found.rows}
    assert below["SemCLIP"] == 0 and below["NegCLIP"] == below["CLIP control"] == 3
    assert found.note.endswith("Clearly below its rival nowhere: SemCLIP.")


def test_two_systems_need_no_such_table(make_tracks: MakeRuns) -> None:
    assert ranking(Contrasts(load_tracks(make_tracks((0,)))[0])) == []
