"""Wrong files of the right name: told what, where and how to mend it, and the advice, followed, works."""

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from semclip.core.errors import UserError
from semclip.core.rows import reader_for
from semclip.data.check import check
from semclip.data.load import DataConfig, load_examples
from tests.data.files import write_jsonl, write_picture
from tests.data.layouts import LAYOUTS, jpeg, write_parquet
from tests.data.test_check import words_over


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder


def refused(path: Path) -> UserError:
    with pytest.raises(UserError) as caught:
        load_examples(DataConfig(path=str(path)))
    assert caught.value.what and caught.value.fix
    assert str(path) in caught.value.where
    return caught.value


def loads(path: Path) -> int:
    return len(load_examples(DataConfig(path=str(path))))


def changed(path: Path, change: Callable[[Any], object]) -> Path:
    held = json.loads(path.read_text())
    change(held)
    path.write_text(json.dumps(held))
    return path


def test_an_annotation_without_its_photo(tmp_path: Path) -> None:
    path = changed(LAYOUTS["coco_file"](tmp_path), lambda coco: coco["annotations"][1].update(image_id=555))
    error = refused(path)
    assert error.where == f"{path}:annotations[1]"
    assert "555" in error.what and "100" in error.fix
    changed(path, lambda coco: coco["annotations"][4].update(image_id=556))
    (finding,) = [f for f in check(DataConfig(path=str(path)), words_over(77)).findings if f.error]
    assert [place.partition(": ")[0] for place in finding.places] == [f"{path}:annotations[{n}]" for n in (1, 4)]
    changed(path, lambda coco: coco["annotations"].pop(4))
    changed(path, lambda coco: coco["annotations"].pop(1))
    assert loads(path) == 3


def test_a_photo_without_annotation_is_noted(tmp_path: Path) -> None:
    more = {"id": 999, "file_name": "alone.jpg"}
    path = changed(LAYOUTS["coco_file"](tmp_path), lambda coco: coco["images"].append(more))
    assert loads(path) == 3
    assert any("1 of 4 photos have no caption" in note and "alone.jpg" in note for note in reader_for(path).notes(path))


def test_ids_of_text_and_number_are_the_same(tmp_path: Path) -> None:
    def as_texts(coco: Any) -> None:
        for annotation in coco["annotations"]:
            annotation["image_id"] = str(annotation["image_id"])

    assert loads(changed(LAYOUTS["coco_file"](tmp_path), as_texts)) == 3


def test_instances_in_place_of_captions_name_the_captions_file(tmp_path: Path) -> None:
    right = LAYOUTS["coco_file"](tmp_path)
    wrong = right.with_name("instances_train2017.json")
    error = refused(wrong)
    assert right.name in error.fix and error.where == f"{wrong}:annotations[0]"
    assert loads(right) == 3


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda coco: coco["images"][0].pop("file_name"), ":images[0]"),
        (lambda coco: coco["images"][1].update(id=100), ":images[1]"),
        (lambda coco: coco["annotations"].insert(2, "a dog"), ":annotations[2]"),
        (lambda coco: coco["annotations"][0].update(caption=["x"] * 2, image_id=[1]), ":annotations[0]"),
        (lambda coco: coco.update(images=[]), ""),
    ],
)
def test_malformed_coco_names_the_place(change: Callable[[Any], object], place: str, tmp_path: Path) -> None:
    path = changed(LAYOUTS["coco_file"](tmp_path), change)
    assert refused(path).where == f"{path}{place}"


