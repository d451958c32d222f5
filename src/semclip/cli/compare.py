"""`semclip compare`: several systems from the same base, with equal data, steps and seeds."""

from pathlib import Path
from typing import Annotated

import typer


def command(
    config: Annotated[str, typer.Argument(help="A YAML file, or a shipped comparison such as scenes.")],
    overrides: Annotated[list[str] | None, typer.Argument(help="a.b=value, applied to every run.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for all runs. Default: runs/NAME.")] = None,
    seeds: Annotated[str, typer.Option(help="Comma-separated seeds instead of the config's.")] = "",
) -> None:
    """Train the base and every arm, evaluate them on one test split, write the report. Resumes by itself."""
    from rich.console import Console

    from semclip.core.config import find_config, load_config, parse
    from semclip.core.errors import UserError
    from semclip.reports.page import write_report
    from semclip.reports.summary import summary_table
    from semclip.training.compare import CompareConfig, compare

    path = find_config(config, kind="compare")
    values = load_config(path)
    if seeds:
        if not all(s.strip().isdigit() for s in seeds.split(",")):
            raise UserError(f"'{seeds}' is no list of seeds", where="--seeds", fix="write --seeds 0,1,2")
        values["seeds"] = [int(s) for s in seeds.split(",")]
    parsed = parse(CompareConfig, values, where=str(path))
    folder = out or Path("runs") / parsed.name
    console = Console()
    runs = compare(parsed, overrides or [], folder, console)
    console.print(summary_table(runs))
    first = [run for run in runs if run.parent == runs[0].parent]
    page = write_report(first, folder / "report.html")
    console.print(f"report: {page} (seed {parsed.seeds[0]}; the table above is over seeds {list(parsed.seeds)})")
