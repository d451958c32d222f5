"""The comparison in one small table: for the terminal, and over several seeds."""

import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from semclip.reports import wording
from semclip.reports.runs import Comparison, Run, load_comparison
from semclip.reports.versus import Contrast, Contrasts

if TYPE_CHECKING:
    from rich.table import Table


@dataclass(frozen=True, kw_only=True)
class Arm:
    """Runs that differ in nothing but the seed."""

    title: str
    runs: Sequence[Run]


@dataclass(frozen=True, kw_only=True)
class Cell:
    """value: "81.2 %" or "81.2 ± 0.4 %". versus: the difference to the control and its p, "" for base and control."""

    value: str
    versus: str = ""
    better: bool = False
    worse: bool = False


@dataclass(frozen=True, kw_only=True)
class Row:
    """One main skill: a cell per arm, None where no run of the arm has it."""

    skill: wording.Skill
    chance: str
    cells: Sequence[Cell | None]


def summary_table(folders: Sequence[Path], control: str | None = None) -> "Table":
    """The main skills of some runs side by side, as a rich table. Runs that differ only in the seed share a column.

    Errors: as `load_comparison`.
    """
    from rich.table import Table
    from rich.text import Text

    comparison = load_comparison(folders, control)
    arms, rows = summarise(comparison)
    several = any(len(a.runs) > 1 for a in arms)
    table = Table(caption=_caption(comparison, several), caption_justify="left")
    table.add_column("skill")
    table.add_column("chance", justify="right")
    for arm in arms:
        seeds = f"\n{len(arm.runs)} seeds" if len(arm.runs) > 1 else ""
        table.add_column(Text(f"{arm.title}{seeds}"), justify="right")
    for row in rows:
        cells = []
        for cell in row.cells:
            style = "" if cell is None else "green" if cell.better else "red" if cell.worse else ""
            text = "not measured" if cell is None else "\n".join(filter(None, (cell.value, cell.versus)))
            cells.append(Text(text, style=style))
        table.add_row(Text(row.skill.title), row.chance, *cells)
    return table


def summarise(comparison: Comparison) -> tuple[list[Arm], list[Row]]:
    """Arms in the order of their first run, and a row for each main skill that any run was measured on."""
    arms = _arms(comparison)
    contrasts = Contrasts(comparison)
    rows = []
    for skill in wording.MAIN:
        metrics = [m for r in comparison.runs if (m := r.metric(skill.benchmark, skill.metric)) is not None]
        if metrics:
            chance = "" if metrics[0].chance is None else wording.number(metrics[0].chance, metrics[0].unit)
            rows.append(Row(skill=skill, chance=chance, cells=[_cell(arm, skill, contrasts) for arm in arms]))
    return arms, rows


def _arms(comparison: Comparison) -> list[Arm]:
    groups: dict[str, list[Run]] = {}
    for run in comparison.runs:
        objective = run.config.get("objective") or run.info.get("objective") or run.name
        same = [run.role, run in comparison.controls, objective, run.name.rpartition("/")[2]]
        key = json.dumps(same, sort_keys=True, default=str)
        if run.seed is None or run.seed in [r.seed for r in groups.get(key, [])]:
            key += run.name  # the same seed twice: these differ in something else
        groups.setdefault(key, []).append(run)
    return [
        Arm(title=runs[0].title if len(runs) == 1 else runs[0].title.removesuffix(f", seed {runs[0].seed}"), runs=runs)
        for runs in groups.values()
    ]


def _cell(arm: Arm, skill: wording.Skill, contrasts: Contrasts) -> Cell | None:
    metrics = [m for r in arm.runs if (m := r.metric(skill.benchmark, skill.metric)) is not None]
    if not metrics:
        return None
    unit = metrics[0].unit
    value = _spread([m.value for m in metrics], unit)
    found = [contrasts.with_control(r, skill.benchmark, skill.metric) for r in arm.runs]
    paired = [c for c in found if c is not None]
    if not paired:
        return Cell(value=value)
    better, worse = all(c.better for c in paired), all(c.worse for c in paired)
    return Cell(value=value, versus=_versus(paired, unit), better=better, worse=worse)


def _spread(values: Sequence[float], unit: str) -> str:
    mean = wording.number(statistics.fmean(values), unit)
    if len(values) == 1:
        return mean
    deviation = statistics.stdev(values)
    number, _, after = mean.partition(" ")
    spread = f"{100 * deviation:.1f}" if after in ("%", "points") else f"{deviation:.3f}"
    return f"{number} ± {spread} {after}".rstrip()


def _versus(paired: Sequence[Contrast], unit: str) -> str:
    change = wording.difference(statistics.fmean(c.difference for c in paired), unit).removesuffix(" points")
    known = [c.p for c in paired if c.p is not None]
    if len(known) < len(paired):
        return f"{change}, no p"
    # Several seeds: the least convincing one speaks for all.
    return f"{change}, {wording.p_value(max(known))}"


def _caption(comparison: Comparison, several: bool) -> str:
    lines = []
    if comparison.controls:
        lines.append("Second line: points against the control, and McNemar's p.")
    else:
        lines.append("No run has the role 'control', so there are no p-values.")
    if several:
        lines.append("Several seeds: mean ± standard deviation; p is the largest of the seeds.")
    return " ".join(lines)
