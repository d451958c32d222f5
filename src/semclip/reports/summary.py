"""The systems of a track in a few tables: skills, kinds of negation, cost, and whether one system loses nowhere."""

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from semclip.core.files import write_text
from semclip.reports import wording
from semclip.reports.comparison import Arm, Comparison, load_tracks
from semclip.reports.seeds import difference, measured, over_seeds
from semclip.reports.sheet import Cell, Sheet, as_markdown, as_tables
from semclip.reports.standing import standing
from semclip.reports.versus import ALPHA, Contrasts

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
    shown = [s for c in comparisons for s in sheets(c) if s.name in ("skills", "standing")]
    tables = [table for sheet in shown for table in as_tables(sheet)]
    return Group(*tables, *([Text(NOT_RANKED)] if len(comparisons) > 1 else []))


def write_markdown(folders: Sequence[Path], path: Path, control: str | None = None) -> None:
    """Every table of the summary as Markdown, so that no number is typed by hand. Errors: as `load_tracks`."""
    comparisons = load_tracks(folders, control)
    parts = [f"{NOT_RANKED}\n"] if len(comparisons) > 1 else []
    for comparison in comparisons:
        parts += [f"## Track {comparison.track}\n"] if len(comparisons) > 1 else []
        parts += [as_markdown(sheet) for sheet in sheets(comparison)]
    write_text(path, "\n".join(parts))


def sheets(comparison: Comparison) -> list[Sheet]:
    """All tables of a track; those without a row are left out."""
    every = [_skills(comparison), _kinds(comparison), *standing(comparison), _cost(comparison)]
    return [sheet for sheet in every if sheet.rows]


def _skills(comparison: Comparison) -> Sheet:
    """A row for each main skill that any run was measured on."""
    arms, contrasts = comparison.arms, Contrasts(comparison)
    rows = []
    for skill in (*wording.MAIN, *_public(comparison)):
        found = measured(comparison.runs, skill)
        if found:
            chance = "" if found[0].chance is None else wording.number(found[0].chance, found[0].unit)
            cells = [_cell(arm, skill, "", contrasts) for arm in arms]
            rows.append((skill.title, [Cell(value=chance), *cells]))
    title = "Skills" + (f", track {comparison.track}" if comparison.track else "")
    return Sheet(name="skills", title=title, note=_note(comparison), heads=["", "chance", *_heads(arms)], rows=rows)


def _public(comparison: Comparison) -> list[wording.Skill]:
    """The metric that stands for each public benchmark that a run was measured on."""
    results = {
        name: result for run in comparison.runs for name, result in run.results.items() if "files" in result.data
    }
    return [
        wording.Skill(name, r.primary, f"{wording.benchmark_title(name)}: {wording.words(r.primary)}", "")
        for name, r in results.items()
    ]


def _kinds(comparison: Comparison) -> Sheet:
    """Original over negation by kind of negation."""
    arms, contrasts = comparison.arms, Contrasts(comparison)
    skill = wording.MAIN_BY_NAME["original_over_negation", "caption_over_negation"]
    found = measured(comparison.runs, skill)
    rows = []
    for kind in dict.fromkeys(kind for metric in found for kind in metric.per_slice):
        n = next(m.per_slice[kind].n for m in found if kind in m.per_slice)
        cells = [_cell(arm, skill, kind, contrasts) for arm in arms]
        rows.append((wording.words(kind), [Cell(value=wording.count(n)), *cells]))
    title = f"{skill.title}, by kind of negation"
    return Sheet(name="kinds", title=title, note=_note(comparison), heads=["", "n", *_heads(arms)], rows=rows)


def _cost(comparison: Comparison) -> Sheet:
    """What a run of each system cost on average, as run.json says it."""
    arms = comparison.arms
    rows = []
    for title, key, write in wording.COSTS:
        values = [[v for r in arm.runs if isinstance(v := r.info.get(key), int | float)] for arm in arms]
        if any(values):
            cells = [Cell(value=write(statistics.fmean(v)) if v else "not recorded") for v in values]
            rows.append((title, cells))
    note = "Mean of the seeds." if any(len(arm.runs) > 1 for arm in arms) else ""
    return Sheet(name="cost", title="Cost of a run", note=note, heads=["", *_heads(arms)], rows=rows)


def _heads(arms: Sequence[Arm]) -> list[str]:
    """Titles, with the number of seeds where it is not the same for all."""
    same = len({len(arm.runs) for arm in arms}) == 1
    return [arm.title if same else f"{arm.title} ({len(arm.runs)} seeds)" for arm in arms]


def _cell(arm: Arm, skill: wording.Skill, kind: str, contrasts: Contrasts) -> Cell:
    """A system's number: over several seeds the mean, its spread and interval; and its difference to the control."""
    found = measured(arm.runs, skill, kind)
    if not found:
        return Cell(value="not measured")
    unit = found[0].unit
    estimate = over_seeds(arm.runs, skill, kind)
    interval = estimate.interval if estimate else found[0].interval if len(found) == 1 else None
    value, bounds = _spread([m.value for m in found], unit), wording.interval(interval, unit)
    control = contrasts.comparison.control_of
    pairs = [(r, c) for r in arm.runs if (c := control(r)) is not None and measured([r, c], skill, kind)[1:]]
    if not pairs:
        return Cell(value=value, interval=bounds)
    values = [measured(pair, skill, kind) for pair in pairs]
    mean = statistics.fmean(a.value - b.value for a, b in values)
    if len(pairs) == 1:  # one seed: McNemar's test, as on the page
        contrast = contrasts.between(*pairs[0], skill.benchmark, skill.metric, kind)
        p, sure = (contrast.p, contrast.interval) if contrast else (None, None)
    else:
        against = difference(pairs, skill, kind)
        p, sure = (against.p, against.interval) if against else (None, None)
    clear = p is not None and p < ALPHA and mean != 0
    better = (mean > 0) == found[0].higher_is_better
    return Cell(
        value=value,
        interval=bounds,
        change=wording.difference(mean, unit),
        change_interval=wording.interval(sure, unit, signed=True),
        p="no p" if p is None else wording.p_value(p),
        state=("better" if better else "worse") if clear else "",
    )


def _spread(values: Sequence[float], unit: str) -> str:
    mean = wording.number(statistics.fmean(values), unit)
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
