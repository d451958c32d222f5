"""Features files: written, checked, looked up by name."""

import json
from pathlib import Path

import numpy as np
import pytest

from semclip.core.errors import UserError
from semclip.models.features_file import FeaturesFile, write_features
from tests.data.files import write_jsonl

NAMES = ["images/a.jpg", "images/b.jpg", "images/c.jpg"]
ARRAY = np.arange(12, dtype=np.float16).reshape(3, 4)


def saved(folder: Path, array: np.ndarray = ARRAY, names: object = NAMES) -> tuple[Path, Path]:
    np.save(folder / "x.npy", array)
    (folder / "rows.json").write_text(json.dumps(names))
    return folder / "x.npy", folder / "rows.json"


def test_written_features_come_back(tmp_path: Path) -> None:
    write_features(tmp_path / "x.npy", ARRAY, NAMES, {"network": "tiny"})
    features = FeaturesFile.open(tmp_path / "x.npy")
    assert (features.width, features.names) == (4, NAMES)
    assert features.row("images/b.jpg").dtype == np.float32
    assert features.row("images/b.jpg").tolist() == [4, 5, 6, 7]
    assert features.info["network"] == "tiny"
    assert features.info["sha256"] == features.sha256
    assert "images/a.jpg" in features.names and "a.jpg" not in features.names
    assert sorted(p.name for p in tmp_path.iterdir()) == ["x.info.json", "x.npy", "x.rows.json"]


def test_names_from_json_jsonl_and_txt(tmp_path: Path) -> None:
    path, as_json = saved(tmp_path)
    as_lines = write_jsonl(tmp_path / "captions.jsonl", [{"image": name, "captions": ["x"]} for name in NAMES])
    as_text = tmp_path / "names.txt"
    as_text.write_text("\n".join(NAMES) + "\n")
    for rows in (as_json, as_lines, as_text):
        assert FeaturesFile.open(path, rows).row("images/c.jpg").tolist() == [8, 9, 10, 11]


def test_unknown_name_offers_the_closest_only(tmp_path: Path) -> None:
    features = FeaturesFile.open(*saved(tmp_path))
    with pytest.raises(UserError, match=r"images/d\.jpg") as caught:
        features.row("images/d.jpg")
    assert "Did you mean images/" in caught.value.fix
    with pytest.raises(UserError) as caught:
        features.row("0123456789")
    assert "images/a.jpg" in caught.value.fix and "images/b.jpg" not in caught.value.fix


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_row_that_is_not_finite_is_named(value: float, tmp_path: Path) -> None:
    array = np.zeros((5000, 2), dtype=np.float32)
    array[4500, 1] = value
    names = [f"{i}.jpg" for i in range(5000)]
    path, rows = saved(tmp_path, array, names)
    with pytest.raises(UserError, match=r"'4500\.jpg'") as caught:
        FeaturesFile.open(path, rows)
    assert caught.value.where == f"{path}:4501"


def test_counts_and_names_must_fit(tmp_path: Path) -> None:
    path, rows = saved(tmp_path, names=NAMES[:2])
    with pytest.raises(UserError, match="3 rows of features, but 2 names"):
        FeaturesFile.open(path, rows)
    path, rows = saved(tmp_path, names=["a", "b", "a"])
    with pytest.raises(UserError, match="'a' occurs twice, in rows 1 and 3"):
        FeaturesFile.open(path, rows)
    path, rows = saved(tmp_path, names={"a": 1})
    with pytest.raises(UserError, match="not a JSON list"):
        FeaturesFile.open(path, rows)


@pytest.mark.parametrize(
    "array", [np.zeros(3, np.float32), np.zeros((3, 2), np.int64), np.zeros((3, 1, 2), np.float32)]
)
def test_only_float_tables_are_features(array: np.ndarray, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="floats of shape"):
        FeaturesFile.open(*saved(tmp_path, array))


def test_files_that_are_missing_or_no_arrays(tmp_path: Path) -> None:
    path, rows = saved(tmp_path)
    with pytest.raises(UserError, match="no such features file"):
        FeaturesFile.open(tmp_path / "missing.npy", rows)
    with pytest.raises(UserError, match="names of the feature rows"):
        FeaturesFile.open(path)
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(UserError, match="no readable"):
        FeaturesFile.open(path, rows)
    path.write_bytes(b"text")
    with pytest.raises(UserError, match="no readable"):
        FeaturesFile.open(path, rows)
    np.savez(tmp_path / "x.npz", a=ARRAY)
    with pytest.raises(UserError, match="archive"):
        FeaturesFile.open(tmp_path / "x.npz", rows)


def test_jsonl_without_images(tmp_path: Path) -> None:
    path, _ = saved(tmp_path)
    rows = write_jsonl(tmp_path / "c.jsonl", [{"scan": "a"}])
    with pytest.raises(UserError, match="names no image") as caught:
        FeaturesFile.open(path, rows)
    assert caught.value.where == f"{rows}:1"


def test_files_of_two_writings_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    write_features(path, ARRAY, NAMES)
    old_info = (tmp_path / "x.info.json").read_text()
    write_features(path, ARRAY + 1, NAMES)
    (tmp_path / "x.info.json").write_text(old_info)  # as a crash before the last of the three writes leaves it
    with pytest.raises(UserError, match="not the ones their info file describes"):
        FeaturesFile.open(path)
    write_features(path, ARRAY, NAMES)
    (tmp_path / "x.rows.json").write_text(json.dumps(NAMES[::-1]))
    with pytest.raises(UserError, match="names are not the ones"):
        FeaturesFile.open(path)


def test_bad_features_are_not_written(tmp_path: Path) -> None:
    for array, names in ((np.full((1, 2), np.nan), ["a"]), (np.zeros((2, 2)), ["a"])):
        with pytest.raises(UserError):
            write_features(tmp_path / "x.npy", array, names)
    with pytest.raises(UserError, match=r"end in \.npy"):
        write_features(tmp_path / "x.bin", ARRAY, NAMES)
    assert list(tmp_path.iterdir()) == []
