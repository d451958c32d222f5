"""Files to Examples: ids, paths, splits."""

from collections import Counter
from pathlib import Path

import pytest

from semclip.core.errors import UserError
from semclip.core.example import Example, ImageRef
from semclip.data.load import DataConfig, load_examples, select
from semclip.data.splits import split_of, with_splits
from tests.data.files import write_jsonl, write_picture


def example(name: str, split: str | None = None, group: str = "", where: str = "") -> Example:
    return Example(id=name, image=ImageRef(name), caption="x", group=group or name, split=split, where=where)


def test_images_are_beside_the_file_unless_named(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    write_jsonl(tmp_path / "d" / "x.jsonl", [{"image": "p/a.jpg", "caption": "x"}])
    paths = [
        load_examples(DataConfig(**values))[0].image.path
        for values in (
            {"path": str(tmp_path / "d" / "x.jsonl")},
            {"path": "d/x.jsonl", "root": str(tmp_path)},
            {"path": "d/x.jsonl", "root": str(tmp_path), "images": "photos"},
            {"path": "d/x.jsonl", "root": str(tmp_path), "images": "/photos"},
        )
    ]
    assert paths == [
        tmp_path / "d/p/a.jpg",
        tmp_path / "d/p/a.jpg",
        tmp_path / "photos/p/a.jpg",
        Path("/photos/p/a.jpg"),
    ]


def test_class_folders_are_a_dataset(tmp_path: Path) -> None:
    write_picture(tmp_path / "red_car" / "1.png")
    write_picture(tmp_path / "tree" / "1.png")
    loaded, _ = load_examples(DataConfig(path=str(tmp_path)))
    assert loaded.image == ImageRef("red_car/1.png", tmp_path / "red_car/1.png")
    assert (loaded.caption, loaded.meta["label"]) == ("red car", "red_car")


def test_ids_are_made_from_images_and_unique(tmp_path: Path) -> None:
    rows = [{"image": name, "caption": "x", "negation": "y"} for name in ("a.jpg", "b.jpg", "a.jpg")]
    loaded = load_examples(DataConfig(path=str(write_jsonl(tmp_path / "x.jsonl", rows))))
    assert [e.id for e in loaded] == ["a.jpg", "b.jpg", "a.jpg#2"]
    assert [e.where for e in loaded] == [f"{tmp_path}/x.jsonl:{row}" for row in (1, 2, 3)]


def test_rows_of_a_photo_that_hold_captions_only_are_one_example(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"image": "a.jpg", "caption": "x", "split": "train", "n": 1, "licence": 4},
        {"image": "b.jpg", "caption": "x", "split": "train", "n": 2, "licence": 4},
        {"image": "a.jpg", "caption": "y", "split": "train", "n": 3, "licence": 4},
        {"image": "a.jpg", "caption": "x", "split": "train", "n": 4, "licence": 4},
        {"image": "b.jpg", "caption": "z", "split": "train", "negation": "no"},
        {"image": "b.jpg", "caption": "z", "split": "train", "id": 7},
        {"image": "b.jpg", "caption": "z", "split": "train", "paraphrase": "zed"},
    ]
    path = write_jsonl(tmp_path / "x.jsonl", rows)
    a, b, *others = load_examples(DataConfig(path=str(path)))
    assert (a.id, a.captions, a.where) == ("a.jpg", ("x", "y"), f"{path}:1")
    assert a.meta == {"n": [1, 3, 4], "licence": 4, "captions_equal": True}
    assert (b.captions, b.meta) == (("x",), {"n": 2, "licence": 4})
    assert [other.id for other in others] == ["b.jpg#2", "7", "b.jpg#3"]
    assert {e.group for e in (b, *others)} == {"b.jpg"}


def test_two_equal_ids_are_refused(tmp_path: Path) -> None:
    rows = [{"id": "1", "image": "a.jpg", "caption": "x"}, {"id": 1, "image": "b.jpg", "caption": "x"}]
    path = write_jsonl(tmp_path / "x.jsonl", rows)
    with pytest.raises(UserError, match="occurs twice") as caught:
        load_examples(DataConfig(path=str(path)))
    assert caught.value.where == f"{path}:2"


def test_mapping_typo_is_refused(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "x.jsonl", [{"image": "a.jpg", "caption": "x", "neg": "y"}])
    with pytest.raises(UserError, match="no column 'nge'"):
        load_examples(DataConfig(path=str(path), columns={"negation": "nge"}))


def test_splits_have_the_asked_sizes_and_never_cut_a_group() -> None:
    split = with_splits([example(f"{i}", group=str(i // 3)) for i in range(9000)], seed=0)
    sizes = Counter(e.split for e in split)
    # 3000 groups: two standard deviations of a share of 0.1 are 1.1 points.
    assert abs(sizes["train"] / 9000 - 0.8) < 0.025
    assert abs(sizes["val"] / 9000 - 0.1) < 0.02
    by_group = {(e.group, e.split) for e in split}
    assert len(by_group) == 3000


def test_a_group_keeps_its_split_whatever_the_other_rows() -> None:
    few = with_splits([example(str(i)) for i in range(50)], seed=1)
    many = with_splits([example(str(i)) for i in reversed(range(500))], seed=1)
    splits = {e.group: e.split for e in many}
    assert all(splits[e.group] == e.split for e in few)
    assert any(split_of(str(i), 1) != split_of(str(i), 2) for i in range(50))


def test_the_files_splits_are_respected() -> None:
    rows = [example("a", "test"), example("b", "train"), example("c", "test")]
    assert with_splits(rows, seed=0) == rows


def test_a_group_in_two_splits_is_refused() -> None:
    rows = [example("a", "train", "g", "x:1"), example("b", "train", "g", "x:2"), example("c", "test", "g", "x:3")]
    assert with_splits(rows[:2], seed=0) == rows[:2]
    with pytest.raises(UserError, match="group 'g'") as caught:
        with_splits(rows, seed=0)
    assert "x:3" in str(caught.value)


def test_a_row_without_split_among_others_is_refused() -> None:
    with pytest.raises(UserError) as caught:
        with_splits([example("a", "train"), example("b", None, where="x:2")], seed=0)
    assert caught.value.where == "x:2"


def test_select_takes_one_split_or_all() -> None:
    rows = [example("a", "test"), example("b", "train")]
    assert select(rows, "test") == rows[:1]
    assert select(rows, "all") == rows
    with pytest.raises(UserError, match="no example in split 'val'") as caught:
        select(rows, "val")
    assert "test: 1" in caught.value.fix
