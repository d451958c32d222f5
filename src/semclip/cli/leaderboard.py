"""`semclip leaderboard`: many results as one table and as a CSV."""

from pathlib import Path
from typing import Annotated

import typer


def command(
    results: Annotated[list[Path], typer.Argument(help="Folders with result files at any depth, or such files.")],
    by: Annotated[str, typer.Option(help="The benchmark or suite to order by. Default: the first column.")] = "",
    csv: Annotated[Path | None, typer.Option(help="Also write every metric and slice of every result here.")] = None,
    markdown: Annotated[Path | None, typer.Option(help="Also write the table as Markdown.")] = None,
) -> None:
    """Compare many evaluated models: a row each, benchmarks side by side, averages of suites."""
    from semclip.core.console import make_console
    from semclip.evaluation.suites import SUITES
    from semclip.reports.leaderboard import leaderboard, read_entries, write_csv, write_markdown
    from semclip.reports.table import as_rich

    entries, others = read_entries(results)
    table = leaderboard(entries, SUITES, by)
    console = make_console()
    for part in as_rich(table):
        console.print(part)
    if others:
        console.print(f"{others:,} JSON files there are no results", markup=False, highlight=False)
    if csv is not None:
        write_csv(entries, csv)
        console.print(f"every metric: {csv}", soft_wrap=True, markup=False, highlight=False)
    if markdown is not None:
        write_markdown(table, markdown)
        console.print(f"table: {markdown}", soft_wrap=True, markup=False, highlight=False)
