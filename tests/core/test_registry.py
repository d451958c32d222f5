"""Plugins by file name: listing, hints, collisions, and classes of the user's own files."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from semclip.core.errors import UserError
from semclip.core.registry import FAMILIES, Registry

BASE = "class Base:\n    name = ''\n"
PLUGIN = '"""{summary}\n\nMore."""\nfrom {package}.things.base import Base\n\nclass {name}(Base):\n    pass\n'


@pytest.fixture
def things(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Registry:
    """A family of two plugins, `red` and `dark_blue`, in a package made for this test."""
    package = f"plugins_{abs(hash(request.node.nodeid)):x}"
    folder = tmp_path / package / "things"
    folder.mkdir(parents=True)
    (tmp_path / package / "__init__.py").write_text("")
    (folder / "__init__.py").write_text("raise AssertionError('listing must not import')\n")
    (folder / "base.py").write_text(BASE)
    (folder / "_helper.py").write_text("")
    (folder / "notes.txt").write_text("")
    (folder / "red.py").write_text(PLUGIN.format(summary="Paints red.", package=package, name="Red"))
    (folder / "dark_blue").mkdir()
    (folder / "dark_blue" / "__init__.py").write_text(
        PLUGIN.format(summary="Paints blue.", package=package, name="DarkBlue")
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    return Registry("things", (f"{package}.things",), f"{package}.things.base:Base")


def folder_of(registry: Registry, root: Path) -> Path:
    return root.joinpath(*registry.packages[0].split("."))


def importable(registry: Registry, root: Path) -> None:
    (folder_of(registry, root) / "__init__.py").write_text("")


def test_listing_imports_nothing(things: Registry) -> None:
    assert things.names() == ["dark_blue", "red"]
    assert things.summaries() == {"dark_blue": "Paints blue.", "red": "Paints red."}
    assert not any(name.startswith(things.packages[0]) for name in sys.modules)


def test_a_plugin_is_found_by_file_or_folder_name(things: Registry, tmp_path: Path) -> None:
    importable(things, tmp_path)
    assert things.get("red").__name__ == "Red"
    assert things.get("red").name == "red"
    assert things.get("dark_blue").name == "dark_blue"


def test_a_misspelt_name_gets_a_hint(things: Registry) -> None:
    with pytest.raises(UserError, match="unknown thing 'rde'") as caught:
        things.get("rde")
    assert "Did you mean red?" in caught.value.fix
    assert "file.py:Class" in caught.value.fix
    with pytest.raises(UserError) as caught:
        things.get("base")
    assert "dark_blue, red" in caught.value.fix


def test_two_of_one_name_are_refused(things: Registry, tmp_path: Path) -> None:
    folder = folder_of(things, tmp_path) / "red"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    with pytest.raises(UserError, match="two things are called 'red'") as caught:
        things.names()
    assert "red.py" in caught.value.where


def test_a_family_may_have_several_packages(things: Registry, tmp_path: Path) -> None:
    importable(things, tmp_path)
    more = folder_of(things, tmp_path).with_name("more_things")
    more.mkdir()
    (more / "__init__.py").write_text("")
    package = things.packages[0].partition(".")[0]
    (more / "grey.py").write_text(PLUGIN.format(summary="Paints grey.", package=package, name="Grey"))
    both = replace(things, packages=(*things.packages, f"{package}.more_things"))
    assert both.names() == ["dark_blue", "grey", "red"]
    assert both.summaries()["grey"] == "Paints grey." and both.package_of("grey") == f"{package}.more_things"
    assert both.get("grey").__name__ == "Grey" and both.get("red").__name__ == "Red"
    (more / "red.py").write_text("")
    with pytest.raises(UserError, match="two things are called 'red'") as caught:
        both.get("grey")
    assert "more_things" in caught.value.where


@pytest.mark.parametrize("body", ["", "class A(Base):\n    pass\n\nclass B(Base):\n    pass\n"])
def test_a_file_holds_exactly_one(body: str, things: Registry, tmp_path: Path) -> None:
    importable(things, tmp_path)
    file = folder_of(things, tmp_path) / "green.py"
    file.write_text(f"from {things.packages[0]}.base import Base\n\n{body}")
    with pytest.raises(UserError, match="exactly one public subclass") as caught:
        things.get("green")
    assert caught.value.where == str(file)


def test_imported_and_private_subclasses_do_not_count(things: Registry, tmp_path: Path) -> None:
    importable(things, tmp_path)
    (folder_of(things, tmp_path) / "green.py").write_text(
        f"from {things.packages[0]}.base import Base\nfrom {things.packages[0]}.red import Red\n\n"
        "class _Half(Red):\n    pass\n\nclass Green(_Half):\n    pass\n"
    )
    assert things.get("green").__name__ == "Green"


def test_a_class_of_the_users_own_file(things: Registry, tmp_path: Path) -> None:
    importable(things, tmp_path)
    own = tmp_path / "mine.py"
    own.write_text(
        f"from {things.packages[0]}.base import Base\n\nclass Mine(Base):\n    pass\n\nclass Other:\n    pass\n"
    )
    cls = things.get(f"{own}:Mine")
    assert cls.__name__ == "Mine"
    assert cls.name == f"{own}:Mine"
    assert things.get(f"{own}:Mine") is cls  # loaded once: isinstance keeps its meaning
    with pytest.raises(UserError, match="'Other' is no thing"):
        things.get(f"{own}:Other")
    with pytest.raises(UserError, match="no class 'Mien'") as caught:
        things.get(f"{own}:Mien")
    assert "Mine" in caught.value.fix
    with pytest.raises(UserError, match="no such thing file"):
        things.get(f"{tmp_path}/nothing.py:Mine")


def test_a_file_that_fails_to_load_is_tried_again(things: Registry, tmp_path: Path) -> None:
    importable(things, tmp_path)
    own = tmp_path / "broken.py"
    own.write_text("1 / 0\n")
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            things.get(f"{own}:Mine")


def test_readers_are_listed() -> None:
    assert {"csv", "jsonl", "parquet", "folder"} <= set(FAMILIES["readers"].names())


def test_listing_every_family_imports_no_torch() -> None:
    code = (
        "import sys\nfrom semclip.core.registry import FAMILIES\n"
        "for family in FAMILIES.values(): family.summaries()\n"
        "heavy = {'torch', 'open_clip', 'lightning', 'matplotlib'} & set(sys.modules)\nassert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
