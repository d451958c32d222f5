"""`semclip benchmarks check`: which public benchmarks a folder can serve, and what the others lack."""

from pathlib import Path
from typing import Annotated

import typer

from semclip.core.errors import UserError


def command(root: Annotated[Path, typer.Argument(help="Folder of public benchmarks: ROOT/NAME and images.")]) -> None:
    """Read every public benchmark below a folder and count its items and images; nothing is encoded."""
    from rich.console import Console
    from rich.table import Table

    from semclip.core.registry import FAMILIES

    if not root.is_dir():
        raise UserError("no such folder", where=str(root), fix="`semclip benchmarks fetch NAME --root DIR` makes one")
    console = Console()
    table = Table(title=str(root), title_justify="left")
    for column in ("benchmark", "complete", "items", "images"):
        table.add_column(column, justify="right" if column in ("items", "images") else "left")
    said = {}
    with console.status("reading"):
        for name in FAMILIES["benchmarks"].names("semclip.evaluation.public"):
            *cells, said[name] = _state(name, root)
            table.add_row(name, *cells)
    console.print(table)
    for name, notes in said.items():
        for note in notes:
            console.print(f"{name}: {note}", markup=False, highlight=False, soft_wrap=True)


def _state(name: str, root: Path) -> tuple[str, str, str, list[str]]:
    """Whether it is complete, its items and images, and what is lacking or at fault."""
    from semclip.evaluation.public import create

    benchmark = create(name)
    try:
        read = benchmark.prepare(root)
    except UserError as error:
        return "no", "", "", [error.what]
    _, versions = benchmark.described(root)
    notes = [*versions, *read.left_out, *read.defects]
    return "yes", f"{len(read.items):,}", f"{len(set(read.images)):,}", notes
