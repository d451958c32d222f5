"""A plot of the interpolation from a base model to its fine-tune: ordinary metric on x, negation metric on y."""

from collections.abc import Sequence
from pathlib import Path


def draw_interpolation(
    path: Path,
    points: Sequence[tuple[float, float, float]],
    chosen: float,
    tolerance: float,
    labels: tuple[str, str],
) -> None:
    """Write a PNG. points: (alpha, ordinary, negation), proportions, as is tolerance; labels: of the x- and y-axis.

    What lies left of the dashed line loses more ordinary ability than is allowed.
    """
    import matplotlib.pyplot as plt

    from semclip.core.files import write_atomic

    figure, axes = plt.subplots(figsize=(5.2, 4.2), dpi=150, layout="constrained")
    ordered = sorted(points)
    right, up = [100 * p[1] for p in ordered], [100 * p[2] for p in ordered]
    axes.plot(right, up, color="#888888", linewidth=1.4, zorder=1)
    for (alpha, _, _), x, y in zip(ordered, right, up, strict=True):
        kept = alpha == chosen
        axes.scatter([x], [y], s=90 if kept else 34, color="#c2410c" if kept else "#334155", zorder=2)
        name = {0.0: "base", 1.0: "tuned"}.get(alpha, f"{alpha:g}")
        text = f"{name} (kept)" if kept else name
        axes.annotate(text, (x, y), xytext=(6, 5), textcoords="offset points", fontsize=8.5,
                      fontweight="bold" if kept else "normal")  # fmt: skip
    axes.axvline(right[0] - 100 * tolerance, color="#888888", linestyle=(0, (4, 3)), linewidth=1)
    axes.margins(0.16)
    axes.set_xlabel(f"{labels[0]}, %", fontsize=9)
    axes.set_ylabel(f"{labels[1]}, %", fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    write_atomic(path, lambda temporary: figure.savefig(temporary, format="png"))
    plt.close(figure)
