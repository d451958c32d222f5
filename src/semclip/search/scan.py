"""Which photos lie in a folder: a walk that opens no file, follows links once, and says what it could not look at."""

import os
import stat
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PHOTOS = frozenset(
    (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".heif", ".avif",
     ".jp2", ".ppm", ".pgm", ".tga")
)  # fmt: skip
RAW = frozenset((".dng", ".cr2", ".cr3", ".nef", ".nrw", ".arw", ".orf", ".rw2", ".raf", ".pef", ".srw"))


#: A folder that holds a file of this name has no photos for a gallery, as Android's and other galleries have it.
NO_PHOTOS = ".nomedia"


@dataclass(frozen=True, slots=True)
class Seen:
    """A file that may be a photo. mtime: nanoseconds."""

    path: Path
    size: int
    mtime: int


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What could not be read, and why. A folder here hides whatever lies in it."""

    path: Path
    reason: str


def scan(folder: Path, shard: int = 0, shards: int = 1) -> Iterator[Seen | Unreadable]:
    """Every photo below `folder`, known by its suffix, in the order of names.

    Names that begin with a dot are left out, as the system hides them, and so is a folder below `folder` that holds a
    file `.nomedia`, with all that lies in it. A link to a folder is followed unless that
    folder was walked before, so that a loop ends. shard, shards: of several processes, each looks at its own files.
    Raises OSError where `folder` itself cannot be listed.
    """
    walked: set[tuple[int, int]] = set()
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        try:
            status = here.stat()
            if (status.st_dev, status.st_ino) in walked:
                continue
            walked.add((status.st_dev, status.st_ino))
            with os.scandir(here) as listing:
                entries = sorted(listing, key=lambda entry: os.fsencode(entry.name))
        except OSError as error:
            if here == folder:
                raise
            yield Unreadable(here, f"the folder cannot be listed: {error.strerror or error}")
            continue
        if here != folder and any(entry.name == NO_PHOTOS for entry in entries):
            continue
        inner = []
        for entry in entries:
            if entry.name.startswith("."):
                continue
            path = here / entry.name
            try:
                is_folder = entry.is_dir()
            except OSError as error:  # a link that leads to itself
                yield Unreadable(path, error.strerror or str(error))
                continue
            if is_folder:
                inner.append(path)
            elif path.suffix.lower() in PHOTOS | RAW and shard_of(path, shards) == shard:
                yield _look(path)
        waiting.extend(reversed(inner))


def shard_of(path: Path, shards: int) -> int:
    """Which of several processes a file belongs to: the same in every run, whatever else lies there."""
    return zlib.crc32(os.fsencode(path)) % shards


def _look(path: Path) -> Seen | Unreadable:
    try:
        status = path.stat()
    except OSError as error:
        return Unreadable(path, error.strerror or str(error))
    if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for ever
        return Unreadable(path, "not a regular file")
    return Seen(path, status.st_size, status.st_mtime_ns)
