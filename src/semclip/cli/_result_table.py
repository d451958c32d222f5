"""Results of a model as a table for the terminal: both protocols and the blind baselines side by side."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

    from semclip.evaluation.metrics.result import Metric, Result

#: A metric with more slices than this shows none in the terminal; the result file has them all.
_MAX_SLICES = 12


def result_table(title: str, results: Mapping[str, "Result"]) -> "Table":
    """A block per benchmark: a row per metric, slices of the primary one above it.

    Beside our value stands what the published script counts, and beside the primary one the best blind method.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    public = any(m.kind == "official" for result in results.values() for m in result.metrics)
    caption = (
        "Shares in percent. "
        + ("official: as the published script counts; the interval is that of our value. " if public else "")
        + "blind: the best of the methods that see no image, on the same items; the result files name all of them."
    )
    table = Table(title=title, title_justify="left", caption=caption, caption_justify="left", box=box.SIMPLE,
                  padding=0)  # fmt: skip
    table.add_column("benchmark, metric", overflow="fold")
    for column in ("value", *(["official"] if public else []), "95 % interval", "chance", "n", "ties", "blind"):
        table.add_column(column, justify="right", no_wrap=True)
    for name, result in results.items():
        table.add_row(Text(name, style="bold"))
        for style, cells in _rows(result, public):
            table.add_row(*cells, style=style)
        table.add_section()
    return table


def _rows(result: "Result", public: bool) -> Iterator[tuple[str, list[str]]]:
    """(style, cells) of a benchmark's metrics; an official one stands beside ours, alone where we have none."""
    official = {m.name.removeprefix("official_"): m for m in result.metrics if m.kind == "official"}
    for metric in (m for m in result.metrics if m.kind == "model"):
        theirs = official.pop(metric.name, None)
        primary = metric.name == result.primary
        if primary and 1 < len(metric.per_slice) <= _MAX_SLICES:
            for name, part in metric.per_slice.items():
                own = theirs.per_slice.get(name) if theirs else None
                yield "dim", [f"    {name}", *_cells(part, own, public), _blind(part, result, name)]
        beside = _blind(metric, result) if primary else ""
        yield "", [f"  {metric.name}", *_cells(metric, theirs, public), beside]
    for name, metric in official.items():
        yield "", [f"  {name}", "", _number(metric, metric.value), *_cells(metric, None, False)[1:], ""]


def _cells(metric: "Metric", official: "Metric | None", public: bool) -> list[str]:
    interval = (
        f"{_number(metric, metric.interval[0])} to {_number(metric, metric.interval[1])}" if metric.interval else ""
    )
    chance = _number(metric, metric.chance) if metric.chance is not None else ""
    theirs = [_number(official, official.value) if official else ""] if public else []
    ties = "" if metric.strict is None else f"{metric.ties:,}"  # a mean of ranks or angles counts none
    return [_number(metric, metric.value), *theirs, interval, chance, f"{metric.n:,}", ties]


def _number(metric: "Metric", value: float) -> str:
    if metric.unit in ("share", "difference"):
        return f"{100 * value:{'+' if metric.unit == 'difference' else ''}.1f}"
    return f"{value:.3f}"


def _blind(metric: "Metric", result: "Result", slice_name: str = "") -> str:
    value = result.best_blind(slice_name)
    return "" if value is None else _number(metric, value)
