"""A folder of pictures with metadata.jsonl, metadata.csv or metadata.parquet in it, as `datasets` reads them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from semclip.core.errors import UserError
from semclip.core.rows import reader_for, where_of
from semclip.data.readers._pictures import is_split, walk
from semclip.data.readers.base import Place, Reader

_NAMES = ("metadata.jsonl", "metadata.csv", "metadata.parquet")


class ImageFolder(Reader):
    """`file_name` is relative to the folder that the metadata lie in; there may be one such file in each of
    several folders, and where those are called train, validation or test they are the splits. The place of a row is
    that in its metadata file.
    """

    rank = 1  # a folder that `datasets` or COCO describes in full goes first

    @classmethod
    def reads(cls, path: Path) -> bool:
        return path.is_dir() and next(_files(path), None) is not None

    def rows(self, path: Path) -> Iterator[tuple[Place, dict[str, Any]]]:
        files = list(_files(path))
        splits = all(file.parent != path and _split(file, path) for file in files)
        for file in files:
            inner = file.parent.relative_to(path)
            for place, row in reader_for(file, self.bad_row).rows(file):
                place = where_of(file, place).removeprefix(str(path))
                if "file_name" not in row:
                    raise UserError(
                        "no column 'file_name'",
                        where=f"{path}{place}",
                        fix=f"name each picture in it; columns found: {', '.join(row)}",
                    )
                name = row["file_name"]
                row = {**row, "file_name": (inner / name).as_posix() if isinstance(name, str) else name}
                yield place, row | ({"split": _split(file, path)} if splits else {})

    def skipped(self, path: Path) -> list[Path]:
        folders = [folder for folder, names in walk(path) if len(set(_NAMES) & set(names)) > 1]
        return [folder / name for folder in folders for name in _NAMES if (folder / name).is_file()][1:]


def _files(path: Path) -> Iterator[Path]:
    """The first metadata file of each folder that has one."""
    for folder, names in walk(path):
        for name in _NAMES:
            if name in names:
                yield folder / name
                break


def _split(file: Path, path: Path) -> str:
    first = file.relative_to(path).parts[0]
    return first if is_split(first) else ""
