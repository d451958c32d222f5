"""Pictures inside other files, found by the names that readers give them: SHARD.tar/MEMBER, TABLE.parquet/NAME."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from semclip.core.example import ImageRef
from semclip.core.files import is_file
from semclip.core.rows import read_rows
from semclip.data.nearby import folders_with

_HOLDER = re.compile(r".+?\.(?:tar|parquet|arrow|feather|ipc)(?=/)", re.IGNORECASE)


def picture_inside(name: str, folder: Path) -> ImageRef | None:
    """The picture of a name that leads into a file in or near `folder`; None for a name that does not, or for none.

    Raises UserError for a file that is damaged.
    """
    inside = _HOLDER.match(name)
    if inside is None:
        return None
    for holder in _holders(folder, inside[0]):
        if found := _pictures(holder).get(f"{holder.name}{name[inside.end() :]}"):
            return replace(found, name=name)
    return None


@lru_cache(4096)
def _holders(folder: Path, name: str) -> Sequence[Path]:
    """Files of this name; tables of one data set lie in its folders, and are named without these."""
    return [near / name for near in (folder, *folders_with(folder, name)) if is_file(near / name)]


@lru_cache(32)  # rows mostly come in the order of the files that hold their pictures
def _pictures(holder: Path) -> Mapping[str, ImageRef]:
    rows = (row for _, row in read_rows(holder, lambda _: None))  # what a row lacks was told when it was read first
    return {cell.name: cell for row in rows for cell in row.values() if isinstance(cell, ImageRef)}
