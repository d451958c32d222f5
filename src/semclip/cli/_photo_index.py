"""Finding the photo index of a command, and writing paths on a terminal."""

import os
from pathlib import Path

from semclip.core.errors import UserError

#: The folder that holds an index, in the folder that the command was typed in or one above.
FOLDER = ".semclip"


def need_libraries() -> None:
    """Raises UserError where the extra `search` is not installed."""
    import importlib.util

    names = ("lancedb", "lark", "filelock", "starlette", "uvicorn", "anyio")
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    if missing:
        raise UserError(
            f"photo search needs {', '.join(missing)}, not installed here",
            where="extra `search`",
            fix="pip install 'semclip[search]'",
        )


def find_index(given: str, here: Path) -> str | None:
    """The index that was named, else the nearest: in this folder or one above it, as git looks for its own."""
    if given:
        return given
    found = (folder / FOLDER for folder in (here, *here.parents) if (folder / FOLDER / "photos.lance").is_dir())
    return str(next(found, "")) or None


def no_index(here: Path) -> UserError:
    return UserError(
        "no index of photos here, nor in a folder above",
        where=str(here),
        fix="make one: semclip index FOLDER; or name one: --index PATH",
    )


def from_here(file: Path) -> str:
    """A path as one would type it here: relative where that is shorter, without `..`."""
    here = Path.cwd()
    return str(file.relative_to(here)) if file.is_relative_to(here) else str(file)


def raw(path: str) -> bytes:
    """A path as the system has it, for programs."""
    return os.fsencode(path)
