"""The output of `semclip captions write`: a progress bar, then tables."""

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from semclip.captions.job import Job
from semclip.captions.rows import LeftOut, save_left_out
from semclip.captions.summary import Summary
from semclip.core.example import Example

_MAX_KINDS = 12  # in a table; further ones in one line


LINE_EVERY, FIRST_LINE = 60.0, 10.0  # seconds between the lines of a log file, and before the first


class Bar:
    """The progress bar: captions, rate, accepted, what is rejected most, money. In a log file, a line a minute."""

    def __init__(self, console: Console, job: Job, captions: int, stays: bool = True) -> None:
        self._job, self._captions = job, captions
        self._progress = Progress(
            TextColumn("captions"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[counts]}", markup=False),
            console=console,
            disable=not console.is_terminal,
            refresh_per_second=4,
            transient=not stays,
        )
        self._task = self._progress.add_task("", total=captions, counts="")
        self._shown, self._done = 0.0, 0
        self._console, self._every = console, 0.25 if console.is_terminal else LINE_EVERY

    def __enter__(self) -> Self:
        self._begun = time.monotonic()
        # The first line comes soon: it tells whether anything is written at all.
        self._shown = self._begun - (0 if self._console.is_terminal else LINE_EVERY - FIRST_LINE)
        self._progress.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended = time.monotonic()
        self._progress.stop()

    def show(self, summary: Summary) -> None:
        self._done = summary.captions - summary.found
        if time.monotonic() - self._shown < self._every:
            return
        self._shown = time.monotonic()
        worst = "; ".join(f"{count:,} {reason}" for (_, reason), count in summary.rejected.most_common(2))
        parts = [
            f"{self._rate_until(self._shown):,.0f}/s",
            f"{summary.accepted:,} accepted",
            f"{summary.rejected.total():,} rejected" + (f" ({worst})" if worst else ""),
            self._job.spent(),
        ]
        counts = ", ".join(filter(None, parts))
        self._progress.update(self._task, completed=summary.captions, counts=counts)
        if not self._console.is_terminal:
            line = f"{summary.captions:,} of {self._captions:,} captions, {counts}"
            self._console.print(line, soft_wrap=True, markup=False, highlight=False)

    def rate(self) -> str:
        """How fast this run was, in words: most of its texts may be of earlier runs."""
        if not self._done:
            return "no caption was new"
        rate = self._rate_until(self._ended)
        return f"{rate:,.{0 if rate >= 10 else 1}f} captions/s in this run"

    def _rate_until(self, now: float) -> float:
        return self._done / max(now - self._begun, 1e-9)


def show_summary(summary: Summary, console: Console) -> None:
    splits = sorted({split for split, _, _ in summary.kinds})
    table = Table("view", "kind", *splits, title="written")
    for view in sorted({view for _, view, _ in summary.kinds}):
        counts = {s: Counter({k: n for (t, v, k), n in summary.kinds.items() if (t, v) == (s, view)}) for s in splits}
        kinds = [kind for kind, _ in sum(counts.values(), Counter[str]()).most_common()]
        for kind in kinds[:_MAX_KINDS]:
            table.add_row(view, kind, *(f"{counts[split][kind]:,}" for split in splits))
        if rest := kinds[_MAX_KINDS:]:
            others = [f"{sum(counts[split][kind] for kind in rest):,}" for split in splits]
            table.add_row(view, f"{len(rest):,} further kinds", *others)
    if summary.kinds:
        console.print(table)
    for reasons, title, head in (
        (summary.rejected, "rejected by verifiers", "texts turned down because"),
        (summary.refused, "left without a text", "captions left out because"),
    ):
        if reasons:
            table = Table("view", head, "count", title=title)
            for (view, reason), count in sorted(reasons.items(), key=lambda item: (item[0][0], -item[1], item[0][1])):
                table.add_row(view, reason, f"{count:,}")
            console.print(table)
    for view, count in summary.covered.items():
        console.print(
            f"{view}: {count:,} of {summary.captions:,} captions have one"
            + (f"; {summary.without[view]:,} of {summary.rows:,} rows have none" if summary.without[view] else ""),
            highlight=False,
        )
    if len(summary.covered) > 1:
        share = summary.complete / max(1, summary.captions)
        console.print(f"all {len(summary.covered)} views: {summary.complete:,} captions, {share:.1%}", highlight=False)


def show_left_out(left_out: Sequence[LeftOut], out: Path, console: Console) -> None:
    """Count the unreadable rows by reason, and list them in a file."""
    path = save_left_out(left_out, out)
    if not left_out:
        return
    console.print(f"rows left out: {len(left_out):,}, each named in {path}", markup=False, soft_wrap=True)
    for reason, count in Counter(row.reason for row in left_out).most_common(10):
        console.print(f"    {count:,}: {reason}", markup=False, soft_wrap=True, highlight=False)


def show_sample(console: Console, example: Example, results: dict[str, dict[str, Any]], views: Sequence[str]) -> None:
    """One row: its captions, and beside each what was written for it; nothing where the job stopped before it."""
    if not results:
        return
    written = [view for view in views if view in results]
    table = Table("caption", *written, box=box.ROUNDED)
    table.title = Text(f"{example.id} ({example.split})")
    for of, caption in enumerate(example.captions):
        table.add_row(Text(caption), *(_cell(results[view], of) for view in written))
    console.print(table)


def _cell(result: dict[str, Any], of: int) -> Any:
    cell = Text()
    for text in (text for text in result["texts"] if text["of"] == of):
        cell.append(f"{text['text']}\n").append(f"{text['kind']}\n", style="green")
    for refused in (refused for refused in result["refused"] if refused["of"] == of):
        cell.append(f"{refused['reason']}\n", style="red")
    cell.rstrip()
    return cell
