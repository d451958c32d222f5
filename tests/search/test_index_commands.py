"""`semclip index` and `semclip search` as typed."""

import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from semclip.cli import main
from semclip.core.errors import UserError
from semclip.core.query import Query
from tests.search.photos import Sum, asked, fill, model


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    """`semclip WORDS` in a folder with photos and a saved model; the simplest reading and ranking of queries."""
    fill(tmp_path / "photos", 8)
    model().encoder.save(tmp_path / "tiny")  # type: ignore[attr-defined]
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(main, "app", _app())
    query, rankers = ModuleType("semclip.search.query"), ModuleType("semclip.search.rankers")
    query.parse = lambda text: asked(*text.split())  # type: ignore[attr-defined]
    query.as_sentence = lambda text: asked(text)  # type: ignore[attr-defined]
    query.describe = _described  # type: ignore[attr-defined]
    rankers.default = Sum  # type: ignore[attr-defined]
    rankers.create = lambda name, config: Sum()  # type: ignore[attr-defined]
    for module in (query, rankers):
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setattr(f"semclip.search.{module.__name__.rpartition('.')[2]}", module, raising=False)

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


def _described(query: Query) -> str:
    return query.text.replace(" -", ", minus ")


def test_as_a_new_user_types_it(typed, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    code, said, errors = typed("index", "photos", "--model", "tiny", "--device", "cpu")
    assert code == 0, errors
    assert "8 new; 8 photos in all" in said and (tmp_path / ".semclip").is_dir()
    code, said, errors = typed("search", "circle -blue", "--top", "3")
    assert code == 0, errors
    lines = said.splitlines()
    assert lines[0] == "understood as: circle, minus blue" and len(lines) == 4 and "photos/" in lines[1]
    code, said, _ = typed("search", "-blue", "--explain", "--top", "1")
    assert code == 0 and "- blue:" in said
    code, said, _ = typed("search", "circle", "-blue", "--paths")
    photos = {path.relative_to(tmp_path) for path in (tmp_path / "photos").rglob("*.png")}
    assert code == 0 and {Path(line) for line in said.splitlines()} == photos
    code, said, _ = typed("search", "circle -blue", "--json", "--top", "2")
    found = json.loads(said)
    assert found["understood"] == "circle, minus blue" and len(found["hits"]) == 2
    assert {part["label"] for part in found["hits"][0]["parts"]} == {"circle", "blue"}
    code, said, _ = typed("index", "photos")
    assert code == 0 and "8 unchanged" in said


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
        (("index", "nowhere", "--model", "tiny"), "no such folder", "check the path"),
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
