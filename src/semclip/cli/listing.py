"""`semclip list`: all plugins by family, without importing any of them."""

from typing import Annotated

import typer

from semclip.core.errors import UserError, did_you_mean
from semclip.core.registry import FAMILIES, RENAMED, Registry


def command(
    family: Annotated[str, typer.Argument(help=f"One of: {', '.join(FAMILIES)}, suites. All when left out.")] = "",
) -> None:
    """Objectives, benchmarks, readers, backends and writers, each with its one-line description."""
    from rich.table import Table
    from rich.text import Text

    from semclip.core.console import make_console
    from semclip.evaluation.suites import MEANING, SUITES

    suites = [(name, f"{MEANING[name]} {', '.join(members)}") for name, members in SUITES.items()]
    known = [*FAMILIES, "suites"]
    if family in RENAMED:
        raise UserError(
            f"the family '{family}' is now part of '{RENAMED[family]}'",
            where="semclip list",
            fix=f"`semclip list {RENAMED[family]}` shows them",
        )
    if family and family not in known:
        raise UserError(f"unknown family '{family}'", where="semclip list", fix=did_you_mean(family, known))
    console = make_console()
    for name in [family] if family else known:
        table = Table(title=name, title_justify="left", box=None, show_header=False, padding=(0, 2))
        for plugin, *cells in suites if name == "suites" else _rows(FAMILIES[name]):
            table.add_row(Text(plugin, style="bold"), *cells)
        console.print(table)


def _rows(family: Registry) -> list[tuple[str, ...]]:
    """Name and description; between them the kind, where a family lives in several packages: `own` or `public`."""
    several = len(family.packages) > 1
    return [
        (name, *([family.package_of(name).rpartition(".")[2]] if several else []), summary)
        for name, summary in family.summaries().items()
    ]
