"""The systems of a track in a few tables: skills, kinds of negation, cost, and columns in which it is worse."""

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from semclip.core.files import write_text
from semclip.reports import formatting
from semclip.reports.comparison import Arm, Comparison, load_tracks
from semclip.reports.ranking import ranking
from semclip.reports.significance import Contrasts, difference, measured, over_seeds, state
from semclip.reports.skills import COSTS, MAIN, Skill, benchmark_title, on_test_set, skills, test_set_of
from semclip.reports.table import Cell, Table, as_markdown, as_rich

if TYPE_CHECKING:
    from rich.console import Group

    from semclip.evaluation.metrics.crossed import Estimate
    from semclip.reports.significance import Contrast

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
    shown = [t for c in comparisons for t in summary(c) if t.name in ("skills", "ranking")]
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
    sets = sorted({test_set_of(name) for run in comparison.runs for name in run.results})  # "" first: the test split
    further = [_skills(comparison, name) for name in sets if name]
    every = [_skills(comparison), *further, _kinds(comparison), *ranking(comparison), _cost(comparison)]
    return [table for table in every if table.rows]


def _skills(comparison: Comparison, test_set: str = "") -> Table:
    """A row for each main skill that any run was measured on."""
    arms, contrasts = comparison.arms, Contrasts(comparison)
    rows = []
    every = [on_test_set(skill, test_set) for skill in MAIN]
    for skill in (*every, *([] if test_set else _public(comparison))):
        found = measured(comparison.runs, skill)
        if found:
            chance = "" if found[0].chance is None else formatting.number(found[0].chance, found[0].unit)
            cells = [_cell(arm, skill, "", contrasts) for arm in arms]
            rows.append((skill.title, [Cell(value=chance), *cells]))
    title = "Skills" + (f", {formatting.words(test_set).lower()}" if test_set else "")
    title += f", track {comparison.track}" if comparison.track else ""
    return Table(name="skills", title=title, note=_note(comparison), heads=["", "chance", *_heads(arms)], rows=rows)


def _public(comparison: Comparison) -> list[Skill]:
    """The metric that stands for each public benchmark that a run was measured on."""
    results = {
        name: result for run in comparison.runs for name, result in run.results.items() if "files" in result.data
    }
    return [
        Skill(name, r.primary, f"{benchmark_title(name)}: {formatting.words(r.primary)}") for name, r in results.items()
    ]


def _kinds(comparison: Comparison) -> Table:
    """Original over negation by kind of negation."""
    arms, contrasts = comparison.arms, Contrasts(comparison)
    skill = skills("original_over_negation.caption_over_negation")[0]
    found = measured(comparison.runs, skill)
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
    found = measured(arm.runs, skill, kind)
    if not found:
        return Cell(value="not measured")
    unit = found[0].unit
    estimate = over_seeds(arm.runs, skill, kind)
    interval = estimate.interval if estimate else found[0].interval if len(found) == 1 else None
    value, bounds = _spread([m.value for m in found], unit), formatting.interval(interval, unit)
    control = contrasts.comparison.control_of
    pairs = [(r, c) for r in arm.runs if (c := control(r)) is not None and len(measured([r, c], skill, kind)) == 2]
    if not pairs:
        return Cell(value=value, interval=bounds)
    mean = statistics.fmean(a.value - b.value for a, b in (measured(pair, skill, kind) for pair in pairs))
    # Of one seed McNemar's test, as on the page; of several, over seeds and items.
    test: Contrast | Estimate | None = (
        difference(pairs, skill, kind)
        if len(pairs) > 1
        else contrasts.between(*pairs[0], skill.benchmark, skill.metric, kind)
    )
    return Cell(
        value=value,
        interval=bounds,
        change=formatting.difference(mean, unit),
        change_interval=formatting.interval(test.interval, unit, signed=True) if test else "",
        p="no p" if test is None or test.p is None else formatting.p_value(test.p),
        state=state(mean, test.p if test else None, found[0].higher_is_better),
    )


def _spread(values: Sequence[float], unit: str) -> str:
    mean = formatting.number(statistics.fmean(values), unit)
    if len(values) == 1:
        return mean
    deviation = statistics.stdev(values)
    number, _, after = mean.partition(" ")
    spread = f"{100 * deviation:.1f}" if after in ("%", "points") else f"{deviation:.3f}"
    return f"{number} ± {spread} {after}".rstrip()


def _note(comparison: Comparison) -> str:
    seeds = max(len(arm.runs) for arm in comparison.arms)
    lines = [f"Mean ± standard deviation of {seeds} seeds, with an interval over seeds and items."] if seeds > 1 else []
    if not comparison.controls:
        lines.append("No run has the role 'control', so there are no p-values.")
    elif seeds > 1:
        lines.append("Differences: points against the control of the same seed; p over seeds and items.")
    else:
        lines.append("Differences: points against the control; McNemar's p.")
    return " ".join(lines)
