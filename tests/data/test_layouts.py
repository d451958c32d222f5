"""Data sets as people have them are read with no option: the right photos, captions, groups and splits."""

import json
from pathlib import Path

import pytest
from PIL import Image

from semclip.core.errors import UserError
from semclip.core.rows import reader_for
from semclip.data.check import check
from semclip.data.load import DataConfig, load_examples
from tests.data.files import write_picture
from tests.data.layouts import CAPTIONS, COLOURS, LAYOUTS
from tests.data.test_check import words_over

#: Layout -> its reader, what each photo's captions are, and the splits in the order of CAPTIONS ("" where it has none).
ONE = {name: captions[:1] for name, captions in CAPTIONS.items()}
STOPPED = {name: [f"{text} ." for text in captions] for name, captions in CAPTIONS.items()}
CLASSES = {name: [name.removesuffix(".jpg")] for name in CAPTIONS}
EXPECTED: dict[str, tuple[str, dict[str, list[str]], str]] = {
    "coco_folder": ("coco", CAPTIONS, "train val train"),
    "coco_file": ("coco", CAPTIONS, ""),
    "karpathy": ("karpathy", CAPTIONS, "train val test"),
    "karpathy_flickr": ("captioned_folder", CAPTIONS, "train val test"),
    "flickr30k_csv": ("flickr", STOPPED, ""),
    "flickr8k_token": ("flickr", STOPPED, ""),
    "flickr8k_splits": ("flickr", STOPPED, "train val test"),
    "flickr30k_splits": ("captioned_folder", STOPPED, "train val test"),
    "flickr8k_kaggle": ("captioned_folder", CAPTIONS, ""),
    "sidecars": ("sidecars", CAPTIONS, ""),
    "img2dataset_files": ("sidecars", ONE, ""),
    "img2dataset_tars": ("webdataset", ONE, ""),
    "img2dataset_parquet": ("parquet", ONE, ""),
    "imagefolder": ("imagefolder", CAPTIONS, "train val test"),
    "llava": ("json_rows", ONE, ""),
    "blip": ("json_rows", CAPTIONS, ""),
    "hub_parquet": ("parquet", CAPTIONS, "train val test"),
    "saved_by_datasets": ("arrow", CAPTIONS, "train train test"),
    "negclip": ("csv", ONE, ""),
    "class_folders_with_splits": ("folder", CLASSES, "train val train"),
}


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_layout_is_read_with_no_option(name: str, tmp_path: Path) -> None:
    path = LAYOUTS[name](tmp_path)
    reader, captions, splits = EXPECTED[name]
    assert reader_for(path).name == reader
    examples = load_examples(DataConfig(path=str(path)))
    pixels = {"red": (254, 0, 0), "green": (0, 128, 0), "blue": (0, 0, 254)}
    by_photo = {}
    for example in examples:
        with example.image.open() as file, Image.open(file) as image:
            shown = image.convert("RGB").getpixel((2, 2))
        assert isinstance(shown, tuple)
        near = [photo for photo, name in COLOURS.items() if max(abs(a - b) for a, b in zip(shown, pixels[name])) < 9]  # noqa: B905
        by_photo[near[0]] = example
    assert {photo: list(example.captions) for photo, example in by_photo.items()} == {
        photo: sorted(texts, key=by_photo[photo].captions.index) for photo, texts in captions.items()
    }
    assert len({example.group for example in examples}) == len(examples) == len(CAPTIONS)
    if splits:
        assert [by_photo[photo].split for photo in CAPTIONS] == splits.split()


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_layout_is_checked_as_well_as_a_table(name: str, tmp_path: Path) -> None:
    path = LAYOUTS[name](tmp_path)
    _, captions, splits = EXPECTED[name]
    report = check(DataConfig(path=str(path)), words_over(77))
    assert report.errors == 0, report.findings
    assert report.groups == len(CAPTIONS) and report.captions == sum(map(len, captions.values()))
    assert [example.captions[0] for example in report.examples]
    assert set(report.splits) == (set(splits.split()) if splits else {"(none)"})


def test_every_layout_is_expected() -> None:
    assert set(EXPECTED) == set(LAYOUTS)


def test_coco_instances_give_a_column_of_objects(tmp_path: Path) -> None:
    examples = load_examples(DataConfig(path=str(LAYOUTS["coco_file"](tmp_path))))
    objects = {example.image.name: example.meta["objects"] for example in examples}
    assert objects == {"dog.jpg": ["pet", "thing"], "cat.jpg": ["thing"], "tree.jpg": ["thing"]}


def test_negclip_gives_its_negations(tmp_path: Path) -> None:
    examples = load_examples(DataConfig(path=str(LAYOUTS["negclip"](tmp_path))))
    assert examples[0].negations == ("no a dog, running", "x")


