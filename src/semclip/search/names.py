"""Between files and the paths that the table has of them."""

import os
from dataclasses import dataclass
from pathlib import Path

from semclip.search.place import is_remote


@dataclass(frozen=True)
class Names:
    """base: the folder that holds the index, None where the index is in no folder.

    What lies below it is stored relative to it, so that photos and index can be moved together; the rest absolute.
    Stored paths are the system's own bytes: a name need not be text.
    """

    base: Path | None

    @classmethod
    def beside(cls, place: str) -> "Names":
        """Those of the index at a place."""
        return cls(None if is_remote(place) else Path(place).parent)

    def stored(self, path: Path) -> bytes:
        """path: absolute."""
        if self.base is not None and path.is_relative_to(self.base):
            return os.fsencode(path.relative_to(self.base))
        return os.fsencode(path)

    def path(self, stored: bytes) -> Path:
        return (self.base or Path("/")) / os.fsdecode(stored)

    def below(self, stored: bytes, folder: Path) -> bool:
        return self.path(stored).is_relative_to(folder)


def shown(stored: bytes) -> str:
    """A stored path as text that can be written anywhere: what is no text becomes a question mark."""
    return os.fsdecode(stored).encode("utf-8", "replace").decode("utf-8")
