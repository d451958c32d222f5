"""The house: which rooms there are, and how many arrows run between them. The map in CONTRIBUTING.md shows both."""

import ast
from pathlib import Path

import semclip

ROOT = Path(semclip.__file__).parent
ROOMS = {
    "captions",
    "cli",
    "core",
    "data",
    "english",
    "evaluation",
    "models",
    "objectives",
    "reports",
    "search",
    "training",
}
MOST_ARROWS = 31


def imported(path: Path) -> set[str]:
    """Rooms that a file imports, anywhere in it: imports inside functions count."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        found |= {name.split(".")[1] for name in names if name.startswith("semclip.")}
    return found & ROOMS


def arrows() -> set[tuple[str, str]]:
    return {
        (room, other)
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        for other in imported(path)
        if other != room
    }


def test_rooms_are_those_of_the_map() -> None:
    rooms = {path.name for path in ROOT.iterdir() if (path / "__init__.py").is_file()}
    assert rooms == ROOMS


def test_there_are_few_arrows() -> None:
    found = arrows()
    assert len(found) <= MOST_ARROWS, sorted(found)


def test_no_two_rooms_import_each_other() -> None:
    found = arrows()
    assert not {(a, b) for a, b in found if (b, a) in found}


def test_arrows_are_found_inside_functions(tmp_path: Path) -> None:
    file = tmp_path / "late.py"
    file.write_text(
        "def f():\n    from semclip.models.load import load\n    import semclip.data.load\n    return load\n"
    )
    assert imported(file) == {"models", "data"}


def test_one_console_prints_text_from_outside() -> None:
    """rich's own console takes `[bold]` in a file's name for markup; only `core.console` makes one."""
    made = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in ROOT.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and (getattr(node.func, "id", "") == "Console" or getattr(node.func, "attr", "") == "from_markup")
    ]
    assert not made, made
