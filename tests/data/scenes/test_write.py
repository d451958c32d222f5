"""The dataset on disk: whole or not at all, the same bytes for the same seed, never over something else."""

import hashlib
import importlib.resources
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from semclip.core.errors import UserError
from semclip.data.scenes.rows import make_row
from semclip.data.scenes.write import write_scenes

COUNTS = {"train": 6, "val": 2, "test": 3}


def hashes(folder):
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(Path(folder).rglob("*"))
        if p.is_file()
    }


@pytest.fixture
def written(tmp_path):
    write_scenes(tmp_path / "scenes", **COUNTS, seed=3)
    return tmp_path / "scenes"


def test_same_seed_same_bytes(written, tmp_path):
    write_scenes(tmp_path / "again", **COUNTS, seed=3)
    write_scenes(tmp_path / "other", **COUNTS, seed=4)
    assert hashes(written) == hashes(tmp_path / "again")
    assert hashes(written)["images/test-00000.png"] != hashes(tmp_path / "other")["images/test-00000.png"]


def test_more_rows_change_none_of_the_first(written, tmp_path):
    write_scenes(tmp_path / "more", train=8, val=0, test=5, seed=3)
    first, more = hashes(written), hashes(tmp_path / "more")
    shared = [name for name in first if name.endswith(".png") and name in more]
    assert len(shared) == 3 * (6 + 3) + 3
    assert all(first[name] == more[name] for name in shared)


def test_every_file_that_a_row_names_is_there(written):
    rows = [json.loads(line) for line in (written / "scenes.jsonl").read_text().splitlines()]
    assert [row["split"] for row in rows] == ["train"] * 6 + ["val"] * 2 + ["test"] * 3
    for row in rows:
        for column, mode in (("image", "RGB"), ("negative_image", "RGB"), ("mask", "P")):
            with Image.open(written / row[column]) as picture:
                assert picture.size == (48, 48) and picture.mode == mode
    assert sum(1 for _ in (written / "images").iterdir()) == len(rows)


def test_test_pictures_are_told_twice_in_wordings_of_training_and_in_others(written):
    seen, unseen = (
        [r for r in map(json.loads, (written / name).read_text().splitlines()) if r["split"] == "test"]
        for name in ("scenes.jsonl", "unseen_wordings.jsonl")
    )
    assert len(seen) == len(unseen) == 3
    for row, other in zip(seen, unseen, strict=True):
        assert (row["image"], row["scene"]) == (other["image"], other["scene"])
        assert row["caption"] != other["caption"] and row["negative_image"] != other["negative_image"]
        assert (written / row["negative_image"]).is_file() and (written / other["negative_image"]).is_file()
    assert unseen == json.loads(json.dumps([make_row(3, "test", index) for index in range(3)]))


def test_the_share_of_training_captions_that_deny(tmp_path):
    shares = {}
    for share in (0.0, 0.3, 1.0):
        write_scenes(tmp_path / str(share), train=60, val=30, test=0, negated_captions=share)
        rows = [json.loads(line) for line in (tmp_path / str(share) / "scenes.jsonl").read_text().splitlines()]
        denying = {s: [("absent" in r["claims"]["caption"]) for r in rows if r["split"] == s] for s in ("train", "val")}
        shares[share] = {split: sum(found) / len(found) for split, found in denying.items()}
    assert shares[0.0]["train"] == 0 < shares[0.3]["train"] < shares[1.0]["train"]
    assert shares[0.0]["val"] == shares[1.0]["val"] > 0.1  # what is measured on stays as it was
    assert shares[1.0]["train"] > 0.75  # captions that count deny nothing


def test_the_legend_names_the_values_of_masks(written):
    legend = json.loads((written / "classes.json").read_text())
    row = json.loads((written / "scenes.jsonl").read_text().splitlines()[0])
    values = np.unique(np.asarray(Image.open(written / row["mask"])))
    names = {legend[str(value)] for value in values}
    assert names == {"background", *(f"{t['colour']} {t['shape']}" for t in row["scene"]["objects"])}


def test_the_same_call_again_does_nothing(written):
    before = (written / "scenes.jsonl").stat().st_mtime_ns
    assert write_scenes(written, **COUNTS, seed=3) is False
    assert (written / "scenes.jsonl").stat().st_mtime_ns == before


