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
from semclip.core.registry import FAMILIES
from semclip.core.rows import read_rows, reader_for, where_of
from semclip.data.columns import RowParser
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


def write_coco(path: Path, rows: Sequence[dict[str, str]]) -> None:
    photos = [{"id": number, "file_name": row["image"]} for number, row in enumerate(rows)]
    captions = [{"id": n, "image_id": n, "caption": row["caption"]} for n, row in enumerate(rows)]
    path.write_text(json.dumps({"info": {}, "images": photos, "annotations": captions}))


def write_karpathy(path: Path, rows: Sequence[dict[str, str]]) -> None:
    photos = [{"filename": row["image"], "split": "train", "sentences": [{"raw": row["caption"]}]} for row in rows]
    path.write_text(json.dumps({"images": photos, "dataset": "invented"}))


def write_json(path: Path, rows: Sequence[dict[str, str]]) -> None:
    path.write_text(json.dumps(list(rows)))


def write_token(path: Path, rows: Sequence[dict[str, str]]) -> None:
    path.write_text("".join(f"{row['image']}#0\t{row['caption']}\n" for row in rows))


def write_sidecars(path: Path, rows: Sequence[dict[str, str]]) -> None:
    for row in rows:
        write_picture(path / row["image"])
        (path / row["image"]).with_suffix(".txt").write_text(row["caption"] + "\n")


def write_imagefolder(path: Path, rows: Sequence[dict[str, str]]) -> None:
    path.mkdir()
    write_lines(path / "metadata.jsonl", [{"file_name": row["image"], "caption": row["caption"]} for row in rows])


def write_captioned_folder(path: Path, rows: Sequence[dict[str, str]]) -> None:
    path.mkdir()
    write_csv(path / "captions.csv", rows)


def write_arrow(path: Path, rows: Sequence[dict[str, str]]) -> None:
    import pyarrow

    table = pyarrow.Table.from_pylist(list(rows))
    with pyarrow.OSFile(str(path), "wb") as file, pyarrow.ipc.new_stream(file, table.schema) as stream:
        stream.write_table(table)


def break_json(path: Path) -> str:
    """Cut the last item short; returns its place."""
    text = path.read_text()
    path.write_text(text[: text.rindex("tree")])
    key = {"annotations": ":annotations[2]", "sentences": ":images[2]"}
    return next((place for name, place in key.items() if name in text), ":[2]")


def break_sidecar(path: Path) -> str:
    (path / "tree/1.txt").write_bytes(b"\xff")
    return "/tree/1.txt:1"


def break_metadata(path: Path) -> str:
    return f"/metadata.jsonl:{break_text(path / 'metadata.jsonl')}"


def break_captions(path: Path) -> str:
    return f"/captions.csv:{break_text(path / 'captions.csv')}"


def break_tar(path: Path) -> str:
    with path.open("r+b") as file:
        file.truncate(2048)
    return ""  # the shard is named, not a row


def break_text(path: Path) -> int:
    """Damage the last row's text; returns its row number."""
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]) + b'"\xff broken\n')
    return len(lines)


def break_table(path: Path) -> int:
    path.write_bytes(path.read_bytes()[:-20])
    return 1


def break_arrow(path: Path) -> int:
    path.write_bytes(path.read_bytes()[:-60])
    return 1


IN_FOLDERS = [f"/{row['image']}" for row in ROWS]

# A new reader adds its line here: how to write three rows, how to damage them, the places of the rows.
FIXTURES: dict[str, tuple[Callable[..., None], Callable[[Path], int | str] | None, Sequence[int | str]]] = {
    "arrow": (write_arrow, break_arrow, [1, 2, 3]),
    "captioned_folder": (write_captioned_folder, break_captions, [f"/captions.csv:{row}" for row in (2, 3, 4)]),
    "coco": (write_coco, break_json, [f":annotations[{i}]" for i in range(3)]),
    "csv": (write_csv, break_text, [2, 3, 4]),
    "flickr": (write_token, break_text, [1, 2, 3]),
    "folder": (write_folder, None, IN_FOLDERS),  # a folder has no text to damage; images are opened later
    "imagefolder": (write_imagefolder, break_metadata, [f"/metadata.jsonl:{row}" for row in (1, 2, 3)]),
    "json_rows": (write_json, break_json, [f":[{i}]" for i in range(3)]),
    "jsonl": (write_lines, break_text, [1, 2, 3]),
    "karpathy": (write_karpathy, break_json, [f":images[{i}]" for i in range(3)]),
    "parquet": (write_parquet, break_table, [1, 2, 3]),
    "sidecars": (write_sidecars, break_sidecar, IN_FOLDERS),
    "webdataset": (write_tar, break_tar, [1, 2, 3]),
}

#: The Hub's has no files of its own: tests/data/test_hub.py.
READERS = [name for name in FAMILIES["readers"].names() if name != "hub"]


def test_every_reader_has_a_fixture() -> None:
    assert set(READERS) == set(FIXTURES)


def written(name: str, folder: Path) -> Path:
    suffixes: Sequence[str] = FAMILIES["readers"].get(name).suffixes
    path = folder / f"data{suffixes[0] if suffixes else ''}"
    FIXTURES[name][0](path, ROWS)
    return path


def as_written(row: dict[str, Any], path: Path) -> dict[str, str]:
    """A row by the parser that all share: readers of containers give a reference to a picture's bytes."""
    example = RowParser({}, path.parent).example(row, "x")
    return {"image": example.image.name.removeprefix(f"{path.name}/"), "caption": example.caption}


@pytest.mark.parametrize("name", READERS)
def test_three_rows_come_back_with_their_places(name: str, tmp_path: Path) -> None:
    path = written(name, tmp_path)
    found = list(read_rows(path))
    assert [place for place, _ in found] == FIXTURES[name][2]
    assert [as_written(row, path) for _, row in found] == ROWS


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
    place = damage(path)
    with pytest.raises(UserError) as caught:
        list(read_rows(path))
    assert caught.value.where == where_of(path, place)
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