@pytest.mark.parametrize(
    ("text", "what", "place"),
    [
        ('[{"image": "1.jpg", "caption": "x"}, {"image": ', "cut short", ":[1]"),
        ('[{"image": "1.jpg", "caption": "x"}, {"image" "2"}]', "':' delimiter", ":[1]"),
        ('[{"image": "1.jpg", "caption": "x"} {"image": "2"}]', "missing after", ":[0]"),
        ('[{"image": "1.jpg", "caption": "x"}, "2.jpg"]', "must be a JSON object", ":[1]"),
        ('[{"image": "1.jpg", "caption": "x"}] tail', "follows the end", ":[0]"),
        ('[{"image": "1.jpg", "caption": NaN}]', "NaN", ":[0]"),
        ('[{"image": "1.jpg", "caption": ' + "7" * 5_000 + "}]", "digits", ":[0]"),
        ('[{"image": "1.jpg", "caption": ' + "[" * 100_000, "deep", ":[0]"),
        ("[" * 100_000, "deep", ":[0]"),
        ('{"a": 1}', "must be a JSON object", ":a"),
        ('{"data": [{"image": "1.jpg", "caption": "x"}, 3]}', "must be a JSON object", ":data[1]"),
        ('"text"', "a list or an object must come first", ""),
        ("", "holds no rows", ""),
        ("[]", "holds no rows", ""),
        ("{}", "holds no rows", ""),
    ],
)
def test_malformed_json_names_the_place(text: str, what: str, place: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    path.write_text(text)
    error = refused(path)
    assert what in error.what
    assert error.where == f"{path}{place}"


def test_json_that_is_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    path.write_bytes(b'[{"image": "1.jpg", "caption": "x"}, {"image": "2.jpg", "caption": "caf\xe9"}]')
    assert "not UTF-8" in refused(path).what
    path.write_bytes(path.read_bytes().decode("latin-1").encode())  # as the advice says
    assert loads(path) == 2


@pytest.mark.parametrize("size", [1, 1_000, 70_000])
def test_items_cross_the_parts_that_a_file_is_read_in(size: int, tmp_path: Path) -> None:
    rows = [{"image": f"{n}.jpg", "caption": f"{n} é" * size} for n in range(5)]
    path = tmp_path / "rows.json"
    for text in (json.dumps(rows), json.dumps(rows, ensure_ascii=False, indent=3)):
        path.write_text(text, "utf-8")
        assert [row for _, row in reader_for(path).rows(path)] == rows


def test_names_tell_nothing_where_the_content_does(tmp_path: Path) -> None:
    rows = [{"image": "1.jpg", "caption": "x"}, {"image": "2.jpg", "caption": "y"}]
    assert loads(write_jsonl(tmp_path / "lines.json", rows)) == 2
    (tmp_path / "list.jsonl").write_text(json.dumps(rows))
    assert loads(tmp_path / "list.jsonl") == 2
    (tmp_path / "named.json").write_text(json.dumps({"1.jpg": ["x", "y"], "2.jpg": "z", "3.jpg": {"caption": "w"}}))
    assert [e.captions for e in load_examples(DataConfig(path=str(tmp_path / "named.json")))] == [
        ("x", "y"),
        ("z",),
        ("w",),
    ]


def test_a_conversation_without_an_answer(tmp_path: Path) -> None:
    path = changed(LAYOUTS["llava"](tmp_path), lambda rows: rows[1]["conversations"].pop())
    assert refused(path).where == f"{path}:[1]"


def test_an_image_that_is_a_url_names_img2dataset(tmp_path: Path) -> None:
    write_parquet(tmp_path / "x.parquet", [{"URL": "https://x.org/1.jpg", "TEXT": "a dog"}])
    error = refused(tmp_path / "x.parquet")
    assert "img2dataset" in error.fix and "--url_col URL" in error.fix
    assert error.where == f"{tmp_path / 'x.parquet'}:1"


@pytest.mark.parametrize("name", ["hub_parquet", "saved_by_datasets"])
def test_a_table_cut_short(name: str, tmp_path: Path) -> None:
    folder = LAYOUTS[name](tmp_path)
    file = max(path for suffix in ("parquet", "arrow") for path in folder.rglob(f"*.{suffix}"))
    file.write_bytes(file.read_bytes()[:-200])
    error = refused(folder)
    assert file.name in error.where and "cannot read" in error.what


def test_arrow_files_that_are_missing(tmp_path: Path) -> None:
    folder = LAYOUTS["saved_by_datasets"](tmp_path)
    (folder / "train" / "data-00001-of-00002.arrow").unlink()
    assert "1 of 2 Arrow files are missing" in refused(folder).what


def test_a_folder_of_another_version_of_datasets(tmp_path: Path) -> None:
    folder = LAYOUTS["saved_by_datasets"](tmp_path)
    for split in ("train", "test"):
        (folder / split / "state.json").write_text('{"files": 2, "format": "unknown"}')
    assert loads(folder) == 3
    (folder / "dataset_dict.json").write_text('["train", "test"]')
    assert "no list of splits" in refused(folder).what


def test_a_compressed_arrow_file_is_read_where_the_pictures_are_beside_it(tmp_path: Path) -> None:
    import pyarrow
    import pyarrow.feather

    rows = [{"image": "1.jpg", "caption": "x" * 500}]
    pyarrow.feather.write_feather(pyarrow.Table.from_pylist(rows), str(tmp_path / "x.feather"), compression="zstd")
    assert loads(tmp_path / "x.feather") == 1
    inside = pyarrow.Table.from_pylist([{"image": jpeg("dog.jpg") * 20, "caption": "x"}])
    pyarrow.feather.write_feather(inside, str(tmp_path / "y.feather"), compression="zstd")
    assert "compressed" in refused(tmp_path / "y.feather").what
    pyarrow.feather.write_feather(inside, str(tmp_path / "y.feather"), compression="uncompressed")  # as the advice says
    assert loads(tmp_path / "y.feather") == 1


def test_unpacking_needs_room_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = LAYOUTS["hub_parquet"](tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(1, 1, 0))
    with pytest.raises(UserError, match="more than is free") as caught:
        load_examples(DataConfig(path=str(folder)))
    assert "XDG_CACHE_HOME" in caught.value.fix


def test_metadata_without_file_names(tmp_path: Path) -> None:
    write_picture(tmp_path / "1.jpg")
    write_jsonl(tmp_path / "metadata.jsonl", [{"image_name": "1.jpg", "text": "x"}])
    error = refused(tmp_path)
    assert error.where == f"{tmp_path}/metadata.jsonl:1" and "image_name" in error.fix


# Folders whose names would be captions against the evidence.


def test_texts_beside_the_folder_of_pictures_are_read(tmp_path: Path) -> None:
    write_picture(tmp_path / "images" / "1.jpg")
    (tmp_path / "caption.txt").write_text("1.jpg\ta dog\n")
    assert load_examples(DataConfig(path=str(tmp_path)))[0].caption == "a dog"
    (tmp_path / "caption.txt").write_text("image,text\n1.jpg,a cat\n")
    assert load_examples(DataConfig(path=str(tmp_path)))[0].caption == "a cat"


def test_a_text_in_no_known_form_refuses_the_folder(tmp_path: Path) -> None:
    for name in ("dog", "cat"):
        write_picture(tmp_path / name / "1.jpg")
    assert loads(tmp_path) == 2
    (tmp_path / "caption.txt").write_text("In the first picture a dog runs.\n")
    error = refused(tmp_path)
    assert "caption.txt may hold the captions" in error.what
    (tmp_path / "caption.txt").rename(tmp_path.parent / f"{tmp_path.name}.txt")  # as the advice says
    assert loads(tmp_path) == 2


@pytest.mark.parametrize("classes", [["dog"], ["images", "dog"], ["train", "val"], ["00000", "00001"]])
def test_names_that_say_nothing_are_no_captions(classes: list[str], tmp_path: Path) -> None:
    for name in classes:
        write_picture(tmp_path / name / "1.jpg")
    error = refused(tmp_path)
    assert "caption" in error.what
    for name in classes:
        (tmp_path / name / "1.txt").write_text("a dog\n")  # as the advice says
    assert load_examples(DataConfig(path=str(tmp_path)))[0].caption == "a dog"


def test_several_files_of_captions_are_named(tmp_path: Path) -> None:
    write_picture(tmp_path / "images" / "1.jpg")
    for name in ("a.jsonl", "b.jsonl"):
        write_jsonl(tmp_path / name, [{"image": "1.jpg", "caption": name}])
    error = refused(tmp_path)
    assert "a.jsonl, b.jsonl" in error.what
    assert loads(tmp_path / "a.jsonl") == 1


def test_a_file_without_rows_is_no_file_of_captions_beside_one(tmp_path: Path) -> None:
    write_picture(tmp_path / "images" / "1.jpg")
    (tmp_path / "classes.json").write_text('{"0": "background"}')
    write_jsonl(tmp_path / "rows.jsonl", [{"image": "1.jpg", "caption": "a dog"}])
    assert loads(tmp_path) == 1
    write_jsonl(tmp_path / "zebra.jsonl", [{"image": "1.jpg", "caption": "a cat"}])
    error = refused(tmp_path)
    assert "classes.json" not in error.what and f"for example {tmp_path}/rows.jsonl;" in error.fix


def test_a_picture_without_its_text_is_told(tmp_path: Path) -> None:
    folder = LAYOUTS["sidecars"](tmp_path)
    (folder / "cat.txt").unlink()
    error = refused(folder)
    assert error.where == f"{folder}/cat.jpg" and "empty text" in error.what
    (folder / "cat.txt").write_text("a cat")
    assert loads(folder) == 3


def test_loose_pictures_without_texts(tmp_path: Path) -> None:
    write_picture(tmp_path / "1.jpg")
    assert "semclip index" in refused(tmp_path).fix


@pytest.mark.parametrize("suffix", [".txt", ".caption", ".json"])
def test_a_pipe_in_place_of_a_text_is_refused_and_not_waited_for(suffix: str, tmp_path: Path) -> None:
    for number in range(3):
        write_picture(tmp_path / f"{number}.jpg")
        (tmp_path / f"{number}{suffix}").write_text('{"caption": "a dog"}' if suffix == ".json" else "a dog")
    (tmp_path / f"1{suffix}").unlink()
    os.mkfifo(tmp_path / f"1{suffix}")
    signal.alarm(20)  # ends the test where it would wait for somebody to write
    try:
        with pytest.raises(UserError, match="not a regular file") as error:
            load_examples(DataConfig(path=str(tmp_path)))
    finally:
        signal.alarm(0)
    assert error.value.where.startswith(str(tmp_path / f"1{suffix}"))


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz"])
def test_a_packed_file_is_refused_with_what_unpacks_it(suffix: str, tmp_path: Path) -> None:
    path = LAYOUTS["coco_file"](tmp_path)
    pack = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz"}[suffix]
    if shutil.which(pack) is None:
        pytest.skip(f"{pack} is not there")
    subprocess.run([pack, str(path)], check=True)
    error = refused(path.with_name(path.name + suffix))
    subprocess.run(re.findall("`(.*)`", error.fix)[0], shell=True, check=True)
    assert loads(path) == 3
    # Where nothing else is in the folder, the packed file is named as well.
    (tmp_path / "packed").mkdir()
    path.with_name(path.name + suffix).rename(tmp_path / "packed" / f"00000.tar{suffix}")
    assert "packed file" in refused(tmp_path / "packed").what


def test_a_missing_picture_names_the_file_that_may_be_meant(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        write_picture(tmp_path / name)
    rows = [{"image": name, "caption": "one"} for name in ("A.PNG", "b", "c.png")]
    report = check(DataConfig(path=str(write_jsonl(tmp_path / "x.jsonl", rows))), words_over(77))
    (finding,) = [found for found in report.findings if found.problem == "missing image"]
    assert [place.rpartition("; ")[2].rstrip(")") for place in finding.places[:2]] == [
        "there is a.png",
        "there is b.png",
    ]
    assert "there is" not in finding.places[2]
