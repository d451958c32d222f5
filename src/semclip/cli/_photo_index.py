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


def find_index(given: str, folder: Path) -> str | None:
    """The index that was named, else the nearest: in this folder or one above it, as git looks for its own."""
    if given:
        return given
    found = (above / FOLDER for above in (folder, *folder.parents) if (above / FOLDER / "photos.lance").is_dir())
    return str(next(found, "")) or None


def no_index(folder: Path) -> UserError:
    return UserError(
        "no index of photos here, nor in a folder above",
        where=str(folder),
        fix="make one: semclip index FOLDER; or name one: --index PATH",
    )


def here() -> Path:
    """The folder that the command was typed in. Raises UserError where it has been deleted since."""
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        raise UserError("the folder you are in has been deleted", where=".", fix="cd to one that is there") from error


def from_here(file: Path) -> str:
    """A path as one would type it here: relative where that is shorter, without `..`."""
    folder = here()
    return str(file.relative_to(folder)) if file.is_relative_to(folder) else str(file)


def raw(path: str) -> bytes:
    """A path as the system has it, for programs."""
    return os.fsencode(path)
