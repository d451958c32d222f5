"""Figures as inline SVG whose colours follow the page, so that they are readable on light and on dark.

matplotlib is imported when the first figure is drawn. Every figure is drawn at the width of a phone (about 400 pixels)
and holds one panel: wide screens set several side by side instead of shrinking the letters.
"""

import io
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Points of a curve; longer ones are averaged over equal stretches of steps.
CURVE_POINTS = 150
BINS = 32
#: Runs beyond this many share colours.
RUN_COLOURS = 10

_WIDTH, _HEIGHT = 3.7, 2.75  # inches
_VIEWS = ("caption", "paraphrase", "negation", "absence")
_DASHES: Mapping[str, Any] = {"caption": "-", "paraphrase": (0, (5, 1.5)), "negation": (0, (1.2, 1))}
_MARKERS = {"caption": "o", "paraphrase": "^", "negation": "x"}
_RUN_DASHES: Sequence[Any] = ((0, (5, 1.5)), (0, (1.2, 1)), "-")

# matplotlib draws with these placeholder colours; they become CSS variables of the page.
INK, SOFT = "#010101", "#010102"
_VARIABLES = {
    INK: "var(--ink)",
    SOFT: "var(--line)",
    **{f"#0102{i:02x}": f"var(--run-{i})" for i in range(RUN_COLOURS)},
    **{f"#0103{i:02x}": f"var(--{view})" for i, view in enumerate(_VIEWS)},
}


@dataclass(frozen=True)
class Figure:
    """An SVG element, what it shows for those who cannot see it, and a short title."""

    svg: str
    alt: str
    title: str


@dataclass(frozen=True)
class Line:
    """One run's curve: `number` chooses colour and dashes."""

    label: str
    number: int
    points: Sequence[tuple[int, float]]


