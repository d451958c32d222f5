"""Training curves: one figure per quantity of metrics.jsonl, one line per run."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from semclip.reports import formatting
from semclip.reports.comparison import Comparison
from semclip.reports.figures import HEIGHT, Figure, finish, legend, panel, run_colour
from semclip.reports.skills import HEADLINE, MAIN, metric_title

#: Points of a curve; longer ones are averaged over equal stretches of steps.
CURVE_POINTS = 150
#: Quantities that help to debug a run but tell a reader of results nothing.
_TECHNICAL = ("gradient_norm", "learning_rate", "logit_scale")
_LETTERS = 42  # that fit side by side into a legend
_DASHES: Sequence[Any] = ((0, (5, 1.5)), (0, (1.2, 1)), "-")


@dataclass(frozen=True)
class Line:
    """One run's curve: `number` chooses colour and dashes."""

    label: str
    number: int
    points: Sequence[tuple[int, float]]


def training_curves(comparison: Comparison) -> list[Figure]:
    """One figure per quantity: the first validation scores, the loss and its parts, other main skills, the rest."""
    validated = list(dict.fromkeys(f"{s.benchmark}.{s.metric}" for s in (*HEADLINE, *MAIN)))
    every = dict.fromkeys(key for run in comparison.runs for key in run.curves)

    def place(key: tuple[str, str]) -> tuple[int, int]:
        split, name = key
        if split == "train":
            return (3 if name in _TECHNICAL else 1), 0
        rank = validated.index(name)
        return (0 if rank < len(HEADLINE) else 2), rank

    drawn = []
    for split, name in sorted((key for key in every if key[0] == "train" or key[1] in validated), key=place):
        lines = [
            Line(run.title, number, run.curves[split, name])
            for number, run in enumerate(comparison.runs)
            if (split, name) in run.curves
        ]
        units = [m.unit for r in comparison.runs if "." in name and (m := r.metric(*name.split(".", 1))) is not None]
        percent = split != "train" and units[:1] == ["share"]
        drawn.append(draw(_title(split, name), lines, percent))
    return drawn


def draw(title: str, lines: Sequence[Line], percent: bool = False) -> Figure:
    """One quantity over training steps, one line per run."""
    letters = [len(line.label) + 5 for line in lines]
    columns = len(lines) if sum(letters) <= _LETTERS else max(1, _LETTERS // max(letters))
    figure, axes = panel(height=HEIGHT + 0.2 * (math.ceil(len(lines) / columns) - 1))
    sign, description = " %" if percent else "", []
    for line in lines:
        points = _thin(line.points)
        steps, values = [s for s, _ in points], [100 * v if percent else v for _, v in points]
        axes.plot(
            steps,
            values,
            color=run_colour(line.number),
            linestyle=_DASHES[line.number % len(_DASHES)],
            linewidth=1.8,
            marker="o" if len(points) < 12 else None,
            markersize=4,
            label=line.label,
        )
        first, last = (f"{values[end]:.3g}{sign} at step {steps[end]}" for end in (0, -1))
        description.append(f"{line.label} from {first} to {last}")
    axes.set_xlabel("training step")
    axes.set_ylabel("%" if percent else "")
    legend(axes, columns)
    return finish(figure, title, f"Line chart of {title}: {'; '.join(description)}.")


def _title(split: str, name: str) -> str:
    if split == "train":
        return "Training loss" if name == "total" else f"Training: {formatting.words(name).lower()}"
    return f"{metric_title(*name.split('.', 1))} ({'validation' if split == 'val' else split})"


def _thin(points: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    if len(points) <= CURVE_POINTS:
        return list(points)
    groups = np.array_split(np.asarray(points, dtype=float), CURVE_POINTS)
    return [(int(g[:, 0].mean()), float(g[:, 1].mean())) for g in groups]
