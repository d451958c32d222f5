"""One picture of a track: who finds pictures, and who tells a true text from a false one."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from semclip.reports import wording
from semclip.reports.comparison import Arm, Comparison
from semclip.reports.figures import INK, SOFT, Figure, finish, panel, run_colour
from semclip.reports.runs import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Right: ordinary search. Up: true against false, where "not" makes a text false and where it makes one true, so that
#: neither hearing nor distrusting negation words is enough. Size: search by a rewording.
RIGHT = (("retrieval", "caption_r1"),)
UP = (("original_over_negation", "caption_over_negation"), ("absence", "absence_over_negation"))
SIZE = (("retrieval", "paraphrase_r1"),)
_MARKERS = {"base": "s", "control": "D"}
_AREA = 40, 260  # of the smallest and the largest marker, in square points
_LETTER, _LINE = 5.2, 11.0  # size of a label's letter, in points
#: Where a label may stand, right and up of its point: corners first, since the spread of seeds runs straight.
_SIDES = ((1, 0.6), (-1, 0.6), (1, -0.6), (-1, -0.6), (0, 1), (0, -1), (1, 0), (-1, 0))


@dataclass(frozen=True, kw_only=True)
class Point:
    """A system. right, up, size: one number per seed, in percent."""

    title: str
    number: int
    role: str
    right: Sequence[float]
    up: Sequence[float]
    size: Sequence[float]


def tradeoff(comparison: Comparison) -> Figure | None:
    """The systems of a track as points with the spread of their seeds; None where fewer than two were measured."""
    points = [p for number, arm in enumerate(comparison.arms) if (p := _point(number, arm)) is not None]
    if len(points) < 2:
        return None
    figure, axes = panel(height=4.6, width=5.6)
    means = [statistics.fmean(p.size) for p in points]
    for point in points:
        x, y = statistics.fmean(point.right), statistics.fmean(point.up)
        colour = run_colour(point.number)
        if len(point.right) > 1:
            spread = [statistics.stdev(values) for values in (point.right, point.up)]
            axes.errorbar(x, y, xerr=spread[0], yerr=spread[1], color=colour, linewidth=1.2, alpha=0.7)
        if point.role == "control":
            axes.axvline(x, color=SOFT, linewidth=1.2, linestyle=(0, (4, 2)), zorder=0)
            axes.axhline(y, color=SOFT, linewidth=1.2, linestyle=(0, (4, 2)), zorder=0)
        style: dict[str, Any] = {"facecolor": "none" if point.role == "base" else colour, "edgecolor": colour}
        if point.role == "control":
            style["edgecolor"] = INK
        area = _area(statistics.fmean(point.size), means)
        axes.scatter([x], [y], s=area, marker=_MARKERS.get(point.role, "o"), linewidth=1.6, zorder=3, **style)
    axes.margins(0.14)
    axes.set_xlabel("Caption R@1, %")
    axes.set_ylabel("true over false, %")
    _label(figure, axes, points, means)
    told = "; ".join(
        f"{p.title} {statistics.fmean(p.right):.1f} and {statistics.fmean(p.up):.1f}, "
        f"paraphrase {statistics.fmean(p.size):.1f}"
        for p in points
    )
    title = f"Track {comparison.track}" if comparison.track else "The trade-off"
    return finish(figure, title, f"Scatter plot of caption R@1 against true over false, in percent: {told}.")


def _point(number: int, arm: Arm) -> Point | None:
    values = [[_mean(run, names) for run in arm.runs] for names in (RIGHT, UP, SIZE)]
    known = [[100 * v for v in column if v is not None] for column in values]
    if any(len(column) < len(arm.runs) for column in known):
        return None
    right, up, size = known
    return Point(title=arm.title, number=number, role=arm.runs[0].role, right=right, up=up, size=size)


def _mean(run: Run, names: Sequence[tuple[str, str]]) -> float | None:
    found = [run.metric(benchmark, metric) for benchmark, metric in names]
    values = [m.value for m in found if m is not None]
    return statistics.fmean(values) if len(values) == len(names) else None


def _area(value: float, everyone: Sequence[float]) -> float:
    low, high = min(everyone), max(everyone)
    share = (value - low) / (high - low) if high > low else 0.5
    return _AREA[0] + share * (_AREA[1] - _AREA[0])


def size_note(comparison: Comparison) -> str:
    """What the sizes mean: the least and the greatest value drawn."""
    points = [p for number, arm in enumerate(comparison.arms) if (p := _point(number, arm)) is not None]
    low, high = (pick(statistics.fmean(p.size) for p in points) for pick in (min, max))
    return f"from {wording.number(low / 100)} to {wording.number(high / 100)}"


def _label(figure: Any, axes: "Axes", points: Sequence[Point], means: Sequence[float]) -> None:
    """Put each name beside its point, where it covers the least of the markers and of the names before it."""
    figure.draw_without_rendering()  # places the axes
    to_points = 72 / figure.dpi
    spots = [axes.transData.transform((statistics.fmean(p.right), statistics.fmean(p.up))) * to_points for p in points]
    frame = axes.get_window_extent()
    inside = tuple(to_points * edge for edge in (frame.x0, frame.y0, frame.x1, frame.y1))
    radii = [(_area(mean, means) ** 0.5) / 2 for mean in means]
    taken = [(x - r, y - r, x + r, y + r) for (x, y), r in zip(spots, radii, strict=True)]
    for point, (x, y), r in zip(points, spots, radii, strict=True):
        width = _LETTER * len(point.title)
        boxes = []
        for right, up in _SIDES:
            left = x + right * (r + 4) - {1: 0, 0: width / 2, -1: width}[right]
            bottom = y + up * (r + 8) - _LINE / 2
            boxes.append((left, bottom, left + width, bottom + _LINE))
        best = min(boxes, key=lambda box: sum(_overlap(box, t) for t in taken) + _outside(box, inside))
        taken.append(best)
        axes.annotate(
            point.title,
            (best[0] / to_points, best[1] / to_points + 2),
            xycoords="figure pixels",
            fontsize=9.5,
            color=INK,
            fontweight="bold" if point.role == "control" else "normal",
        )


def _overlap(a: Sequence[float], b: Sequence[float]) -> float:
    return max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))


def _outside(box: Sequence[float], frame: Sequence[float]) -> float:
    return (box[2] - box[0]) * (box[3] - box[1]) - _overlap(box, frame)
