"""The trade-off plot of a track: retrieval by caption against choosing a true text over a false one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semclip.reports import formatting
from semclip.reports.comparison import Arm, Comparison
from semclip.reports.figures import INK, SOFT, Figure, finish, panel, run_colour
from semclip.reports.significance import metric_of
from semclip.reports.skills import skills

#: Right: ordinary search. Up: true against false, where "not" makes a text false and where it makes one true, so that
#: neither hearing nor distrusting negation words is enough. Size: search by a rewording.
RIGHT = skills("retrieval.caption_r1")
UP = skills("original_over_negation.caption_over_negation", "absence.absence_over_negation")
SIZE = skills("retrieval.paraphrase_r1")
_MARKERS = {"base": "s", "control": "D"}
_AREA = 40, 260  # of the smallest and the largest marker, in square points
_LETTER, _LINE = 5.2, 11.0  # size of a label's letter, in points
#: Where a label may stand, right and up of its point: corners first, since the spread of seeds runs straight.
_SIDES = ((1, 0.6), (-1, 0.6), (1, -0.6), (-1, -0.6), (0, 1), (0, -1), (1, 0), (-1, 0))


@dataclass(frozen=True)
class Tradeoff:
    """The figure, and the least and the greatest value that its sizes stand for, in words."""

    figure: Figure
    sizes: str


def tradeoff(comparison: Comparison) -> Tradeoff | None:
    """The systems of a track as points with the spread of their seeds; None where fewer than two were measured."""
    points = [(number, arm, _percent(arm)) for number, arm in enumerate(comparison.arms)]
    known = [(number, arm, seeds) for number, arm, seeds in points if seeds is not None]
    if len(known) < 2:
        return None
    means = np.array([seeds.mean(axis=1) for _, _, seeds in known])  # (systems, 3)
    sizes = means[:, 2]
    parts = (sizes - sizes.min()) / np.ptp(sizes) if np.ptp(sizes) else np.full(len(sizes), 0.5)
    areas = _AREA[0] + parts * (_AREA[1] - _AREA[0])
    figure, axes = panel(height=4.6, width=5.6)
    for (number, arm, seeds), (x, y, _), area in zip(known, means, areas, strict=True):
        spread = seeds.std(axis=1, ddof=1) if len(arm.runs) > 1 else np.zeros(3)
        _draw(axes, arm.runs[0].role, run_colour(number), (x, y), spread, area)
    axes.margins(0.14)
    axes.set_xlabel("Caption R@1, %")
    axes.set_ylabel("true over false, %")
    _label(figure, axes, [arm for _, arm, _ in known], means, areas.tolist())
    description = "; ".join(
        f"{arm.title} {x:.1f} and {y:.1f}, paraphrase {size:.1f}"
        for (_, arm, _), (x, y, size) in zip(known, means, strict=True)
    )
    title = f"Track {comparison.track}" if comparison.track else "The trade-off"
    alt = f"Scatter plot of caption R@1 against true over false, in percent: {description}."
    least, most = (formatting.number(value / 100) for value in (sizes.min(), sizes.max()))
    return Tradeoff(finish(figure, title, alt), f"from {least} to {most}")


def _percent(arm: Arm) -> NDArray[np.float64] | None:
    """(3, seeds): right, up and size; None where a run lacks one."""
    found = [
        [
            [m.value for r in arm.runs if (m := metric_of(r, skill.benchmark, skill.metric)) is not None]
            for skill in axis
        ]
        for axis in (RIGHT, UP, SIZE)
    ]
    if any(len(values) < len(arm.runs) for axis in found for values in axis):
        return None
    return np.array([100 * np.mean(axis, axis=0) for axis in found])


def _draw(axes: Any, role: str, colour: str, at: tuple[float, float], spread: NDArray[np.float64], area: float) -> None:
    x, y = at
    axes.errorbar(x, y, xerr=spread[0], yerr=spread[1], color=colour, linewidth=1.2, alpha=0.7)
    if role == "control":
        axes.axvline(x, color=SOFT, linewidth=1.2, linestyle=(0, (4, 2)), zorder=0)
        axes.axhline(y, color=SOFT, linewidth=1.2, linestyle=(0, (4, 2)), zorder=0)
    fill, edge = "none" if role == "base" else colour, INK if role == "control" else colour
    marker = _MARKERS.get(role, "o")
    axes.scatter([x], [y], s=area, marker=marker, linewidth=1.6, zorder=3, facecolor=fill, edgecolor=edge)


def _label(figure: Any, axes: Any, arms: Sequence[Arm], means: NDArray[np.float64], areas: Sequence[float]) -> None:
    """Each name beside its point, where it covers the least of the markers and of the names before it.

    Not by adjustText: it knows points, not markers of these sizes, and puts names on top of them.
    """
    figure.draw_without_rendering()  # places the axes
    to_points = 72 / figure.dpi
    edges = axes.get_window_extent()
    frame = [to_points * edge for edge in (edges.x0, edges.y0, edges.x1, edges.y1)]
    spots, radii = axes.transData.transform(means[:, :2]) * to_points, [area**0.5 / 2 for area in areas]
    taken = [(x - r, y - r, x + r, y + r) for (x, y), r in zip(spots, radii, strict=True)]
    for arm, (x, y), r in zip(arms, spots, radii, strict=True):
        width = _LETTER * len(arm.title)
        corners = [(x + right * (r + 4 + width / 2) - width / 2, y + up * (r + 8) - _LINE / 2) for right, up in _SIDES]
        boxes = [(left, bottom, left + width, bottom + _LINE) for left, bottom in corners]
        hidden = [
            sum(_overlap(box, other) for other in taken) + _overlap(box, box) - _overlap(box, frame) for box in boxes
        ]
        best = boxes[hidden.index(min(hidden))]
        taken.append(best)
        weight = "bold" if arm.runs[0].role == "control" else "normal"
        place = best[0] / to_points, best[1] / to_points + 2
        axes.annotate(arm.title, place, xycoords="figure pixels", fontsize=9.5, color=INK, fontweight=weight)


def _overlap(a: Sequence[float], b: Sequence[float]) -> float:
    return max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
