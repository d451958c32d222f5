"""Projection plots: the texts of test images in the plane that SemCLIP projects on, before and after training."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from semclip.reports import formatting, gallery
from semclip.reports.comparison import Comparison
from semclip.reports.figures import SOFT, Figure, finish, legend, panel, view_colour
from semclip.reports.runs import Run

_VIEWS = ("caption", "paraphrase", "negation")
_DASHES: Mapping[str, Any] = {"caption": "-", "paraphrase": (0, (5, 1.5)), "negation": (0, (1.2, 1))}
_MARKERS = {"caption": "o", "paraphrase": "^", "negation": "x"}

#: View -> a point per example.
Points = Mapping[str, Sequence[Sequence[float]]]


@dataclass(frozen=True, kw_only=True)
class Projection:
    """The plots of one run. cosines: before or after -> view -> mean cosine with the caption, in words.

    n: examples. texts: view -> text of the example whose rays are drawn, where known.
    """

    figures: Sequence[Figure]
    n: int
    cosines: Mapping[str, Mapping[str, str]]
    texts: Mapping[str, str]


def projection_plots(comparison: Comparison) -> list[Projection]:
    """Those of every run that recorded its plane."""
    return [_projection(run, run.projection) for run in comparison.runs if run.projection is not None]


def _projection(run: Run, projection: Mapping[str, Any]) -> Projection:
    moments: dict[str, Points] = {m: {view: projection[m][view] for view in _VIEWS} for m in ("before", "after")}
    reach = 1.08 * max(abs(x) for points in moments.values() for view in points.values() for p in view for x in p)
    # The example whose caption-negation cosine is the median: no cherry-picking.
    found = cosines(moments["after"])["negation"]
    example = sorted(range(len(found)), key=lambda i: (found[i], i))[len(found) // 2]
    ids = projection.get("ids") or []
    texts = {i["id"]: i["texts"] for i in gallery.items_of(run)}.get(ids[example] if example < len(ids) else "", {})
    return Projection(
        figures=[draw(f"{run.title}: {m} training", points, reach or 1.0, example) for m, points in moments.items()],
        n=len(moments["after"]["caption"]),
        cosines={
            m: {view: formatting.minus(f"{sum(c) / len(c):.2f}") for view, c in cosines(points).items()}
            for m, points in moments.items()
        },
        texts={view: texts[view] for view in _VIEWS if view in texts},
    )


def draw(title: str, points: Points, reach: float, example: int) -> Figure:
    """Texts in the projected plane; rays from the origin show the texts of one example.

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
    legend(axes, columns=3)
    description = ", ".join(f"{view} {float(np.mean(values)):.2f}" for view, values in cosines(points).items())
    alt = f"Scatter plot of texts in the projected plane, {title}. Mean cosine with the caption: {description}."
    return finish(figure, title, alt)


def cosines(points: Points) -> dict[str, list[float]]:
    """Cosine, in the plane, of each example's paraphrase and negation with its caption; 0 for the origin."""

    def unit(pairs: Sequence[Sequence[float]]) -> list[tuple[float, float]]:
        return [(x / (math.hypot(x, y) or 1.0), y / (math.hypot(x, y) or 1.0)) for x, y in pairs]

    captions = unit(points["caption"])
    return {
        view: [a * c + b * d for (a, b), (c, d) in zip(captions, unit(points[view]), strict=True)]
        for view in points
        if view != "caption"
    }
