"""What the README says to type works as typed, one line after another, in an empty folder."""

import re
import shlex
from pathlib import Path

import pytest

from tests.cli.test_commands import semclip

README = Path(__file__).parents[2] / "README.md"
BLOCKS = re.findall(r"^```\n(.*?)^```$", README.read_text("utf-8"), re.DOTALL | re.MULTILINE)
LINES = [line for block in BLOCKS for line in block.splitlines()]


@pytest.mark.slow
def test_every_line_works_as_typed(tmp_path: Path) -> None:
    typed = [shlex.split(line, comments=True) for line in LINES if line.startswith("semclip ")]
    typed.remove(["semclip", "serve"])  # has tests of its own, and does not end by itself
    assert len(typed) >= 7
    for _, *arguments in typed:
        code, said, errors = semclip(tmp_path, *arguments)
        assert code == 0, (arguments, said, errors)
    assert (tmp_path / ".semclip").is_dir() and (tmp_path / "runs/compared/report.html").is_file()


def test_it_is_one_screen() -> None:
    assert len(README.read_text("utf-8").splitlines()) <= 56
    assert {line.split()[0] for line in LINES} == {"make", "semclip"}
    for target in re.findall(r"\]\(([^)#:]+)\)", README.read_text("utf-8")):
        assert (README.parent / target).exists(), target
