"""`semclip report`: one HTML page from run folders."""

from pathlib import Path
from typing import Annotated

import typer


def command(
    runs: Annotated[
        list[Path], typer.Argument(help="Run folders in the order of the columns, or the folder of a comparison.")
    ],
    out: Annotated[Path | None, typer.Option(help="The page. Default: report.html in the treated run.")] = None,
    control: Annotated[str | None, typer.Option(help="Run that p-values refer to. Default: by role.")] = None,
    markdown: Annotated[Path | None, typer.Option(help="Also write the summary's tables as Markdown.")] = None,
) -> None:
    """Explain and compare trained runs in one self-contained HTML page."""
    from semclip.core.console import make_console
    from semclip.reports.page import write_report
    from semclip.reports.summary import summary_table, write_markdown

    page = write_report(runs, out, control)
    console = make_console()
    console.print(summary_table(runs, control))
    if markdown is not None:
        write_markdown(runs, markdown, control)
        console.print(f"tables: {markdown}", soft_wrap=True, markup=False)
    console.print(f"report: {page}", soft_wrap=True, markup=False)
