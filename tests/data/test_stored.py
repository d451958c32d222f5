"""Stored examples are the examples, whatever is asked of them."""

import pickle
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from semclip.core.errors import UserError
from semclip.core.example import Example
from semclip.data import load
from semclip.data.load import DataConfig, load_examples, select
from semclip.data.stored import Chosen, StoredExamples, keep
from tests.data.files import write_jsonl
from tests.data.layouts import LAYOUTS


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder


def both(path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Sequence[Example], Sequence[Example]]:
    """Held in memory, and stored."""
    held = load_examples(DataConfig(path=str(path)))
    monkeypatch.setattr(load, "ROWS_IN_MEMORY", 2)
    stored = load_examples(DataConfig(path=str(path)))
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
