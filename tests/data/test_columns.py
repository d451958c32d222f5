"""Rows become Examples, by known names and by mapping; what is malformed is named."""

from pathlib import Path
from typing import Any

import pytest

from semclip.core.errors import UserError
from semclip.core.example import Example, ImageRef
from semclip.data.cells import LONGEST_TEXT, EmptyTextError
from semclip.data.columns import ALIASES, RowParser

IMAGES = Path("photos")


def parsed(row: dict[str, Any], **columns: str) -> Example:
    return RowParser(columns, IMAGES).example(row, "x.csv:7")


def refused(row: dict[str, Any], **columns: str) -> UserError:
    """The error of a file that holds this row alone."""
    parser = RowParser(columns, IMAGES)
    with pytest.raises(UserError) as caught:
        parser.example(row, "x.csv:7")
    try:
        parser.finish("x.csv")
    except UserError as error:
        return error
    return caught.value


def test_every_field_lands_where_it_belongs() -> None:
    example = parsed(
        {
            "id": 12,
            "image": "a.jpg",
            "caption": " a cat ",
            "paraphrases": ["one cat", "a feline"],
            "negations": ["no cat"],
            "absences": ["a cat, but no dog"],
            "rewrites": ["cat photo"],
            "negative_image": "b.jpg",
            "group": 3,
            "split": "validation",
            "negation_kinds": ["denied"],
            "negation_of": [1],
            "absence_kinds": ["but"],
            "scene": {"objects": []},
        }
    )
    assert example == Example(
        id="12",
        image=ImageRef("a.jpg", Path("photos/a.jpg")),
        caption="a cat",
        paraphrases=("one cat", "a feline"),
        negations=("no cat",),
        absences=("a cat, but no dog",),
        rewrites=("cat photo",),
        negative_images=(ImageRef("b.jpg", Path("photos/b.jpg")),),
        group="3",
        split="val",
        meta={
            "scene": {"objects": []},
            "negation_kinds": ["denied"],
            "negation_of": [1],
            "absence_kinds": ["but"],
        },
        where="x.csv:7",
    )


@pytest.mark.parametrize("alias", ALIASES["image"])
def test_names_of_the_image_column(alias: str) -> None:
    assert parsed({alias: "a.jpg", "caption": "x"}).image.name == "a.jpg"


def test_image_numbers_are_names() -> None:
    assert parsed({"image_number": 17, "title": "x"}).image == ImageRef("17", Path("photos/17"))


@pytest.mark.parametrize("field", ["paraphrases", "negations", "absences", "rewrites"])
def test_names_of_the_text_columns(field: str) -> None:
    for alias in ALIASES[field]:
        example = parsed({"image": "a.jpg", "title": "x", alias.upper(): "other"})
        assert getattr(example, field) == ("other",)


def test_group_is_the_image_unless_told_otherwise() -> None:
    assert parsed({"image": "a.jpg", "caption": "x"}).group == "a.jpg"
    assert parsed({"image": "a.jpg", "caption": "x", "group": ""}).group == "a.jpg"


def test_captions_are_of_equal_standing() -> None:
    example = parsed({"image": "a.jpg", "captions": ["x", "y", "z"]})
    assert (example.caption, example.paraphrases) == ("x", ("y", "z"))
    assert example.meta == {"captions_equal": True}


@pytest.mark.parametrize(
    ("cell", "texts"),
    [
        ('["no cat", "a dog"]', ("no cat", "a dog")),
        ("['no cat', \"a dog's\"]", ("no cat", "a dog's")),
        ("[]", ()),
        ("", ()),
        ("  ", ()),
        (None, ()),
        ("no cat", ("no cat",)),
        (["no cat"], ("no cat",)),
        ("[cat", ("[cat",)),
    ],
)
def test_cells_that_may_hold_several_texts(cell: Any, texts: tuple[str, ...]) -> None:
    assert parsed({"image": "a.jpg", "caption": "x", "negation": cell}).negations == texts


def test_parallel_lists_may_be_written_in_a_cell() -> None:
    row = {"image": "a.jpg", "caption": "x", "negations": '["p", "q"]', "negation_kinds": '["k", "l"]'}
    example = parsed({**row, "negation_of": '["0", 0]', "absence_kinds": ""})
    assert example.meta["negation_kinds"] == ["k", "l"]
    assert example.meta["negation_of"] == [0, 0]
    assert "absence_kinds" not in example.meta or example.meta["absence_kinds"] == []


