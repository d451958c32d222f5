"""`semclip index`: an index of a folder's photos, made once and brought up to date by the same command."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from semclip.cli._photo_index import FOLDER, find_index, from_here, here, need_libraries
from semclip.core.addresses import refuse_address
from semclip.core.console import harmless
from semclip.core.counts import counted
from semclip.core.errors import UserError

if TYPE_CHECKING:
    from semclip.search.added import Added

#: Unreadable files that are listed on the screen; all of them are in the file named below them.
_LISTED = 20


def command(
    folder: Annotated[Path, typer.Argument(help="A folder of photos; what lies below it is taken, too.")],
    model: Annotated[
        str,
        typer.Option(
            help="A run, a saved model, ARCHITECTURE/TAG of open_clip, hf:ID, or FILE.py:NAME. "
            "Default: the index's own; of a new one, ViT-B-32/laion2b_s34b_b79k."
        ),
    ] = "",
    index: Annotated[str, typer.Option(help=f"Where the index is. Default: {FOLDER} here or above.")] = "",
    gps: Annotated[bool, typer.Option("--gps", help="A new index keeps the places where photos were taken.")] = False,
    forget: Annotated[bool, typer.Option("--forget", help="Take the folder's photos out of the index.")] = False,
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:1, ...; auto takes a GPU where there is one.")] = "auto",
    batch_size: Annotated[int, typer.Option(help="Photos encoded at a time.", min=1)] = 64,
) -> None:
    """Index a folder of photos, or bring its index up to date: new, changed, moved and deleted ones."""
    need_libraries()
    import time

    from semclip.core.console import make_console
    from semclip.core.stopping import kept
    from semclip.search.index import Index
    from semclip.search.model import DEFAULT_MODEL, load_model
    from semclip.search.ranks import ranks
    from semclip.search.table import is_there

    console = make_console()
    place = index or from_here(Path(find_index("", here()) or FOLDER))
    if forget:
        count = Index.open(place).forget(folder)
        console.print(
            f"{place}: {counted(count, 'photo')} forgotten; the files are as they were", markup=False, highlight=False
        )
        return
    group = ranks()
    exists = group.lead(lambda: is_there(place))
    if not exists:
        _refuse_nothing(folder)
    loaded = load_model(model or DEFAULT_MODEL, device) if model or not exists else None
    if not exists:
        group.lead(lambda: _create(place, loaded, gps))
    opened = Index.open(place, loaded, device)
    if gps and not opened.about["keep_gps"]:
        raise UserError("this index keeps no places", where=place, fix="make another with --gps: --index NEW")
    started = time.monotonic()
    going_on = f"photos so far are in {place}; the same command goes on"
    with kept(going_on), _Bar(console, folder, group.rank == 0) as bar:
        added = opened.add(folder, batch_size=batch_size, advance=bar.advance, together=group)
    if group.rank == 0:
        _show(console, added, opened, time.monotonic() - started)


def _create(place: str, model: Any, gps: bool) -> None:
    from semclip.search.index import Index

    Index.create(place, model, keep_gps=gps)


def _refuse_nothing(folder: Path) -> None:
    """Before a model is loaded and an index made. Raises UserError."""
    from semclip.search.scan import scan

    refuse_address(folder, where="FOLDER")
    if not folder.is_dir():
        what = "this is a file, not a folder" if folder.exists() else "no such folder"
        raise UserError(what, where=str(folder), fix="name the folder that holds the photos")
    if next(scan(folder), None) is None:
        raise UserError(
            "the folder holds no photo",
            where=str(folder),
            fix="name a folder with photos; `semclip data sample DIR` makes one",
        )


class _Bar:
    """The progress bar; silent without a terminal."""

    def __init__(self, console: Any, folder: Path, wanted: bool) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("photos"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._shown = wanted and console.is_terminal
        self._bar = Progress(*columns, console=console, transient=True, disable=not self._shown)
        self._folder = folder

    def __enter__(self) -> "_Bar":
        from semclip.search.scan import Seen, scan

        self._bar.start()
        total = sum(isinstance(s, Seen) for s in scan(self._folder)) if self._shown and self._folder.is_dir() else None
        self._task = self._bar.add_task("photos", total=total)
        return self

    def advance(self, count: int, path: Path) -> None:
        self._bar.advance(self._task, count)

    def __exit__(self, *_: object) -> None:
        self._bar.stop()


def _show(console: Any, added: "Added", index: Any, seconds: float) -> None:
    counts = {"new": added.new, "changed": added.changed, "moved": added.moved, "deleted": added.deleted,
              "unchanged": added.unchanged}  # fmt: skip
    said = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count) or "nothing new"
    console.print(
        f"{index.place}: {said}; {counted(len(index), 'photo')} in all, {seconds:,.1f} s", soft_wrap=True, markup=False,
        highlight=False,
    )  # fmt: skip
    if added.unreadable:
        lines = [f"{harmless(from_here(one.path))}: {harmless(one.reason)}" for one in added.unreadable]
        console.print(f"{len(lines):,} could not be read and are not in the index:", highlight=False)
        for line in lines[:_LISTED]:
            console.print(f"  {line}", soft_wrap=True, markup=False, highlight=False)
        if len(lines) > _LISTED:
            file = Path(index.folder) / "unreadable.txt"
            from semclip.core.files import write_text

            write_text(file, "\n".join(lines) + "\n")
            console.print(f"  and {len(lines) - _LISTED:,} more: {file}", soft_wrap=True, markup=False, highlight=False)
