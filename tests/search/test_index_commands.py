"""`semclip index` and `semclip search` as typed."""

import importlib.util
import io
import json
import shlex
import shutil
import sys
from pathlib import Path

import pytest

from semclip.cli import main
from semclip.core.errors import UserError
from semclip.search.model import DEFAULT_MODEL
from tests.search.photos import fill, model


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    """`semclip WORDS` in a folder with photos and a saved model."""
    fill(tmp_path / "photos", 8)
    model().encoder.save(tmp_path / "tiny")  # type: ignore[attr-defined]
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(main, "app", _app())

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["semclip", *words])
        with pytest.raises(SystemExit) as ended:
            main.run()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return run


def _app():  # type: ignore[no-untyped-def]
    import typer

    return typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


def test_as_a_new_user_types_it(typed, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    code, said, errors = typed("index", "photos", "--model", "tiny", "--device", "cpu")
    assert code == 0, errors
    assert "8 new; 8 photos in all" in said and (tmp_path / ".semclip").is_dir()
    code, said, errors = typed("search", "circle -blue", "--top", "3")
    assert code == 0, errors
    lines = said.splitlines()
    assert lines[0] == "understood as: circle, minus blue" and len(lines) == 4 and "photos/" in lines[1]
    code, said, errors = typed("search", "circle", "-blue", "square", "--top", "1")
    assert code == 0 and 'for two: circle -"blue square"' in said, errors
    assert "'never' is read as a word like any other" in typed("search", "circle never blue", "--top", "1")[1]
    code, said, _ = typed("search", "-blue", "--explain", "--top", "1")
    assert code == 0 and "- blue:" in said
    code, said, errors = typed("search", "folder:a", "--top", "3")
    listed = ["4 photos, in the order of paths; the first 3 of them", *(f"photos/a/{i:03}.png" for i in (0, 2, 4))]
    assert code == 0 and said.splitlines()[1:] == listed, errors
    code, said, _ = typed("search", "circle", "-blue", "--paths")
    photos = {path.relative_to(tmp_path) for path in (tmp_path / "photos").rglob("*.png")}
    assert code == 0 and {Path(line) for line in said.splitlines()} == photos
    code, said, _ = typed("search", "circle -blue", "--json", "--top", "2")
    found = json.loads(said)
    assert found["understood"] == "circle, minus blue" and len(found["hits"]) == 2
    assert {part["label"] for part in found["hits"][0]["parts"]} == {"circle", "blue"}
    code, said, _ = typed("index", "photos")
    assert code == 0 and "8 unchanged" in said


def test_index_and_model_can_be_moved(typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    album = tmp_path / "album"
    album.mkdir()
    for name in ("photos", "tiny"):
        (tmp_path / name).rename(album / name)
    monkeypatch.chdir(album)
    assert typed("index", "photos", "--model", "tiny")[0] == 0
    moved = album.rename(tmp_path / "moved")
    monkeypatch.chdir(moved)
    code, said, errors = typed("search", "circle", "--top", "1")
    assert code == 0 and "photos/" in said, errors
    (moved / "tiny").rename(tmp_path / "elsewhere")
    code, _, errors = typed("search", "circle", "--top", "1")
    assert code == 2 and "no longer at" in errors and "--model" in errors
    assert typed("index", "photos", "--model", "../elsewhere")[0] == 0
    code, said, errors = typed("search", "circle", "--top", "1")
    assert code == 0 and "photos/" in said, errors


def test_paths_are_those_of_the_folder_one_is_in(typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    shutil.copy(tmp_path / "photos" / "a" / "002.png", tmp_path / "photos" / "a" / "twin.png")
    shutil.copy(tmp_path / "photos" / "b" / "001.png", tmp_path / "twin.png")
    assert typed("index", ".", "--model", "tiny")[0] == 0
    monkeypatch.chdir(tmp_path / "photos" / "a")
    code, said, errors = typed("search", "like:twin.png", "--top", "1")
    assert code == 0 and said.splitlines()[1].endswith("002.png  (also twin.png)"), errors
    monkeypatch.setenv("HOME", str(tmp_path / "photos"))
    assert typed("search", "like:~/a/twin.png", "--top", "1")[1].splitlines()[1:] == said.splitlines()[1:]
    code, said, errors = typed("index", ".")
    assert code == 0 and "5 unchanged" in said and not (tmp_path / "photos" / "a" / ".semclip").exists(), errors


def test_the_advice_for_photos_that_are_gone_works(typed, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    assert typed("index", "photos", "--model", "tiny", "--index", "my index")[0] == 0
    (tmp_path / "photos" / "a" / "002.png").unlink()
    shutil.rmtree(tmp_path / "photos" / "b")
    for _ in range(2):
        code, said, errors = typed("search", "circle", "--index", "my index")
        assert code == 0 and "the file is gone" in said, errors
        advice = said.partition("the file is gone: semclip ")[2].partition(")\n")[0]
        assert typed(*shlex.split(advice))[0] == 0
    code, said, errors = typed("search", "circle", "--index", "my index")
    assert code == 0 and "gone" not in said and len(said.splitlines()) == 4, errors


def test_a_folder_deleted_meanwhile_is_named(typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path / "empty")
    (tmp_path / "empty").rmdir()
    for command in (("search", "circle"), ("serve", "--no-open"), ("index", str(tmp_path / "photos"))):
        code, _, errors = typed(*command)
        assert code == 2 and "has been deleted" in errors and "Traceback" not in errors


def test_the_shipped_sample_as_the_readme_has_it(typed, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """Its masks and the images of its negations are no photos."""
    assert typed("data", "sample", "shipped")[0] == 0
    code, said, errors = typed("index", "shipped", "--model", "tiny")
    assert code == 0 and "10 new; 10 photos in all" in said, errors
    code, said, errors = typed("search", "circle -blue", "--paths")
    images = sorted(str(path.relative_to(tmp_path)) for path in (tmp_path / "shipped" / "images").iterdir())
    assert code == 0 and sorted(said.splitlines()) == images, errors


def test_the_index_is_found_from_a_folder_below(typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    assert typed("index", "photos", "--model", "tiny")[0] == 0
    monkeypatch.chdir(tmp_path / "photos" / "a")
    code, said, errors = typed("search", "circle", "--paths", "--top", "9")
    assert code == 0 and "000.png" in said.split(), errors


@pytest.mark.parametrize(
    ("words", "what", "fix"),
    [
        (("search", "circle"), "no index of photos here", "semclip index FOLDER"),
        (("search", "circle", "--index", "empty"), "no index here", "semclip index FOLDER"),
        (("index", "empty", "--model", "tiny"), "the folder holds no photo", "semclip data sample"),
        (("index", "nowhere", "--model", "tiny"), "no such folder", "name the folder"),
        (("index", "photos/a/000.png", "--model", "tiny"), "this is a file", "name the folder"),
        (("index", "photos", "--model", "./nothing"), "no model folder", "a run"),
        (("index", "photos", "--forget"), "no index here", "semclip index FOLDER"),
        (("search", "circle", "--exlain"), "no option is called --exlain", "--help"),
    ],
)
def test_mistakes_say_what_where_and_how(typed, words: tuple[str, ...], what: str, fix: str, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    code, said, errors = typed(*words)
    assert code == 2 and what in errors and "where:" in errors and fix in errors, (said, errors)
    assert not (tmp_path / ".semclip").exists()


def test_another_model_and_forgetting(typed) -> None:  # type: ignore[no-untyped-def]
    model(1).encoder.save(Path("other"))  # type: ignore[attr-defined]
    assert typed("index", "photos", "--model", "tiny")[0] == 0
    code, _, errors = typed("index", "photos", "--model", "other")
    assert code == 2 and "belongs to the model" in errors and "--index" in errors
    code, said, _ = typed("index", "photos", "--forget")
    assert code == 0 and "8 photos forgotten" in said
    code, said, _ = typed("search", "circle")
    assert code == 0 and "no photo: the index is empty" in said


def test_unreadable_photos_are_listed_and_names_are_harmless(typed, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    for number in range(25):
        (tmp_path / "photos" / f"bad\x1b[31m{number:02}.jpg").write_text("no picture")
    code, said, _ = typed("index", "photos", "--model", "tiny")
    assert code == 0 and "25 could not be read" in said and "no format of pictures" in said and "and 5 more" in said
    assert "\x1b" not in said and "\\x1b[31m03" in said
    assert len((tmp_path / ".semclip" / "unreadable.txt").read_text().splitlines()) == 25


def test_the_default_model_without_a_network(
    typed,
    monkeypatch: pytest.MonkeyPatch,  # type: ignore[no-untyped-def]
) -> None:
    def no_network(*_: object) -> None:
        raise UserError("cannot download the weights", where="model", fix="put them somewhere")

    monkeypatch.setattr("semclip.models.load.load", no_network)
    code, _, errors = typed("index", "photos")
    assert code == 2 and "ViT-B-32/laion2b_s34b_b79k" in errors and "--model" in errors and "run folder" in errors


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("answer", ["y", "n"])
def test_a_search_without_an_index_offers_to_make_one(
    typed,  # type: ignore[no-untyped-def]
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
) -> None:
    monkeypatch.setattr("semclip.models.load.load", lambda spec: model().encoder)
    monkeypatch.setattr(sys, "stdin", Terminal(f"{answer}\n"))
    code, said, errors = typed("search", "circle", "--top", "3")
    assert "No index of photos here" in errors and DEFAULT_MODEL in errors
    assert (code == 0) is (tmp_path / ".semclip").is_dir() is (answer == "y")
    assert ("8 new" in said and "understood as: circle" in said) is (answer == "y")


@pytest.mark.parametrize("words", [("search", "circle"), ("index", "photos"), ("serve",)])
def test_without_the_extra_it_says_what_to_install(
    typed, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:  # type: ignore[no-untyped-def]
    there = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *a: None if name == "lark" else there(name, *a))
    code, _, errors = typed(*words)
    assert code == 2 and "needs lark" in errors and "pip install 'semclip[search]'" in errors
