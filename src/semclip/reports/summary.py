"""The systems of a track in a few tables: skills, kinds of negation, cost, and columns in which it is worse."""

import statistics
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from semclip.core.files import write_text
from semclip.evaluation.metrics.result import Metric
from semclip.reports import formatting
from semclip.reports.comparison import Arm, Comparison, load_tracks
from semclip.reports.ranking import CORRECTED, ranking
from semclip.reports.significance import Contrasts, metric_of
from semclip.reports.skills import COSTS, MAIN, Skill, benchmark_title, on_test_set, skills, test_set_of
from semclip.reports.table import Cell, Table, as_markdown, as_rich

if TYPE_CHECKING:
    from rich.console import Group

#: Why tracks stand apart.
NOT_RANKED = (
    "Nothing is ranked across tracks: their systems start from different weights and have different budgets; "
    "each track has a control of its own."
)


def summary_table(folders: Sequence[Path], control: str | None = None) -> "Group":
    """The main skills of some runs side by side, for a terminal; runs that differ only in the seed share a column.

    Errors: as `load_tracks`.
    """
    from rich.console import Group
    from rich.text import Text

    comparisons = load_tracks(folders, control)
    tables = [t for c in comparisons for t in summary(c) if t.name in ("skills", "ranking")]
    # A note stands once, below the last of the tables that it is about.
    notes = [*(table.note for table in tables[1:]), ""]
    shown = [replace(t, note="") if t.note == following else t for t, following in zip(tables, notes, strict=True)]
    return Group(
        *(part for table in shown for part in as_rich(table)), *([Text(NOT_RANKED)] if len(comparisons) > 1 else [])
    )


def write_markdown(folders: Sequence[Path], path: Path, control: str | None = None) -> None:
    """Every table of the summary as Markdown, so that no number is typed by hand. Errors: as `load_tracks`."""
    comparisons = load_tracks(folders, control)
    parts = [f"{NOT_RANKED}\n"] if len(comparisons) > 1 else []
    for comparison in comparisons:
        parts += [f"## Track {comparison.track}\n"] if len(comparisons) > 1 else []
        parts += map(as_markdown, summary(comparison))
    write_text(path, "\n".join(parts))


def summary(comparison: Comparison) -> list[Table]:
    """All tables of a track; those without a row are left out."""
    contrasts = Contrasts(comparison)
    sets = sorted({test_set_of(name) for run in comparison.runs for name in run.results})  # "" first: the test split
    further = [_skills(contrasts, name) for name in sets if name]
    every = [_skills(contrasts), *further, _kinds(contrasts), *ranking(contrasts), _cost(comparison)]
    return [table for table in every if table.rows]


def _skills(contrasts: Contrasts, test_set: str = "") -> Table:
    """A row for each main skill that any run was measured on."""
    comparison, arms = contrasts.comparison, contrasts.arms
    rows = []
    every = [on_test_set(skill, test_set) for skill in MAIN]
    for skill in (*every, *([] if test_set else _public(comparison))):
        found = _of_all(comparison, skill)
        if found:
            chance = "" if found[0].chance is None else formatting.number(found[0].chance, found[0].unit)
            cells = [_cell(arm, skill, "", contrasts) for arm in arms]
            rows.append((skill.title, [Cell(value=chance), *cells]))
    title = "Skills" + (f", {formatting.words(test_set).lower()}" if test_set else "")
    title += f", track {comparison.track}" if comparison.track else ""
    return Table(name="skills", title=title, note=_note(comparison), heads=["", "chance", *_heads(arms)], rows=rows)


def _of_all(comparison: Comparison, skill: Skill) -> list[Metric]:
    return [m for run in comparison.runs if (m := metric_of(run, skill.benchmark, skill.metric)) is not None]


def _public(comparison: Comparison) -> list[Skill]:
    """The metric that stands for each public benchmark that a run was measured on."""
    results = {
        name: result for run in comparison.runs for name, result in run.results.items() if "files" in result.data
    }
    return [
        Skill(name, r.primary, f"{benchmark_title(name)}: {formatting.words(r.primary)}") for name, r in results.items()
    ]


def _kinds(contrasts: Contrasts) -> Table:
    """Original over negation by kind of negation."""
    comparison, arms = contrasts.comparison, contrasts.arms
    skill = skills("original_over_negation.caption_over_negation")[0]
    found = _of_all(comparison, skill)
    rows = []
    for kind in dict.fromkeys(kind for metric in found for kind in metric.per_slice):
        n = next(m.per_slice[kind].n for m in found if kind in m.per_slice)
        cells = [_cell(arm, skill, kind, contrasts) for arm in arms]
        rows.append((formatting.words(kind), [Cell(value=formatting.count(n)), *cells]))
    title = f"{skill.title}, by kind of negation"
    return Table(name="kinds", title=title, note=_note(comparison), heads=["", "n", *_heads(arms)], rows=rows)


def _cost(comparison: Comparison) -> Table:
    """The average cost of a run of each system, from run.json."""
    arms = comparison.arms
    rows = []
    for title, key, write in COSTS:
        values = [[v for r in arm.runs if isinstance(v := r.info.get(key), int | float)] for arm in arms]
        if any(values):
            cells = [Cell(value=write(statistics.fmean(v)) if v else "not recorded") for v in values]
            rows.append((title, cells))
    note = "Mean of the seeds." if any(len(arm.runs) > 1 for arm in arms) else ""
    return Table(name="cost", title="Cost of a run", note=note, heads=["", *_heads(arms)], rows=rows)


def _heads(arms: Sequence[Arm]) -> list[str]:
    """Titles, with the number of seeds where it is not the same for all."""
    same = len({len(arm.runs) for arm in arms}) == 1
    return [arm.title if same else f"{arm.title} ({len(arm.runs)} seeds)" for arm in arms]


def _cell(arm: Arm, skill: Skill, kind: str, contrasts: Contrasts) -> Cell:
    """A system's number: over several seeds the mean, its spread and interval; and its difference to the control."""
    own = contrasts.measured(arm, skill.benchmark, skill.metric, kind)
    if own is None:
        return Cell(value="not measured")
    contrast = contrasts.with_control(arm, skill.benchmark, skill.metric, kind)
    cell = Cell(
        value=formatting.value(own.value, own.unit, own.spread), interval=formatting.interval(own.interval, own.unit)
    )
    if contrast is None:
        return cell
    return replace(
        cell,
        change=formatting.difference(contrast.difference, own.unit),
        change_interval=formatting.interval(contrast.interval, own.unit, signed=True),
        p="no p" if contrast.p is None else formatting.p_value(contrast.p),
        state=contrast.state,
    )


def _note(comparison: Comparison) -> str:
    seeds = max(len(arm.runs) for arm in comparison.arms)
    lines = [f"Mean ± standard deviation of {seeds} seeds, with an interval over seeds and items."] if seeds > 1 else []
    if not comparison.controls and len(comparison.arms) > 1:
        lines.append("No run has the role 'control', so there are no p-values.")
    elif len(comparison.arms) > 1:
        of = " of the same seed; over seeds and items" if seeds > 1 else ""
        lines.append(f"Differences: points against the control{of}. {CORRECTED}")
    return " ".join(lines)