def test_mapping_goes_before_known_names() -> None:
    row = {"caption": "old", "text": "new", "image": "a.jpg", "photo": "b.jpg", "captions": ["other"]}
    example = parsed(row, caption="text", image="photo")
    assert (example.caption, example.image.name) == ("new", "b.jpg")
    assert example.meta == {"caption": "old", "image": "a.jpg", "captions": ["other"]}


def test_mapping_takes_any_name_of_a_field() -> None:
    row = {"image": "a.jpg", "caption": "x", "hard": "y"}
    assert parsed(row, negative_caption="hard").negations == ("y",)
    assert parsed(row, negations="hard").negations == ("y",)


def test_wrong_column_names_those_found_and_how_to_map() -> None:
    error = refused({"scan": "a.jpg", "caption": "x"})
    assert "no column for 'image'" in error.what
    assert error.where == "x.csv:7"
    assert "scan, caption" in error.fix
    assert "--columns image=" in error.fix


@pytest.mark.parametrize("columns", [{"caption": "txt"}, {"captions": "txt"}])
def test_mapped_column_that_is_not_there(columns: dict[str, str]) -> None:
    error = refused({"image": "a.jpg", "text": "x"}, **columns)
    assert "'txt'" in error.what
    assert "image, text" in error.fix


def test_mapped_optional_column_in_no_row_is_a_typo() -> None:
    parser = RowParser({"negation": "negatoin"}, IMAGES)
    parser.example({"image": "a.jpg", "caption": "x", "negations_": "y"}, "x:1")
    with pytest.raises(UserError, match="negatoin"):
        parser.finish("x")


def test_mapped_optional_column_may_be_missing_in_some_rows() -> None:
    parser = RowParser({"negation": "neg"}, IMAGES)
    assert parser.example({"image": "a.jpg", "caption": "x"}, "x:1").negations == ()
    assert parser.example({"image": "a.jpg", "caption": "x", "neg": "y"}, "x:2").negations == ("y",)
    parser.finish("x")


def test_unknown_name_in_the_mapping_has_a_hint() -> None:
    with pytest.raises(UserError) as caught:
        RowParser({"captoin": "text"}, IMAGES)
    assert "caption" in caught.value.fix


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"caption": ""}, "empty text in 'caption'"),
        ({"caption": " \n"}, "empty text in 'caption'"),
        ({"caption": None}, "empty text in 'caption'"),
        ({"caption": 5}, "must be a text"),
        ({"caption": "x" * 100_000}, "100,000 characters"),
        ({"negations": ["y", ""]}, "empty text in 'negations'"),
        ({"negations": ["x" * (LONGEST_TEXT + 1)]}, "10,001 characters"),
        ({"negations": {"a": 1}}, "must be a text"),
        ({"negations": '["y", "z]'}, "looks like a list"),
        ({"image": ""}, "no image name"),
        ({"image": None}, "no image name"),
        ({"image": {"bytes": b""}}, "must be a name"),
        ({"image": True}, "must be a name"),
        ({"image": "https://a.org/1.jpg"}, "is a URL"),
        ({"image": "s3://bucket/1.jpg"}, "is a URL"),
        ({"split": "trian"}, "unknown split"),
        ({"negations": ["y"], "negation_kinds": ["k", "l"]}, "2 entries for 1 negations"),
        ({"negations": ["y"], "negation_kinds": [1]}, "must hold a text"),
        ({"negations": ["y"], "negation_of": ["zero"]}, "must hold a number"),
        ({"negations": ["y"], "negation_of": [1]}, "points outside"),
        ({"absences": ["y"], "absence_of": [-1]}, "points outside"),
    ],
)
def test_bad_cells_are_refused_with_file_and_row(change: dict[str, Any], message: str) -> None:
    error = refused({"image": "a.jpg", "caption": "x", **change})
    assert message in error.what
    assert error.where == "x.csv:7"
    assert error.fix


def test_captions_list_must_hold_texts_and_stand_alone() -> None:
    assert "no caption" in refused({"image": "a.jpg", "captions": []}).what
    assert "empty text" in refused({"image": "a.jpg", "captions": ["x", " "]}).what
    assert "paraphrases" in refused({"image": "a.jpg", "captions": ["x"], "paraphrase": "y"}).what


