"""`semclip compare`: several systems on equal terms, in tracks, over several seeds."""

from pathlib import Path
from typing import Annotated

import typer


def command(
    config: Annotated[str, typer.Argument(help="A YAML file, or a shipped comparison such as scenes.")],
    overrides: Annotated[list[str] | None, typer.Argument(help="a.b=value, applied to every run.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for all runs. Default: runs/NAME.")] = None,
    seeds: Annotated[str, typer.Option(help="Comma-separated seeds instead of the config's.")] = "",
    jobs: Annotated[int, typer.Option(min=1, help="Runs at a time, each a process with its share of the cores.")] = 1,
) -> None:
    """Train every arm of every track, evaluate them on one test split, write the report. Resumes by itself."""
    from semclip.core.config import find_config, load_config, parse
    from semclip.core.console import make_console
    from semclip.core.errors import UserError
    from semclip.reports.page import write_report
    from semclip.reports.summary import summary_table
    from semclip.training.compare import CompareConfig, compare

    path = find_config(config, kind="compare")
    values = load_config(path, kind="compare")
    if seeds:
        if not all(s.strip().isdigit() for s in seeds.split(",")):
            raise UserError(f"'{seeds}' is no list of seeds", where="--seeds", fix="write --seeds 0,1,2")
        values["seeds"] = [int(s) for s in seeds.split(",")]
    parsed = parse(CompareConfig, values, where=str(path)).beside(path.parent)
    folder = out or Path("runs") / parsed.name
    console = make_console()
    runs = compare(parsed, overrides or [], folder, console, max_parallel=jobs)
    console.print(summary_table(runs))
    console.print(f"report: {write_report(runs, folder / 'report.html')}", soft_wrap=True, markup=False)