@pytest.mark.parametrize("damage", ["row", "image", "parameters"])
def test_damaged_or_other_scenes_are_written_anew(written, tmp_path, damage):
    good = hashes(written)
    if damage == "row":
        (written / "scenes.jsonl").write_text("{}\n")
    elif damage == "image":
        (written / "images" / "train-00001.png").unlink()
    assert write_scenes(written, **COUNTS, seed=9 if damage == "parameters" else 3) is True
    assert (hashes(written) == good) is (damage != "parameters")


def test_a_folder_with_something_else_is_refused(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "me.jpg").write_bytes(b"dear")
    with pytest.raises(UserError, match=r"me\.jpg"):
        write_scenes(tmp_path / "photos", **COUNTS)
    assert hashes(tmp_path) == {"photos/me.jpg": hashlib.sha256(b"dear").hexdigest()}


def test_scenes_beside_a_foreign_file_are_not_replaced(written):
    (written / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match=r"notes\.txt"):
        write_scenes(written, **COUNTS, seed=8)
    assert (written / "notes.txt").read_text() == "mine"


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "scenes").write_text("x")
    with pytest.raises(UserError, match="a file, not a folder"):
        write_scenes(tmp_path / "scenes", **COUNTS)


def test_an_interrupted_call_leaves_what_was_there(written):
    good, calls = hashes(written), []

    def interrupt():
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_scenes(written, **COUNTS, seed=5, progress=interrupt)
    assert hashes(written) == good
    assert [p.name for p in written.parent.iterdir()] == ["scenes"]


def test_a_full_disk_is_a_user_error_and_leaves_nothing(tmp_path, monkeypatch):
    def full(self, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(UserError, match="No space left"):
        write_scenes(tmp_path / "scenes", **COUNTS)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "bad", [{"train": -1}, {"train": 0, "val": 0, "test": 0}, {"image_size": 3}, {"negated_captions": 1.2}]
)
def test_arguments_that_make_no_dataset(tmp_path, bad):
    with pytest.raises(UserError):
        write_scenes(tmp_path / "scenes", **{**COUNTS, **bad})
    assert list(tmp_path.iterdir()) == []


def test_command(tmp_path):
    import typer

    from semclip.cli.data_scenes import command

    app = typer.Typer()
    app.command()(command)
    arguments = [str(tmp_path / "out"), "--train", "2", "--val", "1", "--test", "1", "--seed", "1"]
    first = CliRunner().invoke(app, arguments)
    assert first.exit_code == 0 and "Wrote 2 training, 1 validation and 1 test images" in first.output
    assert "\x1b" not in first.output and "%" not in first.output  # quiet where nobody looks
    assert "Already there" in CliRunner().invoke(app, arguments).output


def test_the_shipped_sample_is_what_the_writer_writes(tmp_path):
    sample = Path(str(importlib.resources.files("semclip"))) / "sample"
    rows = [json.loads(line) for line in (sample / "scenes.jsonl").read_text().splitlines()]
    assert len(rows) == 10
    counts = (("train", 4, ""), ("val", 2, ""), ("test", 4, "val"))
    made = [make_row(170, split, index, wordings) for split, n, wordings in counts for index in range(n)]
    again = "write it again: semclip data scenes src/semclip/sample --train 4 --val 2 --test 4 --seed 170"
    assert rows == json.loads(json.dumps(made)), again
    for row in rows:
        for column in ("image", "negative_image", "mask"):
            assert (sample / row[column]).is_file()
    assert sum(p.stat().st_size for p in sample.rglob("*") if p.is_file()) < 200_000


def test_the_sample_reads_as_any_data_file():
    from semclip.data.load import DataConfig, load_examples

    path = Path(str(importlib.resources.files("semclip"))) / "sample" / "scenes.jsonl"
    examples = load_examples(DataConfig(path=str(path)))
    assert len(examples) == 10
    for example in examples:
        assert example.image.path.is_file() and example.negative_images[0].path.is_file()
        assert len(example.paraphrases) >= 3 and len(example.negations) >= 2 and len(example.absences) >= 2
        assert {"scene", "claims", "negation_kinds", "absence_kinds", "mask"} <= example.meta.keys()
