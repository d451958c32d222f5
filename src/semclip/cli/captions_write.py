"""`semclip captions write`: negations and absences for captions."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from semclip.captions.job import Summary


def command(
    data: Annotated[str, typer.Argument(help="captions in any form that `semclip data check` understands")],
    out: Annotated[Path, typer.Option(help="the file of JSON lines to write")],
    images: Annotated[
        str, typer.Option(help="folder that image names are relative to; default: the data's folder")
    ] = "",
    views: Annotated[str, typer.Option(help="what to write, comma-separated")] = "negation,absence",
    writer: Annotated[str, typer.Option(help="a name from `semclip list writers`, or file.py:Class")] = "rules",
    seed: Annotated[int, typer.Option(help="equal seed and data give equal bytes")] = 0,
) -> None:
    """Write negations and absences for every caption, with their kinds and where they come from."""
    import time

    from rich.console import Console
    from rich.progress import track

    from semclip.captions.job import write_captions
    from semclip.captions.writers.base import create
    from semclip.core.errors import UserError
    from semclip.data.load import DataConfig, load_examples

    console = Console()
    if out.exists() and out.resolve() == Path(data).resolve():
        raise UserError("the output is the input", where=str(out), fix="name another --out")
    started = time.perf_counter()
    examples = load_examples(DataConfig(path=data, images=images, seed=seed))
    quiet = not console.is_terminal
    summary = write_captions(
        examples,
        out,
        create(writer, examples),
        [view.strip() for view in views.split(",") if view.strip()],
        seed,
        track=lambda items: track(items, "Writing", total=len(examples), console=console, disable=quiet),
    )
    _print(summary, console)
    rate = summary.captions / (time.perf_counter() - started)
    console.print(
        f"{out}: {summary.rows:,} rows from {summary.captions:,} captions, {rate:,.0f} captions/s", soft_wrap=True
    )
    if out.resolve().parent != Path(data).resolve().parent and not images:
        console.print(
            "Image names stay relative to the input's folder: name it as `data.images` when you use the file."
        )


def _print(summary: "Summary", console: "Console") -> None:
    from rich.table import Table

    splits = sorted({split for split, _, _ in summary.kinds})
    table = Table("view", "kind", *splits, title="written")
    for view, kind in sorted({(view, kind) for _, view, kind in summary.kinds}):
        table.add_row(view, kind, *(f"{summary.kinds[split, view, kind]:,}" for split in splits))
    console.print(table)
    if summary.refused:
        table = Table("view", "captions left out because", "count", title="refused")
        for (view, reason), count in sorted(summary.refused.items(), key=lambda item: (item[0][0], -item[1])):
            table.add_row(view, reason, f"{count:,}")
        console.print(table)
    for view, count in summary.without.items():
        if count:
            console.print(f"{count:,} of {summary.rows:,} rows have no {view}")
