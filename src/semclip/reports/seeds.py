"""What several seeds of a system say together about a skill, alone or against another system."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from semclip.core.errors import UserError
from semclip.evaluation.metrics.crossed import Estimate, crossed_mean
from semclip.evaluation.metrics.result import Metric
from semclip.reports.runs import Run
from semclip.reports.versus import metric_of, outcomes_of
from semclip.reports.wording import Skill


def measured(runs: Sequence[Run], skill: Skill, kind: str = "") -> list[Metric]:
    """The metric, or one slice of it, of each run that has it."""
    return [m for run in runs if (m := metric_of(run, skill.benchmark, skill.metric, kind)) is not None]


def over_seeds(runs: Sequence[Run], skill: Skill, kind: str = "") -> Estimate | None:
    """Mean over seeds and items; None where the results hold no outcomes per item."""
    table = _table(runs, skill, kind)
    return None if table is None else _within(crossed_mean(*table), 0.0)


def difference(pairs: Sequence[tuple[Run, Run]], skill: Skill, kind: str = "") -> Estimate | None:
    """Mean of the first minus the second of each pair, item by item; None where there are no outcomes per item."""
    table = _table([run for pair in pairs for run in pair], skill, kind)
    if table is None:
        return None
    outcomes, clusters = table
    return _within(crossed_mean(outcomes[0::2] - outcomes[1::2], clusters), -1.0)


def _within(estimate: Estimate, least: float) -> Estimate:
    """Student's interval knows no bounds, but outcomes lie in [0, 1]."""
    low, high = estimate.interval
    return replace(estimate, interval=(max(least, low), min(1.0, high)))


def _table(runs: Sequence[Run], skill: Skill, kind: str) -> tuple[np.ndarray, list[str]] | None:
    """(runs, items) outcomes with the items in one order, and the cluster of each item."""
    found = [outcomes_of(run, skill.benchmark, skill.metric, kind) for run in runs]
    items = [i for i in found if i is not None]
    if not items or len(items) < len(found):
        return None
    ids = items[0]["id"]
    by_id = [dict(zip(i["id"], i["outcome"], strict=True)) for i in items]
    odd = next((row.keys() ^ set(ids) for row in by_id if row.keys() != set(ids)), None)
    if odd is not None:
        raise UserError(
            "two results hold different items",
            where=f"{skill.benchmark}.{skill.metric}, for example {min(odd)}",
            fix="evaluate all models on the same file and split",
        )
    outcomes = np.array([[row[i] for i in ids] for row in by_id], dtype=np.float64)  # (runs, items)
    clusters = list(items[0].get("cluster", ids))
    return (outcomes, clusters) if len(set(clusters)) > 1 else None
