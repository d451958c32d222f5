"""Histograms of the similarity of images and texts, one figure per run, one row per view."""

from collections.abc import Mapping, Sequence

import numpy as np

from semclip.reports.comparison import Comparison
from semclip.reports.figures import Figure, finish, panel, view_colour
from semclip.reports.gallery import similarities

_BINS = 32


def similarity_histograms(comparison: Comparison) -> list[Figure]:
    """A figure for each run that recorded similarities; all share their axes."""
    found = {run.title: similarities(run) for run in comparison.runs}
    return histograms({title: values for title, values in found.items() if values})


def histograms(panels: Mapping[str, Mapping[str, Sequence[float]]]) -> list[Figure]:
    """How often each cosine similarity occurs. panels: title -> view -> similarities."""
    if not panels:
        return []
    everything = np.concatenate([np.asarray(v, dtype=float) for values in panels.values() for v in values.values()])
    low, high = float(everything.min()), float(everything.max())
    margin = 0.02 * (high - low) or 0.05
    edges = np.linspace(low - margin, high + margin, _BINS + 1)
    percent = {
        title: {view: 100 * np.histogram(np.asarray(v), edges)[0] / len(v) for view, v in values.items()}
        for title, values in panels.items()
    }
    top = 1.1 * max(float(bins.max()) for rows in percent.values() for bins in rows.values())
    means = {title: {view: float(np.mean(v)) for view, v in values.items()} for title, values in panels.items()}
    return [_draw(title, rows, means[title], edges, top) for title, rows in percent.items()]


def _draw(
    title: str, rows: Mapping[str, np.ndarray], means: Mapping[str, float], edges: np.ndarray, top: float
) -> Figure:
    figure, axes = panel(height=0.62 * len(rows) + 0.6)
    for number, (view, bins) in enumerate(reversed(list(rows.items()))):
        colour, floor, mean = view_colour(view), number * top, means[view]
        axes.stairs(floor + bins, edges, baseline=floor, color=colour, fill=True, alpha=0.22)
        axes.stairs(floor + bins, edges, baseline=floor, color=colour, linewidth=1.3)
        axes.plot([mean, mean], [floor, floor + 0.9 * top], color=colour, linewidth=2)
        for x, side, text in ((0, "left", view), (1, "right", f"{mean:.3f}")):
            axes.text(x, floor + 0.72 * top, text, color=colour, fontsize=10, ha=side, in_layout=False,
                      transform=axes.get_yaxis_transform())  # fmt: skip
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylim(0, top * len(rows))
    axes.set_yticks([number * top for number in range(len(rows))], [""] * len(rows))
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("similarity of image and text (cosine)")
    description = ", ".join(f"{view} {mean:.3f}" for view, mean in means.items())
    return finish(figure, title, f"Histograms of image-text similarity, {title}. Means: {description}.")
