"""What training data and a benchmark share: by name, by content, word for word."""

import json
from pathlib import Path

import pytest
from PIL import Image

from semclip.core.errors import UserError
from semclip.core.example import ImageRef
from semclip.evaluation.base import Items
from semclip.evaluation.contamination import image_key, overlap, training_data_of


def test_coco_images_have_one_name() -> None:
    names = ("000000397133.jpg", "COCO_val2014_000000397133.jpg", "a/b/COCO_train2014_000000397133.jpg")
    assert len({image_key(name) for name in names}) == 1
    assert image_key("COCO_val2014_000000000001.jpg") != image_key(names[0])
    assert image_key("x/photo.png") == "photo.png"


def benchmark(folder: Path) -> Items:
    refs = []
    for name, shade in (("000000397133.jpg", 10), ("renamed.png", 20), ("fresh.png", 30)):
        Image.new("RGB", (4, 4), (shade, 0, 0)).save(folder / name, "PNG")
        refs.append(ImageRef(name, folder / name))
    return Items(items=[1], images=[*refs, refs[0]], texts=["a cup", "a cup ", "no cup", ""])


def test_a_list_of_names_hashes_and_texts(tmp_path: Path) -> None:
    from semclip.core.files import sha256_file

    read = benchmark(tmp_path)
    lines = ["COCO_val2014_000000397133.jpg", sha256_file(tmp_path / "renamed.png"), "a cup", "another text", ""]
    (tmp_path / "seen.txt").write_text("\n".join(lines))
    seen = training_data_of(tmp_path / "seen.txt")
    found = overlap("mine", read, seen)
    assert found.images == ["000000397133.jpg", "renamed.png"] and found.texts == ["a cup"]
    assert found.counts == {"images": 3, "texts": 3, "by_name": 1, "by_content": 1}
    assert "2 of the 3 images" in found.note(seen) and "1 of its 3 texts" in found.note(seen)


def test_a_run_counts_its_training_rows(tmp_path: Path) -> None:
    read = benchmark(tmp_path)
    data = tmp_path / "data"
    data.mkdir()
    for name, shade in (("train.png", 20), ("test.png", 30)):
        Image.new("RGB", (4, 4), (shade, 0, 0)).save(data / name)
    rows = [
        {"image": "train.png", "caption": "a cup", "negation": "no cup", "split": "train"},
        {"image": "test.png", "caption": "a cup ", "split": "test"},
    ]
    (data / "d.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.yaml").write_text(f"data: {{path: {data / 'd.jsonl'}}}\n")
    found = overlap("mine", read, training_data_of(tmp_path / "run"))
    assert found.images == ["renamed.png"] and found.counts["by_name"] == 0
    assert found.texts == ["a cup", "no cup"]


def test_nothing_shared_and_nothing_there(tmp_path: Path) -> None:
    (tmp_path / "seen.txt").write_text("other.png\n")
    seen = training_data_of(tmp_path / "seen.txt")
    found = overlap("mine", benchmark(tmp_path), seen)
    assert not found.images and not found.texts and "no test of unseen" not in found.note(seen)
    with pytest.raises(UserError, match="neither"):
        training_data_of(tmp_path / "missing")
