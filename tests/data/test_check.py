"""Every problem that the check promises to find, and none in clean data."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner

from semclip.core.errors import UserError
from semclip.data.check import Report, check
from semclip.data.load import DataConfig, load_examples
from tests.data.files import write_jsonl, write_picture


def words_over(context_length: int) -> Callable[[Sequence[str]], list[bool]]:
    """A tokenizer with a token for each word, and one for start and end."""
    return lambda texts: [len(text.split()) + 2 > context_length for text in texts]


def row(**cells: Any) -> dict[str, Any]:
    return {"image": "a.png", "caption": f"a dog on {cells['image']}" if "image" in cells else "a cat", **cells}


def checked(folder: Path, rows: list[dict[str, Any]], **options: Any) -> Report:
    write_picture(folder / "a.png")
    write_picture(folder / "b.png", "blue")
    path = write_jsonl(folder / "x.jsonl", rows)
    context_length = options.get("context_length", 77)
    return check(DataConfig(path=str(path)), words_over(context_length), context_length)


def found(report: Report) -> dict[str, tuple[int, list[str]]]:
    """problem -> (count, the rows named)."""
    rows = {f.problem: [re.search(r"x\.jsonl:(\d+)", place) for place in f.places] for f in report.findings}
    return {f.problem: (f.count, [m.group(1) for m in rows[f.problem] if m]) for f in report.findings}


def test_clean_data_has_no_findings(tmp_path: Path) -> None:
    report = checked(
        tmp_path, [row(negation="no cat", split="train"), row(image="b.png", negation="a dog", split="val")]
    )
    assert report.findings == []
    assert report.errors == 0
    assert report.rows == 2
    assert report.splits == {"train": 1, "val": 1}
    assert report.views["negation"] == 2 and report.views["absence"] == 0
    assert [e.caption for e in report.examples] == ["a cat", "a dog on b.png"]
    assert report.layout.used["negations"] == "negation"


def test_three_examples_are_shown(tmp_path: Path) -> None:
    report = checked(tmp_path, [row(image=f"{i}.png", caption=f"cat {i}") for i in range(9)])
    assert [e.caption for e in report.examples] == ["cat 0", "cat 1", "cat 2"]


@pytest.mark.parametrize(
    ("rows", "problem", "places"),
    [
        ([row(), row(image="missing.png")], "missing image", ["2"]),
        ([row(), row(negative_image="missing.png", caption="x")], "missing image", ["2"]),
        ([row(), row(image="broken.png")], "undecodable image", ["2"]),
        ([row(), row(image="cut.png")], "undecodable image", ["2"]),
        ([row(), row(image="empty.png")], "undecodable image", ["2"]),
        ([row(), row(caption=" ")], "empty text", ["2"]),
        ([row(), row(caption="x" * 100_000)], "text far too long", ["2"]),
        ([row(), row(caption=7)], "row not understood", ["2"]),
        ([row(), {"image": "b.png"}], "empty text", ["2"]),
        ([row(negation="A  Cat")], "negation equal to caption", ["1"]),
        ([row(paraphrases=["one cat"], negations=["no cat", "one cat"])], "negation equal to caption", ["1"]),
        ([row(), row(image="b.png"), row()], "exact duplicate row", ["3"]),
        ([row(id=1), row(id=1, image="b.png")], "id that occurs before", ["2"]),
        (
            [row(split="train"), row(split="test"), row(image="b.png", split="test")],
            "group that crosses splits",
            ["2"],
        ),
        ([row(split="train"), row(image="b.png")], "row without a split, where others have one", ["2"]),
    ],
)
def test_errors_are_counted_and_placed(
    rows: list[dict[str, Any]], problem: str, places: list[str], tmp_path: Path
) -> None:
    (tmp_path / "broken.png").write_bytes(b"no image")
    (tmp_path / "empty.png").write_bytes(b"")
    Image.effect_noise((64, 64), 50).save(tmp_path / "whole.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "whole.png").read_bytes()[:900])
    report = checked(tmp_path, rows)
    assert found(report) == {problem: (len(places), places)}
    assert report.errors == len(places)
    assert report.findings[0].fix


def test_rows_of_one_photo_are_one_example_with_its_captions(tmp_path: Path) -> None:
    report = checked(
        tmp_path, [row(), row(image="b.png", caption="x"), row(caption="one cat"), row(image="b.png", caption="y")]
    )
    assert (report.rows, report.groups, report.captions, report.splits) == (4, 2, 4, {"(none)": 2})
    assert report.views["caption"] == report.views["paraphrase"] == 2
    assert report.examples[0].captions == ("a cat", "one cat")
    assert report.findings == []


def test_choices_are_noted(tmp_path: Path) -> None:
    report = checked(tmp_path, [row(title="A cat")])
    assert any("--columns caption=title" in note for note in report.notes)
    code, output = run(str(tmp_path / "x.jsonl"))
    assert code == 0 and "--columns caption=title" in output


def test_every_place_is_known_and_the_first_few_are_shown_unless_all_are_asked_for(tmp_path: Path) -> None:
    report = checked(tmp_path, [row(negation="", id=str(i)) for i in range(50)] + [row(negation="no dog")])
    assert found(report)["row without a view that others have"] == (50, [str(number) for number in range(1, 51)])
    path = str(tmp_path / "x.jsonl")
    _, few = run(path)
    assert f"{path}:20: no" in few and f"{path}:21: no" not in few and "... and 30 more; --all lists them" in few
    _, every = run(path, "--all")
    assert all(f"{path}:{number}: no negation" in every for number in range(1, 51)) and "more; --all" not in every


def test_all_files_that_are_no_data_are_listed_if_asked_for(tmp_path: Path) -> None:
    for kind in ("wren", "crow"):
        (tmp_path / kind).mkdir()
        write_picture(tmp_path / kind / "1.png")
        for number in range(4):
            (tmp_path / kind / f"{kind}{number}.mp4").write_text("")
    _, few = run(str(tmp_path))
    _, every = run(str(tmp_path), "--all")
    assert "... and 3 more; --all lists them" in few and few.count(".mp4") == 5 and every.count(".mp4") == 8


def test_texts_over_the_context_length(tmp_path: Path) -> None:
    long = "cat " * 20
    rows = [
        row(caption="cat " * 8),  # exactly the room of 10 tokens with start and end
        row(caption=long + "one"),
        row(caption="two", negation="no " + long),
        row(caption="three", negation=long + "without a dog"),
        row(caption="four", negation=long + "isn't there"),
    ]
    report = checked(tmp_path, rows, context_length=10)
    counts = found(report)
    assert counts["text over the context length"] == (2, ["2", "3"])
    assert counts["text over the context length, negation word cut off"] == (2, ["4", "5"])
    assert report.errors == 0  # training works; it is worth knowing
    place = next(f for f in report.findings if "negation word" in f.problem).places[0]
    assert "negation of 23 words" in place and "without a dog" in place


def test_what_training_does_with_a_photo_or_caption_is_told(tmp_path: Path) -> None:
    write_picture(tmp_path / "sub" / "copy.png")
    Image.new("LA", (4, 4), 0).save(tmp_path / "logo.png")
    rows = [
        row(split="train", caption="The same."),
        row(split="test", image="sub/copy.png", caption="another"),
        row(split="train", image="logo.png", caption="the  SAME"),
    ]
    report = checked(tmp_path, rows)
    assert report.errors == 0
    assert found(report) == {
        "picture in two splits under two names": (1, ["2"]),
        "caption of several photos": (1, ["1"]),
        "picture not taken as it is stored": (1, ["3"]),
    }
    places = [finding.places[0] for finding in report.findings]
    assert "sub/copy.png in test is a.png" in places[0] and "a.png, logo.png" in places[1]
    assert "transparent: laid on white" in places[2]


def test_pictures_that_no_model_can_read_are_errors_as_in_training(tmp_path: Path) -> None:
    Image.new("F", (4, 4), 0.5).save(tmp_path / "float.tiff")
    report = checked(tmp_path, [row(), row(image="float.tiff")])
    assert found(report) == {"undecodable image": (1, ["2"])} and "32-bit" in report.findings[0].places[0]


def test_empty_cells_of_a_view_are_worth_knowing(tmp_path: Path) -> None:
    report = checked(tmp_path, [row(negation="x"), row(negation="", image="b.png")])
    assert found(report) == {"row without a view that others have": (1, ["2"])}
    assert report.errors == 0


def test_a_broken_line_hides_none_of_the_others(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "x.jsonl", [row(image="missing.png")])
    path.write_text(path.read_text() + "{broken\n" + path.read_text())
    report = check(DataConfig(path=str(path)), words_over(77))
    assert found(report) == {
        "row not understood": (1, ["2"]),
        "missing image": (1, ["1"]),
        "exact duplicate row": (1, ["3"]),
    }


def test_what_makes_every_row_useless_is_raised(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no column for 'image'"):
        checked(tmp_path, [{"scan": "a.png", "caption": "x"}])
    (tmp_path / "y.jsonl").write_bytes("{}".encode("utf-16"))
    with pytest.raises(UserError, match="UTF-16"):
        check(DataConfig(path=str(tmp_path / "y.jsonl")), words_over(77))


def test_all_of_twelve_bad_lines_are_listed_each_kind_with_its_fix(tmp_path: Path) -> None:
    (tmp_path / "y.jsonl").write_text("{\n" * 11 + '["a"]\n')
    report = check(DataConfig(path=str(tmp_path / "y.jsonl")), words_over(77))
    one, other = report.findings
    assert (one.count, len(one.places), one.fix) == (11, 11, "write one complete JSON object per line")
    assert other.places == [f"{tmp_path}/y.jsonl:12: a row must be a JSON object, found list"] and report.errors == 12


def test_what_the_check_calls_clean_loads_and_what_load_refuses_it_finds(tmp_path: Path) -> None:
    good, bad = [row(split="train")], [row(split="train"), row(split="test")]
    assert checked(tmp_path, good).errors == 0
    assert len(load_examples(DataConfig(path=str(tmp_path / "x.jsonl")))) == 1
    assert checked(tmp_path, bad).errors == 1
    with pytest.raises(UserError):
        load_examples(DataConfig(path=str(tmp_path / "x.jsonl")))


def run(*arguments: str) -> tuple[int, str]:
    import typer

    from semclip.cli.data_check import command

    app = typer.Typer()
    app.command()(command)
    result = CliRunner().invoke(app, arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def test_of_many_places_the_first_are_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("semclip.data.findings.MOST_PLACES", 25)
    path = write_jsonl(tmp_path / "x.jsonl", [{"image": f"{n}.jpg", "caption": f"text {n}"} for n in range(40)])
    code, output = run(str(path), "--all")
    assert code == 2 and "missing image: 40" in output and "40 errors" in output
    assert "x.jsonl:25: 24.jpg" in output and "24.jpg (no file" in output and "x.jsonl:26: " not in output
    assert "... and 15 more: mend these first" in output
    assert "... and 5 more; --all lists them" in run(str(path))[1]


def test_command_on_clean_data(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    write_picture(tmp_path / "photos" / "1.png")
    path = tmp_path / "x.csv"
    path.write_text("photo;text;negated\n1.png;[bold]a cat;no cat\n")
    code, output = run(str(path), "--images", str(tmp_path / "photos"), "--columns", "image=photo,caption=text")
    assert code == 0
    for part in ("1 row, 1 group, 1 caption", "photo", "negations", "Example 1", "[bold]a cat", "No errors."):
        assert part in output


def test_command_counts_errors_and_exits_2(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "x.jsonl", [row(), row(caption="a dog")])
    code, output = run(str(path))
    assert code == 2
    assert f"{path}:1: a.png" in output
    assert "missing image: 1" in output  # one image, whatever the number of its rows


def test_command_uses_open_clips_tokenizer(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png")
    path = write_jsonl(tmp_path / "x.jsonl", [row(negation="a cat " * 40 + "without any dog")])
    code, output = run(str(path))
    assert code == 0
    assert "negation of 83 words" in output
    assert "negation word cut off: 1" in output or "negation word cut off" in output
    assert "without any dog" in output


def test_command_refuses_a_mapping_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no column mapping"):
        run(str(tmp_path / "x.csv"), "--columns", "caption")
