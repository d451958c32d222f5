"""Where an index is: a folder, or a place on object storage such as `s3://bucket/photos`."""

import hashlib
from pathlib import Path

from semclip.core.caches import cache_folder


def place_of(path: str | Path) -> str:
    """The place as the index writes it: folders in full."""
    return str(path) if is_remote(path) else str(Path(path).resolve())


def is_remote(path: str | Path) -> bool:
    return "://" in str(path)


def folder_of(place: str) -> Path:
    """Where this machine keeps the lock and the mapped rows: in the index, or in the cache for one in no folder."""
    if not is_remote(place):
        return Path(place)
    return cache_folder("search") / hashlib.sha256(place.encode()).hexdigest()[:24]
