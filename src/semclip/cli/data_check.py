"""`semclip data check`: contents and problems of a data file."""

import sys
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from semclip.cli._options import Columns, Images, parse_columns
from semclip.core.counts import counted

#: Places of a problem, and files that are no data, that are shown without --all.
_PLACES, _SKIPPED = 20, 5

if TYPE_CHECKING:
    from rich.console import Console

    from semclip.core.example import Example
    from semclip.data.check import Report
    from semclip.data.findings import Finding
    from semclip.models.tokens import Tokenizer


def command(
    file: Annotated[Path, typer.Argument(help="Data file or folder in any format of `semclip list readers`.")],
    images: Images = "",
    columns: Columns = "",
    context_length: Annotated[int, typer.Option(min=3, help="Tokens a text may have, start and end included.")] = 77,
    everything: Annotated[
        bool, typer.Option("--all", help="List every place of every problem, not the first 20.")
    ] = False,
) -> None:
    """Show columns as understood, three examples, and problems with file:row. Exit code 2 when there are errors."""
    from semclip.core.console import make_console
    from semclip.data.check import check
    from semclip.data.load import DataConfig

    config = DataConfig(path=str(file), images=images, columns=parse_columns(columns))
    report = check(config, _cut_by_clip(context_length), context_length, progress_bar)
    console = make_console(soft_wrap=True)
    _show(report, console, everything)
    if report.errors:
        raise typer.Exit(2)


def _cut_by_clip(context_length: int) -> "Callable[[Sequence[str]], list[bool]]":
    """For texts, whether CLIP's tokenizer cuts them; it is imported with the first text that may be too long."""

    @cache
    def tokenizer() -> "Tokenizer":
        from semclip.models.tokens import Tokenizer

        return Tokenizer(context_length)

    return lambda texts: tokenizer().truncated(texts) if texts else []


def progress_bar(items: Iterable[Any], label: str, total: int) -> Iterable[Any]:
    from rich.progress import track

    from semclip.core.console import make_console

    bar = make_console(stderr=True)
    return track(items, label, total=total or None, console=bar, transient=True, disable=not sys.stderr.isatty())


def _show(report: "Report", console: "Console", everything: bool = False) -> None:
    from rich.table import Table
    from rich.text import Text

    from semclip.data.check import meaning_of_columns
    from semclip.data.splits import FRACTIONS

    counts = {"row": report.rows, "group": report.groups, "caption": report.captions}
    size = ", ".join(counted(count, noun) for noun, count in counts.items())
    console.print(Text.assemble((str(report.path), "bold"), f": {size}"))
    drawn = ", ".join(f"{share:.0%} {split}" for split, share in FRACTIONS.items())
    none_named = set(report.splits) == {"(none)"}
    console.print(f"splits: none named; training draws {drawn}" if none_named else _counts("splits", report.splits))
    console.print(_counts("views", {view: count for view, count in report.views.items() if count}))

    table = Table(title="Columns as understood", title_justify="left", title_style="bold")
    table.add_column("column in the file")
    table.add_column("understood as")
    for column, meaning in meaning_of_columns(report.layout).items():
        table.add_row(column, meaning)
    console.print(table)

    for position, example in enumerate(report.examples, 1):
        console.print(Text.assemble((f"Example {position}", "bold"), f" ({example.where})"))
        for name, value in _as_lines(example):
            console.print(f"  {name:<15} {value}")

    if report.skipped:
        shown = report.skipped if everything else report.skipped[:_SKIPPED]
        more = _more(len(report.skipped) - len(shown))
        names = ", ".join([*(path.name for path in shown), *more])
        console.print(f"Skipped as no data: {counted(len(report.skipped), 'file')}: {names}")
    for note in report.notes:
        console.print(f"note: {note}")
    for finding in report.findings:
        style, word = ("red", "error") if finding.error else ("yellow", "note")
        console.print(Text.assemble((word, style), "  ", (finding.problem, "bold"), f": {finding.count:,}"))
        places = finding.places if everything else finding.places[:_PLACES]
        for line in (*places, *(_more(len(finding.places) - len(places)) or _unlisted(finding))):
            console.print(f"    {line}")
        console.print(f"    fix: {finding.fix}")
    if report.errors:
        console.print(counted(report.errors, "error"), style="red")
    else:
        console.print("No errors.", style="green")


def _more(count: int) -> list[str]:
    """What stands for those that are not shown."""
    return [f"... and {count:,} more; --all lists them"] if count else []


def _unlisted(finding: "Finding") -> list[str]:
    """What stands for those whose places are not held."""
    more = finding.count - len(finding.places)
    return [f"... and {more:,} more: mend these first"] if more else []


def _counts(label: str, counts: dict[str, int]) -> str:
    return f"{label}: " + ", ".join(f"{name} {count:,}" for name, count in counts.items())


def _as_lines(example: "Example") -> list[tuple[str, str]]:
    """A record as (name, value) lines, empty views left out."""
    from semclip.core.example import TEXT_VIEWS

    lines = [("id", example.id or "(made from the image's name)"), ("image", example.image.name)]
    lines += [(view, text) for view in TEXT_VIEWS for text in example.texts(view)]
    lines += [("negative_image", ref.name) for ref in example.negative_images]
    lines += [("group", example.group), ("split", example.split or "(drawn from the group's name)")]
    lines += [(f"meta {name}", repr(value)[:100]) for name, value in example.meta.items()]
    return lines