def curves(title: str, lines: Sequence[Line], percent: bool = False) -> Figure:
    """One quantity over training steps, one line per run."""
    letters = [len(line.label) + 5 for line in lines]
    columns = len(lines) if sum(letters) <= 42 else max(1, 42 // max(letters))
    figure, axes = panel(height=_HEIGHT + 0.2 * (math.ceil(len(lines) / columns) - 1))
    told = []
    for line in lines:
        points = _thin(line.points)
        steps = [s for s, _ in points]
        values = [100 * v if percent else v for _, v in points]
        marker = "o" if len(points) < 12 else None
        axes.plot(
            steps,
            values,
            color=run_colour(line.number),
            linestyle=_RUN_DASHES[line.number % 3],
            linewidth=1.8,
            marker=marker,
            markersize=4,
            label=line.label,
        )
        ends = [
            f"{v:.3g}{' %' if percent else ''} at step {s}" for v, s in ((values[0], steps[0]), (values[-1], steps[-1]))
        ]
        told.append(f"{line.label} from {ends[0]} to {ends[1]}")
    axes.set_xlabel("training step")
    axes.set_ylabel("%" if percent else "")
    _legend(axes, columns=columns)
    return finish(figure, title, f"Line chart of {title}: {'; '.join(told)}.")


def histogram(title: str, values: Mapping[str, Sequence[float]], limits: tuple[float, float], top: float) -> Figure:
    """How often each cosine similarity occurs, one row per view. limits, top: shared by the panels to be compared."""
    figure, axes = panel(height=0.62 * len(values) + 0.6)
    edges = np.linspace(*limits, BINS + 1)
    told = []
    for row, (view, numbers) in enumerate(reversed(list(values.items()))):
        share = 100 * np.histogram(np.asarray(numbers), edges)[0] / len(numbers)
        colour, floor = view_colour(view), row * top
        axes.stairs(floor + share, edges, baseline=floor, color=colour, fill=True, alpha=0.22)
        axes.stairs(floor + share, edges, baseline=floor, color=colour, linewidth=1.3)
        mean = float(np.mean(numbers))
        axes.plot([mean, mean], [floor, floor + 0.9 * top], color=colour, linewidth=2)
        for place, side, text in ((0, "left", view), (1, "right", f"{mean:.3f}")):
            axes.text(
                place,
                floor + 0.72 * top,
                text,
                color=colour,
                fontsize=10,
                ha=side,
                in_layout=False,
                transform=axes.get_yaxis_transform(),
            )
        told.append(f"{view} {mean:.3f}")
    axes.set_xlim(*limits)
    axes.set_ylim(0, top * len(values))
    axes.set_yticks([row * top for row in range(len(values))], [""] * len(values))
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("similarity of image and text (cosine)")
    return finish(figure, title, f"Histograms of image-text similarity, {title}. Means: {', '.join(reversed(told))}.")


def histogram_limits(panels: Sequence[Mapping[str, Sequence[float]]]) -> tuple[tuple[float, float], float]:
    """The x limits and the top that all panels of `histogram` share."""
    everything = np.concatenate([np.asarray(v, dtype=float) for panel in panels for v in panel.values()])
    low, high = float(everything.min()), float(everything.max())
    margin = 0.02 * (high - low) or 0.05
    limits = (low - margin, high + margin)
    edges = np.linspace(*limits, BINS + 1)
    top = max(100 * np.histogram(np.asarray(v), edges)[0].max() / len(v) for panel in panels for v in panel.values())
    return limits, 1.1 * float(top)


def plane(title: str, points: Mapping[str, Sequence[Sequence[float]]], reach: float, example: int) -> Figure:
    """Texts in SemCLIP's projected plane; rays from the origin show the texts of one example.

    reach: half the width of the panel, shared. example: index of the example whose rays are drawn.
    """
    figure, axes = panel(height=3.5)
    axes.axhline(0, color=SOFT, linewidth=0.8)
    axes.axvline(0, color=SOFT, linewidth=0.8)
    for view, pairs in points.items():
        xy = np.asarray(pairs, dtype=float)
        colour = view_colour(view)
        hollow = {"facecolor": "none", "edgecolor": colour}
        style: dict[str, Any] = {"color": colour} if _MARKERS[view] == "x" else hollow
        axes.scatter(xy[:, 0], xy[:, 1], s=13, marker=_MARKERS[view], linewidth=0.9, label=view, alpha=0.75, **style)
        axes.plot([0, xy[example, 0]], [0, xy[example, 1]], color=colour, linewidth=2, linestyle=_DASHES[view])
    axes.set_xlim(-reach, reach)
    axes.set_ylim(-reach, reach)
    axes.set_aspect("equal", adjustable="box")
    axes.locator_params(nbins=5)
    axes.set_xlabel("first direction")
    axes.set_ylabel("second direction")
    _legend(axes, columns=3)
    cosines = plane_cosines(points)
    told = ", ".join(f"{view} {float(np.mean(values)):.2f}" for view, values in cosines.items())
    alt = f"Scatter plot of texts in the projected plane, {title}. Mean cosine with the caption: {told}."
    return finish(figure, title, alt)


def plane_cosines(points: Mapping[str, Sequence[Sequence[float]]]) -> dict[str, list[float]]:
    """Cosine, in the plane, of each example's paraphrase and negation with its caption."""

    def direction(pair: Sequence[float]) -> tuple[float, float]:
        length = math.hypot(*pair) or 1.0
        return pair[0] / length, pair[1] / length

    captions = [direction(p) for p in points["caption"]]
    return {
        view: [a * c + b * d for (a, b), (c, d) in zip(captions, map(direction, points[view]), strict=True)]
        for view in points
        if view != "caption"
    }


def run_colour(number: int) -> str:
    """The placeholder colour of a run."""
    return f"#0102{number % RUN_COLOURS:02x}"


def view_colour(view: str) -> str:
    """The placeholder colour of a view."""
    return f"#0103{_VIEWS.index(view):02x}"


def _thin(points: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    if len(points) <= CURVE_POINTS:
        return list(points)
    groups = np.array_split(np.asarray(points, dtype=float), CURVE_POINTS)
    return [(int(g[:, 0].mean()), float(g[:, 1].mean())) for g in groups]


def panel(height: float = _HEIGHT, width: float = _WIDTH) -> tuple[Any, "Axes"]:
    """An empty canvas and its axes, in the colours of the page. height, width: inches."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure as Canvas

    figure = Canvas(figsize=(width, height), layout="constrained")
    FigureCanvasSVG(figure)
    axes = figure.add_subplot()
    figure.patch.set_alpha(0)
    axes.patch.set_alpha(0)
    for name, spine in axes.spines.items():
        spine.set_visible(name in ("left", "bottom"))
        spine.set_color(SOFT)
    axes.tick_params(colors=INK, labelsize=9, color=SOFT)
    axes.grid(color=SOFT, linewidth=0.5, alpha=0.6)
    axes.set_axisbelow(True)
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set_color(INK)
        label.set_fontsize(10)
    return figure, axes


def _legend(axes: "Axes", columns: int) -> None:
    axes.legend(
        loc="lower center",
        bbox_to_anchor=(0.5, 1.0),
        ncols=columns,
        frameon=False,
        fontsize=9.5,
        labelcolor=INK,
        handlelength=1.9,
        handletextpad=0.5,
        columnspacing=1.0,
        borderaxespad=0.2,
    )


def finish(figure: Any, title: str, alt: str) -> Figure:
    """The drawn canvas as SVG for the page."""
    import matplotlib

    # parse_math off: a `$` in a run's name is a letter, not a formula. fonttype none: text keeps the page's font.
    with matplotlib.rc_context({"svg.fonttype": "none", "text.parse_math": False, "svg.hashsalt": "semclip"}):
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return Figure(_for_page(buffer.getvalue()), alt, title)


def _for_page(document: str) -> str:
    """The <svg> element alone, scaling with its box, coloured by CSS variables."""
    svg = document[document.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    opening, rest = svg.split(">", 1)
    box = re.search(r'viewBox="[^"]*"', opening)
    assert box is not None
    for placeholder, variable in _VARIABLES.items():
        rest = rest.replace(placeholder, variable)
    rest = re.sub(r"font: (?:(\d+) )?([\d.]+)px [^;\"]*", r"font-size: \2px; font-family: inherit", rest)
    names = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f'<svg {names} {box[0]} aria-hidden="true">{rest}'


def separate_ids(svg: str, prefix: str) -> str:
    """Prefix every id and every reference to one, so that figures on one page do not share them."""
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}-\1"', svg)
    svg = re.sub(r'href="#([^"]+)"', rf'href="#{prefix}-\1"', svg)
    return re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", svg)