def test_lists_of_photos_that_do_not_fit_are_told(tmp_path: Path) -> None:
    path = LAYOUTS["flickr8k_splits"](tmp_path)
    path.with_name("Flickr_8k.testImages.txt").write_text("dog.jpg\ngone.jpg\n")
    report = check(DataConfig(path=str(path)), words_over(77))
    assert report.splits == {"test": 1, "val": 1} and report.captions == 3
    assert report.notes[0].startswith("splits are those of Flickr_8k.devImages.txt, ")
    assert [note.partition(";")[0] for note in report.notes[1:4]] == [
        "1 photo in two lists, not trained on",
        "1 photo (3 captions) in none of these lists, left out",
        "1 name in these lists without a caption",
    ]
    for split in ("train", "dev"):
        path.with_name(f"Flickr_8k.{split}Images.txt").unlink()
    report = check(DataConfig(path=str(path)), words_over(77))
    assert report.groups == 3 and report.splits == {"(none)": 3} and "is not used" in report.notes[0]


def test_flickr8k_is_read_from_its_folder_as_it_comes(tmp_path: Path) -> None:
    """Base forms of the same captions, and judgements of captions of other photos, are no captions."""
    path = LAYOUTS["flickr8k_splits"](tmp_path)
    path.with_name("Flickr8k.lemma.token.txt").write_text(path.read_text())
    path.with_name("ExpertAnnotations.txt").write_text("dog.jpg\tcat.jpg#2\t1\t1\t2\ncat.jpg\tdog.jpg#0\t1\t4\t2\n")
    report = check(DataConfig(path=str(path.parent)), words_over(77))
    assert report.errors == 0 and report.captions == 6 and report.splits == {"train": 1, "val": 1, "test": 1}
    assert report.notes[0].endswith("Flickr8k.token.txt")
    with pytest.raises(UserError, match="no reader knows what this"):
        reader_for(path.with_name("ExpertAnnotations.txt"))


def test_conversations_about_one_photo_are_one_example(tmp_path: Path) -> None:
    path = LAYOUTS["llava"](tmp_path)
    rows = json.loads(path.read_text())
    rows[1] |= {"image": rows[0]["image"], "id": rows[0]["id"]}
    path.write_text(json.dumps(rows))
    examples = load_examples(DataConfig(path=str(path)))
    assert [len(example.captions) for example in examples] == [2, 1]


def test_what_is_left_out_is_noted(tmp_path: Path) -> None:
    for name, note in (
        ("llava", "1 conversation without an image, left out"),
        ("img2dataset_parquet", "1 row without a picture, which could not be fetched, left out"),
        ("coco_file", "the column 'objects' comes from instances_train2017.json"),
        ("sidecars", "2 pictures with a text of several lines: each line is a caption"),
        ("flickr8k_kaggle", "captions are read from"),
    ):
        path = LAYOUTS[name](tmp_path / name if (tmp_path / name).mkdir() is None else tmp_path)
        assert any(note in found for found in check(DataConfig(path=str(path)), words_over(77)).notes), name


def test_texts_in_a_folder_of_their_own_are_found_from_above(tmp_path: Path) -> None:
    LAYOUTS["flickr8k_splits"](tmp_path)
    report = check(DataConfig(path=str(tmp_path)), words_over(77))
    assert report.errors == 0 and report.captions == 6 and report.splits == {"train": 1, "val": 1, "test": 1}


def test_suffixes_and_split_folders_are_read_in_any_case(tmp_path: Path) -> None:
    for name, text in (("Train/a.JPG", "a.TXT"), ("Train/b.jpg", "b.Caption"), ("VAL/c.JPEG", "c.txt")):
        write_picture(tmp_path / "twins" / name)
        (tmp_path / "twins" / name).with_name(text).write_bytes(b"\xef\xbb\xbfa cat\r\none cat\r\n")
        write_picture(tmp_path / "classes" / name.replace("/", f"/{text[0]}/"), COLOURS["cat.jpg"])
    for folder, captions in (("twins", ["a cat", "one cat"]), ("classes", ["a"])):
        examples = load_examples(DataConfig(path=str(tmp_path / folder)))
        assert [example.split for example in examples] == ["train", "train", "val"], folder
        assert list(examples[0].captions) == captions
    assert reader_for(tmp_path / "twins").skipped(tmp_path / "twins") == []


def test_paths_as_windows_writes_them(tmp_path: Path) -> None:
    write_picture(tmp_path / "images" / "a.png")
    write_picture(tmp_path / "images" / "odd\\name.png", "blue")
    (tmp_path / "x.csv").write_bytes(
        b"\xef\xbb\xbfimage,caption\r\nimages\\a.png,a cat\r\nimages/odd\\name.png,a dog\r\n"
    )
    report = check(DataConfig(path=str(tmp_path / "x.csv")), words_over(77))
    assert report.errors == 0
    assert [example.image.name for example in report.examples] == ["images/a.png", "images/odd\\name.png"]
