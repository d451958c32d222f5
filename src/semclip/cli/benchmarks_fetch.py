"""`semclip benchmarks fetch`: the official annotation files of public benchmarks, where their licence allows that."""

from pathlib import Path
from typing import Annotated

import typer

from semclip.core.errors import UserError


def command(
    names: Annotated[list[str], typer.Argument(help="Public benchmarks; `semclip list benchmarks` shows all.")],
    root: Annotated[Path, typer.Option(help="Folder of public benchmarks; files go to ROOT/NAME.")],
) -> None:
    """Download annotation files, checked by SHA-256, and say where to get the images."""
    from semclip.core.console import make_console
    from semclip.evaluation.fetch import fetch
    from semclip.evaluation.public import create

    console = make_console()
    for name in names:
        benchmark = create(name)
        free = [file for file in benchmark.files if file.url]
        if benchmark.files and not free:
            paths = [file.path for file in benchmark.files]
            listed = ", ".join(paths[:3]) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")
            raise UserError(
                f"the files of '{name}' may not be fetched for you ({benchmark.licence})",
                where=str(root / name),
                fix=f"{benchmark.obtain}; put {listed} there",
            )
        console.print(f"{name}: {benchmark.licence}", markup=False, highlight=False)
        for file in free:
            console.print(f"  {fetch(file, root / name)}", markup=False, highlight=False)
        for file in benchmark.files:
            if not file.url:
                console.print(f"  not fetched: {file.path}: {benchmark.obtain}", markup=False, highlight=False)
        images = benchmark.image_folder
        where = f"{images.name}, in {root / images.folder}: {images.obtain}"
        console.print(f"  images: {where}", markup=False, highlight=False)
