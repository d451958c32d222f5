"""What is written reads as what it was written from."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from semclip.core.errors import UserError
from semclip.core.example import Example
from semclip.data.convert import convert
from semclip.data.load import DataConfig, load_examples
from tests.data.files import write_jsonl, write_picture
from tests.data.layouts import LAYOUTS, jpeg, write_parquet


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


def meaning(example: Example) -> tuple[object, ...]:
    """All of an example but where it came from and what its image is called."""
    with example.image.open() as file:
        pixels = file.read()
    negatives = [ref.path.resolve() for ref in example.negative_images if ref.path]
    texts = (example.captions, example.paraphrases, example.negations, example.absences, example.rewrites)
    return pixels, negatives, texts, example.group, example.split, dict(example.meta)


@pytest.mark.parametrize("out", ["out/data.jsonl", "shards"])
@pytest.mark.parametrize("name", LAYOUTS)
def test_a_layout_is_the_same_after_it(name: str, out: str, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    before = DataConfig(path=str(LAYOUTS[name](tmp_path / "in")))
    assert convert(before, tmp_path / out, shard_size=2) == 3
    after = DataConfig(path=str(tmp_path / out))
    assert [meaning(e) for e in load_examples(after)] == [meaning(e) for e in load_examples(before)]
    assert len(list(tmp_path.glob("shards/*.tar"))) in (0, 2)


@pytest.mark.parametrize("out", ["out/data.jsonl", "shards"])
def test_every_field_is_kept(out: str, tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        write_picture(tmp_path / "images" / name)
    row = {
        "id": "7", "image": "a.png", "captions": ["one", "two"], "paraphrases": ["uno"], "paraphrase_of": [0],
        "paraphrase_kinds": ["k"], "negations": ["none"], "negation_of": [1], "absences": ["one, no two"],
        "rewrites": ["1"], "negative_image": "b.png", "group": "g", "split": "val", "note": {"more": [1.5, None]},
    }  # fmt: skip
    before = DataConfig(path=str(write_jsonl(tmp_path / "x.jsonl", [row])))
    convert(before, tmp_path / out)
    (a,), (b,) = load_examples(before), load_examples(DataConfig(path=str(tmp_path / out)))
    assert meaning(a) == meaning(b) and b.id == "7"
    assert b.negative_images[0].open().read() == (tmp_path / "images" / "b.png").read_bytes()


@pytest.mark.parametrize("out", ["x.jsonl", "shards"])
def test_columns_of_bytes_are_left_out_and_named(out: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_picture(tmp_path / "a.png")
    row = {"image": "a.png", "caption": "a", "embedding": b"\xff", "mask": {"bytes": jpeg("dog.jpg")}, "score": 0.5}
    write_parquet(tmp_path / "x.parquet", [row])
    convert(DataConfig(path=str(tmp_path / "x.parquet"), images=str(tmp_path)), tmp_path / out)
    (example,) = load_examples(DataConfig(path=str(tmp_path / out)))
    assert set(example.meta) == {"score"}
    said = [line for line in capsys.readouterr().err.splitlines() if "holds bytes" in line]
    assert ["'embedding'" in said[0], "'mask'" in said[1], len(said)] == [True, True, 2]


def test_lines_name_pictures_that_are_files_and_copy_none(tmp_path: Path) -> None:
    path = LAYOUTS["flickr8k_kaggle"](tmp_path)
    convert(DataConfig(path=str(path)), tmp_path / "x.jsonl")
    assert [json.loads(line)["image"] for line in (tmp_path / "x.jsonl").read_text().splitlines()] == [
        f"Images/{name}" for name in ("dog.jpg", "cat.jpg", "tree.jpg")
    ]
    assert not (tmp_path / "x_images").exists()


@pytest.mark.parametrize("out", ["x.jsonl", "shards"])
def test_a_missing_picture_leaves_nothing_half_written(out: str, tmp_path: Path) -> None:
    path = (
        LAYOUTS["saved_by_datasets"](tmp_path / "in")
        if out == "x.jsonl"
        else LAYOUTS["sidecars"](_made(tmp_path / "in"))
    )
    if out == "shards":
        (path / "tree.jpg").write_bytes(b"none")
    else:
        file = path / "test" / "data-00000-of-00001.arrow"
        picture = jpeg("tree.jpg")
        file.write_bytes(file.read_bytes().replace(picture, bytes(len(picture))))
    with pytest.raises(UserError, match="cannot read the picture") as caught:
        convert(DataConfig(path=str(path)), tmp_path / "out" / out)
    assert str(path) in caught.value.where
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def test_what_is_there_is_not_overwritten(tmp_path: Path) -> None:
    path = LAYOUTS["sidecars"](_made(tmp_path / "in"))
    (tmp_path / "x.jsonl").write_text("mine")
    with pytest.raises(UserError, match="there already"):
        convert(DataConfig(path=str(path)), tmp_path / "x.jsonl")
    assert (tmp_path / "x.jsonl").read_text() == "mine"
    with pytest.raises(UserError, match="no format to write"):
        convert(DataConfig(path=str(path)), tmp_path / "x.csv")


def test_the_command(tmp_path: Path) -> None:
    import typer

    from semclip.cli.data_convert import command

    app = typer.Typer()
    app.command()(command)
    path = LAYOUTS["coco_file"](tmp_path)
    result = CliRunner().invoke(app, [str(path), str(tmp_path / "shards"), "--shard-size", "1"])
    assert result.exit_code == 0 and "3 photos" in result.output
    assert len(load_examples(DataConfig(path=str(tmp_path / "shards")))) == 3