def test_layout_tells_columns_understood_and_kept() -> None:
    parser = RowParser({}, IMAGES)
    parser.example({"filename": "a.jpg", "title": "x", "extra": 1}, "x:1")
    parser.example({"filename": "a.jpg", "title": "x", "negated": "y"}, "x:2")
    assert parser.layout.used == {"image": "filename", "caption": "title", "negations": "negated"}
    assert parser.layout.meta == ("extra",)


def test_negative_images_are_one_name_or_a_list() -> None:
    row = {"image": "a.jpg", "caption": "a cat", "negations": ["no cat", "a dog"]}
    refs = tuple(ImageRef(name, IMAGES / name) for name in ("b.jpg", "5"))
    assert parsed({**row, "negative_image": "b.jpg"}).negative_images == refs[:1]
    assert parsed({**row, "negative_images": ["b.jpg", 5]}).negative_images == refs
    assert parsed({**row, "negative_images": '["b.jpg", 5]'}).negative_images == refs  # a table's cell
    for nothing in (None, "", [], "[]"):
        assert parsed({**row, "negative_images": nothing}).negative_images == ()


def test_malformed_negative_images_are_named() -> None:
    row = {"image": "a.jpg", "caption": "a cat", "negations": ["no cat"]}
    assert "2 negative images for 1 negations" in refused({**row, "negative_images": ["b.jpg", "c.jpg"]}).what
    assert "empty name in 'negative_images'" in refused({**row, "negative_images": ["b.jpg", ""]}).what


def test_paraphrases_beside_captions_say_what_they_were_made_from() -> None:
    row = {"image": "a.jpg", "captions": ["x", "y"], "paraphrases": ["p", "q"]}
    example = parsed({**row, "paraphrase_of": [1, 0], "paraphrase_kinds": ["k", "l"]})
    assert (example.caption, example.paraphrases, example.captions) == ("x", ("y", "p", "q"), ("x", "y"))
    assert example.meta["paraphrase_of"] == [1, 0] and example.meta["paraphrase_kinds"] == ["k", "l"]
    assert "beside a list of captions" in refused(row).what
    assert "points outside the 2" in refused({**row, "paraphrase_of": [1, 2]}).what
    assert "1 entries for 2" in refused({**row, "paraphrase_of": [1]}).what


def test_paraphrases_of_one_caption_may_say_so() -> None:
    row = {"image": "a.jpg", "caption": "x", "paraphrases": ["p", "q"]}
    assert parsed(row).captions == ("x", "p", "q")
    assert parsed({**row, "paraphrase_of": [0, 0]}).captions == ("x",)


@pytest.mark.parametrize(
    ("row", "image", "captions"),
    [
        ({"URL": "http://a.org/1.jpg", "image_path": "1.jpg", "TEXT": "a cat"}, "1.jpg", ("a cat",)),  # LAION's names
        ({"url": "file:///data/1.jpg", "text": "a cat"}, "/data/1.jpg", ("a cat",)),
        ({"img_name": "1.jpg", "comment": "a cat"}, "1.jpg", ("a cat",)),
        ({"image": "1.jpg", "caption": ["a cat", "one cat"]}, "1.jpg", ("a cat", "one cat")),  # BLIP's
        ({"filename": "1.jpg", "sentences": [{"raw": "a cat", "tokens": ["a", "cat"]}]}, "1.jpg", ("a cat",)),
        ({"file_name": "1.jpg", "title": "A", "caption": "a cat", "text": "long"}, "1.jpg", ("a cat",)),
        ({"image": "1.jpg", "caption": "a cat", "captions": ["one cat", "a tom"]}, "1.jpg", ("one cat", "a tom")),
    ],
)
def test_names_of_other_people(row: dict[str, Any], image: str, captions: tuple[str, ...]) -> None:
    example = parsed(row)
    assert example.image.name == image
    assert example.captions == captions


def test_where_two_could_be_meant_it_is_told_which_was_taken_and_how_to_take_the_other() -> None:
    row = {"image": "1.jpg", "filename": "2.jpg", "text": "long", "title": "A", "extra": 1}
    parser = RowParser({}, IMAGES)
    example = parser.example(row, "x:1")
    assert (example.image.name, example.caption) == ("1.jpg", "A")
    assert parser.layout.passed_over == {"filename": "image", "text": "caption"}
    image, caption = parser.notes()
    assert "'image' is read as 'image', and 'filename' is not" in image
    assert "--columns caption=text" in caption
    other = RowParser({"caption": "text"}, IMAGES)  # as the note says
    assert other.example(row, "x:1").caption == "long"
    assert "caption" not in other.layout.passed_over.values()


