"""Where this machine keeps what can be made again."""

import os
from pathlib import Path

from semclip.core.errors import UserError
from semclip.core.files import reason

#: What helps where a cache cannot be written.
ELSEWHERE = "free some space, or name a folder on another disk in the environment variable XDG_CACHE_HOME"


def cache_folder(name: str, failed: str = "cannot write the cache") -> Path:
    """The folder `semclip/NAME` of the user's cache, made where it is missing.

    failed: for the message of the UserError that is raised where it cannot be made.
    """
    given = os.environ.get("XDG_CACHE_HOME")
    try:
        folder = (Path(given) if given else Path.home() / ".cache") / "semclip" / name
        folder.mkdir(parents=True, exist_ok=True)
    except RuntimeError as error:  # a user without a home: containers
        raise UserError(f"there is no folder for the cache: {error}", where="HOME", fix=ELSEWHERE) from error
    except OSError as error:
        raise UserError(f"{failed}: {reason(error)}", where=str(folder), fix=ELSEWHERE) from error
    return folder
