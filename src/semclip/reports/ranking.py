"""Is a system worse in no column? Each against the best rival of every column, and each against SemCLIP."""

import statistics
from collections.abc import Mapping, Sequence

from semclip.reports import formatting
from semclip.reports.comparison import Arm
from semclip.reports.significance import Contrasts
from semclip.reports.skills import Skill, skills
from semclip.reports.table import Cell, Table, without_unit

#: What a system must not lose: finding images by three kinds of text, and three ways to tell true from false.
COLUMNS = skills(
    "retrieval.caption_r1",
    "retrieval.paraphrase_r1",
    "retrieval.absence_r1",
    "original_over_negation.caption_over_negation",
    "original_over_negation.paraphrase_over_negation",
    "absence.absence_over_negation",
)


#: How p is corrected, wherever it stands.
CORRECTED = "p is corrected for all pairs of systems on the metric (Holm); an interval is of its difference by itself."


def ranking(contrasts: Contrasts) -> list[Table]:
    """Two tables of a track with at least three systems besides its base; none for smaller tracks.

    The rival of a column is the other system whose validation value, at the steps that were kept, is highest: choosing
    it on the test split would favour whoever was lucky there. p is that of every other table.
    """
    comparison = contrasts.comparison
    arms = [arm for arm in contrasts.arms if arm.runs[0].role != "base"]
    columns = [s for s in COLUMNS if any(run.metric(s.benchmark, s.metric) for run in comparison.runs)]
    if len(arms) < 3 or not columns:
        return []
    best = [_row(arm, {skill: _rival(arm, arms, skill) for skill in columns}, True, contrasts) for arm in arms]
    lossless = [title for title, cells in best if all(cell.p and cell.state != "worse" for cell in cells[:-1])]
    answer = f"Clearly below its rival nowhere: {formatting.listing(lossless) if lossless else 'no system'}."
    heads = ["", *(skill.title for skill in columns), "clearly"]
    result = [
        Table(
            name="ranking",
            title="Does one system lose nowhere?",
            note="Test difference to the rival, which is named: of all others, the best on the validation split. "
            f"{CORRECTED} Not clearly below is not equal: the interval says how large a loss may be. {answer}",
            heads=heads,
            rows=best,
        )
    ]
    semclip = next((arm for arm in arms if arm.runs[0].objective == "semclip"), None)
    if semclip is not None:
        rows = [_row(arm, dict.fromkeys(columns, semclip), False, contrasts) for arm in arms if arm is not semclip]
        title = f"Who is above {semclip.title}?"
        note = f"Test difference to {semclip.title}. {CORRECTED}"
        result.append(Table(name="ranking", title=title, note=note, heads=heads, rows=rows))
    return result


def validation_value(arm: Arm, skill: Skill) -> float | None:
    """Mean over seeds of the validation value at the step that was kept; None where a run did not record it."""
    found = []
    for run in arm.runs:
        points = dict(run.curves.get(("val", f"{skill.benchmark}.{skill.metric}"), ()))
        if run.info.get("best_step") not in points:
            return None
        found.append(points[run.info["best_step"]])
    return statistics.fmean(found)


def _rival(arm: Arm, arms: Sequence[Arm], skill: Skill) -> Arm | None:
    known = {place: validation_value(other, skill) for place, other in enumerate(arms) if other is not arm}
    values = {place: value for place, value in known.items() if value is not None}
    return arms[max(values, key=values.__getitem__)] if values else None


def _row(arm: Arm, rivals: Mapping[Skill, Arm | None], named: bool, contrasts: Contrasts) -> tuple[str, list[Cell]]:
    cells = []
    for skill, rival in rivals.items():
        contrast = None if rival is None else contrasts.between(arm, rival, skill.benchmark, skill.metric)
        if rival is None or contrast is None or contrast.p is None:
            cells.append(Cell(value="no validation value" if rival is None else "not measured"))
            continue
        cells.append(
            Cell(
                value=(f"{rival.title} " if named else "") + without_unit(formatting.difference(contrast.difference)),
                interval=formatting.interval(contrast.interval, signed=True),
                p=formatting.p_value(contrast.p),
                state=contrast.state,
            )
        )
    above, below = (sum(cell.state == side for cell in cells) for side in ("better", "worse"))
    return arm.title, [*cells, Cell(value=f"{above} above, {below} below")]
