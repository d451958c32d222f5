"""What every reader must do, run on each one that the registry finds."""

import csv
import io
import json
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from semclip.core.errors import UserError
from semclip.core.example import ImageRef
from semclip.core.registry import FAMILIES
from semclip.core.rows import read_rows, reader_for
from semclip.data.readers.base import Reader
from tests.data.files import write_picture

ROWS = [
    {"image": "red_car/1.png", "caption": "red car"},
    {"image": "red_car/2.png", "caption": "red car"},
    {"image": "tree/1.png", "caption": "tree"},
]


def write_csv(path: Path, rows: Sequence[dict[str, str]]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, ["image", "caption"])
        writer.writeheader()
        writer.writerows(rows)


def write_lines(path: Path, rows: Sequence[dict[str, str]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def write_parquet(path: Path, rows: Sequence[dict[str, str]]) -> None:
    import pyarrow
    import pyarrow.parquet

    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(list(rows)), path)


def write_folder(path: Path, rows: Sequence[dict[str, str]]) -> None:
    for row in rows:
        write_picture(path / row["image"])


def write_tar(path: Path, rows: Sequence[dict[str, str]]) -> None:
    with tarfile.open(path, "w") as archive:
        for row in rows:
            write_picture(path.parent / "unpacked" / row["image"])
            archive.add(path.parent / "unpacked" / row["image"], row["image"])
            caption = tarfile.TarInfo(row["image"].replace(".png", ".txt"))
            caption.size = len(row["caption"])
            archive.addfile(caption, io.BytesIO(row["caption"].encode()))


def break_tar(path: Path) -> int:
    with path.open("r+b") as file:
        file.truncate(2048)
    return 0  # the shard is named, not a row


def break_text(path: Path) -> int:
    """Damage the last row's text; returns its row number."""
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]) + b'"\xff broken\n')
    return len(lines)


def break_parquet(path: Path) -> int:
    path.write_bytes(path.read_bytes()[:-20])
    return 1


# A new reader adds its line here: how to write three rows, how to damage them, the first row's number.
FIXTURES: dict[str, tuple[Callable[..., None], Callable[[Path], int] | None, int]] = {
    "csv": (write_csv, break_text, 2),
    "jsonl": (write_lines, break_text, 1),
    "parquet": (write_parquet, break_parquet, 1),
    "webdataset": (write_tar, break_tar, 1),
    "folder": (write_folder, None, 1),  # a folder has no text to damage; images are opened later
}

READERS = FAMILIES["readers"].names()


def test_every_reader_has_a_fixture() -> None:
    assert set(READERS) == set(FIXTURES)


def written(name: str, folder: Path) -> Path:
    suffixes: Sequence[str] = FAMILIES["readers"].get(name).suffixes
    path = folder / f"data{suffixes[0] if suffixes else ''}"
    FIXTURES[name][0](path, ROWS)
    return path


def name_of(image: str | ImageRef, path: Path) -> str:
    """An image's name in the file: readers of containers give a reference to its bytes."""
    return image if isinstance(image, str) else image.name.removeprefix(f"{path.name}/")


@pytest.mark.parametrize("name", READERS)
def test_three_rows_come_back_with_their_numbers(name: str, tmp_path: Path) -> None:
    path = written(name, tmp_path)
    found = list(read_rows(path))
    first = FIXTURES[name][2]
    assert [number for number, _ in found] == [first, first + 1, first + 2]
    assert [{"image": name_of(row["image"], path), "caption": row["caption"]} for _, row in found] == ROWS


@pytest.mark.parametrize("name", READERS)
def test_the_path_chooses_the_reader(name: str, tmp_path: Path) -> None:
    chosen = reader_for(written(name, tmp_path))
    assert isinstance(chosen, Reader)
    assert chosen.name == name


@pytest.mark.parametrize("name", READERS)
def test_summary_says_what_it_reads(name: str) -> None:
    assert len(FAMILIES["readers"].summaries()[name]) > 10


@pytest.mark.parametrize("name", [name for name in READERS if FIXTURES[name][1]])
def test_a_damaged_file_is_an_error_with_file_and_row(name: str, tmp_path: Path) -> None:
    path = written(name, tmp_path)
    damage = FIXTURES[name][1]
    assert damage is not None
    row = damage(path)
    with pytest.raises(UserError) as caught:
        list(read_rows(path))
    assert caught.value.where == (f"{path}:{row}" if row else str(path))
    assert caught.value.fix


@pytest.mark.parametrize("name", READERS)
def test_no_rows_is_an_error(name: str, tmp_path: Path) -> None:
    suffixes: Any = FAMILIES["readers"].get(name).suffixes
    path = tmp_path / f"empty{suffixes[0] if suffixes else ''}"
    if suffixes:
        path.write_bytes(b"")
    else:
        path.mkdir()
    with pytest.raises(UserError) as caught:
        list(read_rows(path))
    assert str(path) in caught.value.where


@pytest.mark.parametrize("name", READERS)
def test_a_missing_file_is_an_error(name: str, tmp_path: Path) -> None:
    suffixes: Any = FAMILIES["readers"].get(name).suffixes
    path = tmp_path / f"missing{suffixes[0] if suffixes else ''}"
    with pytest.raises(UserError, match="file not found"):
        list(read_rows(path))
