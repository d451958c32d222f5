"""Stored examples are the examples, whatever is asked of them."""

import pickle
import random
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from semclip.core.errors import UserError
from semclip.core.example import Example
from semclip.data import load
from semclip.data.check import check
from semclip.data.convert import convert
from semclip.data.load import DataConfig, load_examples, select
from semclip.data.same_pictures import copies
from semclip.data.stored import Chosen, StoredExamples, keep
from tests.data.files import write_jsonl, write_picture
from tests.data.layouts import LAYOUTS, jpeg, write_parquet
from tests.data.test_check import words_over


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder


def both(
    path: Path, monkeypatch: pytest.MonkeyPatch, validation: float = 0.0
) -> tuple[Sequence[Example], Sequence[Example]]:
    """Held in memory, and stored."""
    config = DataConfig(path=str(path), validation=validation)
    held = load_examples(config)
    monkeypatch.setattr(load, "ROWS_IN_MEMORY", 2)
    stored = load_examples(config)
    assert isinstance(held, list) and isinstance(stored, StoredExamples)
    return held, stored


def mixed(folder: Path, count: int = 9_000) -> Path:
    """Rows of photos in any order, more than fit into two batches of the file; some stay apart."""
    draw = random.Random(0)
    rows: list[dict[str, Any]] = []
    for number in range(count):
        row: dict[str, Any] = {"image": f"{draw.randrange(count // 4)}.jpg", "caption": f"text {number % 97}"}
        if number % 5 == 0:
            row["negation"] = "no text"
        if number % 11 == 0:
            row |= {"id": number, "paraphrase": "words", "negative_image": "n.jpg", "negation": "none"}
        rows.append(row | {"extra": {"of": [number % 3, None, 0.5]}})
    return write_jsonl(folder / "x.jsonl", rows)


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_layout_is_the_same_stored(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held, stored = both(LAYOUTS[name](tmp_path), monkeypatch)
    assert list(stored) == held


def test_cells_of_any_kind_are_the_same_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes, a second picture, and values that JSON knows only as texts."""
    rows = [
        {"image": f"{n}.jpg", "caption": "a", "embedding": bytes([n, 255, 0]), "mask": {"bytes": jpeg("dog.jpg")},
         "price": Decimal("1.50"), "seen": {"at": [datetime(2020, 1, 1 + n)]}, "score": float(n)}
        for n in range(5)
    ]  # fmt: skip
    write_parquet(tmp_path / "x.parquet", rows)
    held, stored = both(tmp_path / "x.parquet", monkeypatch)
    assert list(stored) == held and stored[3].meta["embedding"] == bytes([3, 255, 0])
    copied = pickle.loads(pickle.dumps(stored))
    assert copied[4].meta == held[4].meta


def test_each_example_is_the_same_in_any_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held, stored = both(mixed(tmp_path), monkeypatch)
    assert len(stored) == len(held) and list(stored) == held
    arrays = (stored.rows, stored.starts, stored.ordinals, stored.splits)
    assert sum(array.nbytes for array in arrays) == 8 * 9_000 + 17 * len(held) + 8
    indices = random.Random(1).sample(range(len(held)), 200)
    assert [stored[i] for i in indices] == [held[i] for i in indices]
    assert stored[-1] == held[-1] and list(stored[5:50:7]) == held[5:50:7]
    with pytest.raises(IndexError):
        stored[len(held)]


def test_what_is_chosen_is_a_view(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held, stored = both(mixed(tmp_path), monkeypatch)
    for split in ("train", "val", "all"):
        assert list(select(stored, split)) == select(held, split)
    train = keep(select(stored, "train"), lambda example: example.has("negation"))
    assert isinstance(train, Chosen)
    assert list(train) == keep(select(held, "train"), lambda example: example.has("negation"))
    assert train[3] == list(train)[3] and list(train[2:5]) == list(train)[2:5]


def test_a_worker_maps_the_file_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held, stored = both(mixed(tmp_path, 3_000), monkeypatch)
    copied = pickle.loads(pickle.dumps(select(stored, "train")))
    assert list(copied) == select(held, "train")


def test_copies_of_a_picture_go_into_one_split(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What draws a split is what a file holds, in large data as in small."""
    for number in range(30):
        for copy in ("a", "z/a")[: 1 + number % 2]:
            write_picture(tmp_path / f"{copy}{number}.bmp", (number * 8, 0, 0))
    rows = [{"image": f"a{number}.bmp", "caption": "one"} for number in range(30)]
    rows += [{"image": f"z/a{number}.bmp", "caption": "two"} for number in range(1, 30, 2)]
    held, stored = both(write_jsonl(tmp_path / "x.jsonl", rows), monkeypatch)
    assert list(stored) == held
    splits = {example.image.name: example.split for example in stored}
    assert all(splits[f"z/a{number}.bmp"] == splits[f"a{number}.bmp"] for number in range(1, 30, 2))
    assert len(set(splits.values())) > 1 and [len(own) for own in copies(stored)] == [2] * 15


def test_a_validation_split_is_held_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_jsonl(tmp_path / "x.jsonl", [{"image": f"{n % 40}.jpg", "caption": f"text {n}", "split": "train"}
                                              for n in range(90)])  # fmt: skip
    held, stored = both(path, monkeypatch, validation=0.2)
    assert list(stored) == held and sum(example.split == "val" for example in stored) == 8


@pytest.mark.parametrize("name", ["coco_folder", "hub_parquet", "negclip"])
def test_check_and_convert_say_the_same(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = LAYOUTS[name](tmp_path)
    reports, written = [], []
    for number, held in enumerate((100, 2)):
        monkeypatch.setattr(load, "ROWS_IN_MEMORY", held)
        reports.append(check(DataConfig(path=str(path)), words_over(77)))
        out = tmp_path / f"out{number}" / "x.jsonl"
        convert(DataConfig(path=str(path)), out)
        written.append(out.read_text())
    assert reports[0] == reports[1] and written[0] == written[1]


def test_the_same_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = mixed(tmp_path, 500)
    lines = path.read_text().splitlines()
    parts = ['"split": "train", ', '"split": "val", ', ""]
    lines = [f"{{{parts[n % 3]}{line[1:]}" for n, line in enumerate(lines)]
    lines[400] = "no row"
    path.write_text("\n".join([*lines, *lines[:3]]) + "\n")
    found = []
    for held in (1_000, 2):
        monkeypatch.setattr(load, "ROWS_IN_MEMORY", held)
        found.append(check(DataConfig(path=str(path)), words_over(77)))
    assert found[0] == found[1]
    counts = {finding.problem: finding.count for finding in found[1].findings}
    assert counts["exact duplicate row"] >= 3 and counts["id that occurs before"] == 1
    assert {"group that crosses splits", "row without a split, where others have one", "missing image"} <= set(counts)


def test_a_cache_that_cannot_be_made_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_jsonl(tmp_path / "x.jsonl", [{"image": "a.jpg", "caption": f"text {n}"} for n in range(4)])
    monkeypatch.setattr(load, "ROWS_IN_MEMORY", 2)
    monkeypatch.setenv("XDG_CACHE_HOME", str(path))  # a file: no folder can be made in it
    with pytest.raises(UserError, match="cannot write the texts of a large data file") as caught:
        load_examples(DataConfig(path=str(path)))
    assert "XDG_CACHE_HOME" in caught.value.fix and caught.value.where == str(path / "semclip" / "rows")


def test_the_file_goes_with_its_owner(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, stored = both(mixed(tmp_path, 20), monkeypatch)
    (file,) = (cache / "semclip" / "rows").iterdir()
    left = file.with_name(f"{file.stem.rsplit('-', 2)[0]}-{2**22 + 1}-0.arrow")  # of a process that was killed
    left.write_bytes(b"x")
    del stored
    assert not file.exists()
    load_examples(DataConfig(path=str(tmp_path / "x.jsonl")))
    assert not left.exists()


@pytest.mark.parametrize(
    ("rows", "what"),
    [
        ([{"id": 1}, {"id": 2}, {"id": 1}], "the id '1' occurs twice"),
        ([{"id": "a.jpg#2"}, {"negation": "n"}, {"negation": "m"}], "the id 'a.jpg#2' occurs twice"),
        ([{"split": "train"}, {}, {"split": "train", "id": 3}], "names no split"),
        ([{"split": "train"}, {"image": "b.jpg", "split": "val"}, {"split": "test"}], "group 'a.jpg'"),
    ],
)
def test_what_is_refused_is_refused_with_the_same_words(
    rows: list[dict[str, Any]], what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = [{"image": "a.jpg", "caption": f"text {number}"} | row for number, row in enumerate(rows)]
    path = write_jsonl(tmp_path / "x.jsonl", full)
    errors = []
    for held in (100, 2):
        monkeypatch.setattr(load, "ROWS_IN_MEMORY", held)
        with pytest.raises(UserError, match=what) as caught:
            load_examples(DataConfig(path=str(path)))
        errors.append((caught.value.what, caught.value.where))
    assert errors[0] == errors[1]
