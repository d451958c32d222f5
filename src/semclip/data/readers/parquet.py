"""Apache Parquet tables, .parquet or a folder of them (as on the Hub), with pictures in them or beside."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from semclip.core.counts import counted
from semclip.core.errors import UserError
from semclip.data.readers._arrow import Pictures, arrow_rows, image_columns, python_rows, refuse_two_of_a_name, unpacked
from semclip.data.readers.base import Place, Reader, say

_ROWS_AT_ONCE = 1024
_SPLIT = re.compile(r"(train|validation|valid|val|dev|test)(?=[-_.]|$)")


class Parquet(Reader):
    """The row number counts from 1 in each file. Pictures in a column (bytes, or `datasets`' struct of bytes and path)
    are unpacked into the cache the first time.

    In a folder, `data/train-00000-of-00002.parquet` and `train/0000.parquet` name the split where all files do. Rows
    whose picture img2dataset could not fetch (`status`) are left out, which the check says.
    """

    suffixes = (".parquet",)
    rank = 2  # side files of shards and pictures are no data

    @classmethod
    def reads(cls, path: Path) -> bool:
        return path.suffix.lower() in cls.suffixes or (path.is_dir() and bool(_files(path)))

    def rows(self, path: Path) -> Iterator[tuple[Place, dict[str, Any]]]:
        lacking = 0
        for place, row in _all_rows(path):
            if _not_fetched(row):
                lacking += 1
            else:
                yield place, row
        for note in _notes(lacking):
            say(f"{path.name}: {note}")

    def notes(self, path: Path) -> list[str]:
        return _notes(sum(_not_fetched(row) for _, row in _all_rows(path)))


def _notes(lacking: int) -> list[str]:
    return [f"{counted(lacking, 'row')} without a picture, which could not be fetched, left out"] if lacking else []


def _all_rows(path: Path) -> Iterator[tuple[Place, dict[str, Any]]]:
    pictures = Pictures()
    if not path.is_dir():
        yield from _rows(path, pictures)
        return
    files = _files(path)
    splits = {file: _split(file, path) for file in files}
    for file in files:
        for number, row in _rows(file, pictures):
            known = {"split": splits[file]} if all(splits.values()) and "split" not in row else {}
            yield f"/{file.relative_to(path)}:{number}", row | known


def _rows(path: Path, pictures: Pictures) -> Iterator[tuple[int, dict[str, Any]]]:
    import pyarrow
    import pyarrow.parquet

    number = 0
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            refuse_two_of_a_name(file.schema_arrow.names, path)
            if image_columns(file.schema_arrow):
                yield from arrow_rows(unpacked(path), pictures, origin=path)
                return
            for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE):
                for row in python_rows(batch, path, number):
                    number += 1
                    yield number, row
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError, MemoryError) as error:
        raise UserError(
            f"cannot read the Parquet table: {' '.join(str(error).split())[:300]}",
            where=f"{path}:{number + 1}",
            fix="write the file again; it is damaged or no Parquet file",
        ) from error


def _files(path: Path) -> list[Path]:
    """Tables in a folder, or in its folders one down; not those that img2dataset writes beside folders of pictures."""
    found = [file for file in sorted(path.glob("*.parquet")) if not file.with_suffix("").is_dir()]
    return found or sorted(path.glob("*/*.parquet"))


def _split(file: Path, path: Path) -> str:
    found = _SPLIT.match(file.name) or _SPLIT.fullmatch(file.parent.name if file.parent != path else "")
    return found[1] if found else ""


def _not_fetched(row: dict[str, Any]) -> bool:
    """A row of img2dataset without its picture, which says why in `error_message`."""
    return (
        "status" in row
        and row["status"] != "success"
        and any(name in row and row[name] is None for name in ("jpg", "png", "webp"))
    )