def test_negclips_own_columns() -> None:
    parser = RowParser({}, IMAGES)
    row = {"filepath": "1.jpg", "title": "a dog on a cat", "neg_caption": "['a cat on a dog', 'x']", "neg_image": "[7]"}
    example = parser.example(row, "x:1")
    assert example.negations == ("a cat on a dog", "x")
    assert example.negative_images == ()
    (note,) = parser.notes()
    assert "neg_image" in note and "not read" in note


def photos_in(*folders: Path) -> None:
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / "1.jpg").write_bytes(b"x")


@pytest.mark.parametrize(
    ("of_file", "of_photos"),
    [
        (".", "Images"),
        (".", "flickr30k/images"),
        ("annotations", "train2017"),
        ("Flickr8k_text", "Flicker8k_Dataset"),
    ],
)
def test_photos_are_found_around_the_file(of_file: str, of_photos: str, tmp_path: Path) -> None:
    photos_in(tmp_path / of_photos)
    (tmp_path / of_file).mkdir(exist_ok=True)
    parser = RowParser({}, tmp_path / of_file, look_around=True)
    first = [parser.example({"image": f"{n}.jpg", "caption": "x"}, "x:1").image.path for n in (0, 1, 2)]
    assert first[1:] == [tmp_path / of_photos / "1.jpg", tmp_path / of_photos / "2.jpg"]
    assert str(tmp_path / of_photos) in parser.notes()[0]
    assert RowParser({}, tmp_path).example({"image": "1.jpg", "caption": "x"}, "").image.path == tmp_path / "1.jpg"


def test_photos_of_another_data_set_are_not_taken(tmp_path: Path) -> None:
    photos_in(tmp_path / "dogs")
    (tmp_path / "cats").mkdir()
    parser = RowParser({}, tmp_path / "cats", look_around=True)
    assert parser.example({"image": "1.jpg", "caption": "x"}, "x:1").image.path == tmp_path / "cats/1.jpg"
    assert parser.notes() == []


def test_of_several_folders_with_the_photo_the_usual_name_goes_first_and_the_others_are_told(tmp_path: Path) -> None:
    photos_in(tmp_path / "images_small", tmp_path / "a", tmp_path / "Images")
    parser = RowParser({}, tmp_path, look_around=True)
    assert parser.example({"image": "1.jpg", "caption": "x"}, "x:1").image.path == tmp_path / "Images/1.jpg"
    assert f"also found in {tmp_path / 'a'}, {tmp_path / 'images_small'}" in parser.notes()[0]


def test_a_sample_without_what_others_have_is_incomplete_and_no_question_of_names(tmp_path: Path) -> None:
    parser = RowParser({}, tmp_path)
    parser.example({"image": "a.jpg", "caption": "a cat", "url": "x"}, "shard.tar/0")
    with pytest.raises(EmptyTextError, match="no caption here, as other rows have; there is only image, url") as error:
        parser.example({"image": "b.jpg", "url": "y"}, "shard.tar/1")
    assert error.value.where == "shard.tar/1" and "remove the row" in error.value.fix


def test_the_first_rows_may_lack_what_the_others_have(tmp_path: Path) -> None:
    parser = RowParser({}, tmp_path)
    for number in range(3):
        with pytest.raises(EmptyTextError):
            parser.example({"image": f"{number}.jpg", "url": "y"}, f"shard.tar/{number}")
    parser.example({"image": "a.jpg", "caption": "a cat"}, "shard.tar/3")
    parser.finish("shard.tar")


def test_where_no_row_has_a_caption_it_is_a_question_of_names(tmp_path: Path) -> None:
    parser = RowParser({}, tmp_path)
    for number in range(100):
        with pytest.raises(EmptyTextError):
            parser.example({"image": f"{number}.jpg", "url": "y"}, f"shard.tar/{number}")
    with pytest.raises(
        UserError, match="no column for 'caption'"
    ) as early:  # a file of millions is not read to its end
        parser.example({"image": "100.jpg", "url": "y"}, "shard.tar/100")
    with pytest.raises(UserError, match="no column for 'caption'") as last:
        parser.finish("shard.tar")
    assert early.value.where == last.value.where == "shard.tar/0" and "image, url" in last.value.fix
