"""Figures as inline SVG whose colours follow the page, so that they are readable on light and on dark.

matplotlib is imported when the first figure is drawn. Every figure is drawn at the width of a phone (about 400 pixels)
and holds one panel: wide screens set several side by side instead of shrinking the letters.
"""

import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Runs beyond this many share colours.
RUN_COLOURS = 10

WIDTH, HEIGHT = 3.7, 2.75  # inches
_VIEWS = ("caption", "paraphrase", "negation", "absence")

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


def run_colour(number: int) -> str:
    """The placeholder colour of a run."""
    return f"#0102{number % RUN_COLOURS:02x}"


def view_colour(view: str) -> str:
    """The placeholder colour of a view."""
    return f"#0103{_VIEWS.index(view):02x}"


def panel(height: float = HEIGHT, width: float = WIDTH) -> tuple[Any, "Axes"]:
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


def legend(axes: "Axes", columns: int) -> None:
    """Names above the axes, side by side."""
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
