"""Folders that appear whole: filled beside their place, then renamed into it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from semclip.core.errors import UserError
from semclip.core.files import reason


@contextmanager
def new_folder(
    folder: str | Path,
    failed: str,
    *,
    there: Literal["refused", "replaced", "kept"] = "refused",
    fix: str = "free some space or choose a folder you may write to; what stood there before is untouched",
) -> Iterator[Path]:
    """A folder beside `folder` to be filled; it gets that name when the block ends, and is gone where it fails.

    there:  what stands at `folder` already, unless it is empty: "refused", before the block; "replaced" at its end;
            "kept", and the new one thrown away, for a cache that another process may have filled meanwhile.
    failed: for messages, "cannot write the shards". fix: what helps then.

    Its parents are made. It is on the same disk, with the permissions that any new folder has. A killed process leaves
    `folder` as it was, and a hidden folder beside it. Files that must outlast a power cut are for the block to flush.
    Raises UserError for a place that cannot be replaced and for what the system refuses, a full disk among it.
    """
    place = Path(folder).resolve()  # a link stays one, and `.` has a name
    temporary, aside = (place.with_name(f".{place.name}.{os.getpid()}.{end}") for end in ("tmp", "old"))
    try:
        _refuse_unmovable(place, folder)
        restore(aside)  # a killed process had our number: in containers they recur
        shutil.rmtree(temporary, ignore_errors=True)
        if there == "refused":
            _refuse_filled(place, folder)
        temporary.mkdir(parents=True)
        yield temporary
        if there == "refused":
            _refuse_filled(place, folder)
        if there == "replaced" or not _filled(place):
            _swap(temporary, place, aside)
    except OSError as error:
        raise UserError(f"{failed}: {reason(error)}", where=str(folder), fix=fix) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def restore(aside: Path) -> None:
    """What a process put aside and was killed before the new one had its place: back into it, or gone where that is."""
    place = aside.with_name(aside.name.removeprefix(".").rsplit(".", 2)[0])
    if aside.exists() and not place.exists():
        aside.rename(place)
    shutil.rmtree(aside, ignore_errors=True)


def _swap(temporary: Path, place: Path, aside: Path) -> None:
    try:
        if place.exists():
            place.rename(aside)
        temporary.rename(place)
        _flush(place.parent)
    finally:  # an interrupt between the two included
        restore(aside)


def _flush(folder: Path) -> None:
    """Put the names in a folder on the disk."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _filled(place: Path) -> bool:
    return place.exists() and any(place.iterdir())


def _refuse_filled(place: Path, shown: str | Path) -> None:
    if _filled(place):
        raise UserError("something is there already", where=str(shown), fix="name a new or empty folder")


def _refuse_unmovable(place: Path, shown: str | Path) -> None:
    """A shell would go on in the folder that is replaced; a mount point cannot be renamed."""
    if place.exists() and not place.is_dir():
        raise UserError("this is a file, not a folder", where=str(shown), fix="choose another folder")
    if place == Path.cwd() or os.path.ismount(place):
        what = "the folder you are in" if place == Path.cwd() else "a mount point"
        raise UserError(
            f"this is {what}, which cannot be replaced as a whole",
            where=str(shown),
            fix=f"name a folder inside it, as in {Path(shown) / 'new'}",
        )
