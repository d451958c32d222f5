"""`semclip benchmarks check`: which public benchmarks a folder can serve, and what the others lack."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from semclip.core.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from semclip.core.example import ImageRef

_READERS = 4  # threads that decode pictures
_SHORTEST = 32  # pixels: a JPEG is decoded at an eighth of its size, which reads all of the file


def command(
    root: Annotated[Path, typer.Argument(help="Folder of public benchmarks: ROOT/NAME and images.")],
    open_pictures: Annotated[
        bool, typer.Option(help="Open every picture, too: one that is cut short would stop its benchmark.")
    ] = True,
) -> None:
    """Read every public benchmark below a folder, count its items, open its images; nothing is encoded."""
    from rich.table import Table

    from semclip.core.console import make_console
    from semclip.core.registry import FAMILIES

    if not root.is_dir():
        raise UserError("no such folder", where=str(root), fix="`semclip benchmarks fetch NAME --root DIR` makes one")
    console = make_console()
    table = Table(title=str(root), title_justify="left")
    for column in ("benchmark", "complete", "items", "images"):
        table.add_column(column, justify="right" if column in ("items", "images") else "left")
    said: dict[str, list[str]] = {}
    opened: dict[ImageRef, UserError | None] = {}
    with console.status("reading"):
        for name in FAMILIES["benchmarks"].names("semclip.evaluation.public"):
            *cells, said[name] = _state(name, root, opened if open_pictures else None)
            table.add_row(name, *cells)
    console.print(table)
    for name, notes in said.items():
        for note in notes:
            console.print(f"{name}: {note}", markup=False, highlight=False, soft_wrap=True)


def _state(name: str, root: Path, opened: "dict[ImageRef, UserError | None] | None") -> tuple[str, str, str, list[str]]:
    """Whether it is complete, its items and images, and what is lacking or at fault. opened: pictures looked at."""
    from semclip.evaluation.public import create

    benchmark = create(name)
    try:
        read = benchmark.prepare(root)
    except UserError as error:
        return "no", "", "", [error.what]
    _, versions = benchmark.described(root)
    broken = [] if opened is None else _broken(read.images, opened)
    notes = [*broken, *versions, *read.left_out, *read.defects]
    return "no" if broken else "yes", f"{len(read.items):,}", f"{len(set(read.images)):,}", notes


def _broken(images: "Sequence[ImageRef]", opened: "dict[ImageRef, UserError | None]") -> list[str]:
    """A sentence on the pictures that cannot be read; each file is read once for all benchmarks."""
    from concurrent.futures import ThreadPoolExecutor
    from dataclasses import replace

    files = list(dict.fromkeys(replace(ref, box=None) for ref in images))
    with ThreadPoolExecutor(_READERS) as pool:
        new = [ref for ref in files if ref not in opened]
        opened.update(zip(new, pool.map(_fault, new), strict=True))
    faults = {ref: error for ref in files if (error := opened[ref]) is not None}
    if not faults:
        return []
    names = [ref.name for ref in faults]
    listed = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
    first = next(iter(faults.values()))
    return [
        f"{len(faults):,} of {len(files):,} images cannot be read ({listed}); "
        f"the first: {first.what}; replace the files, or delete them and evaluate with --allow-missing"
    ]


def _fault(ref: "ImageRef") -> UserError | None:
    from semclip.core.decoding import read_rgb

    try:
        read_rgb(ref, shortest=_SHORTEST)
    except UserError as error:
        return error
    return None
