"""`semclip benchmarks check`: a root with a picture that is cut short is not complete."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from semclip.cli.benchmarks_check import command
from tests.evaluation.public.test_sugarcrepe import write_sample

app = typer.Typer()
app.command()(command)


def check(root: Path, *options: str) -> str:
    result = CliRunner().invoke(app, [str(root), *options], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def state(said: str) -> str:
    """The cell `complete` of SugarCrepe."""
    return next(line for line in said.splitlines() if "sugarcrepe " in line).replace("│", " ").split()[1]


def test_pictures_are_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    write_sample(tmp_path)
    assert state(check(tmp_path)) == "yes"
    pictures = sorted((tmp_path / "coco").rglob("*.jpg"))
    pictures[0].write_bytes(pictures[0].read_bytes()[:150])
    pictures[-1].write_bytes(b"")
    said = check(tmp_path)
    assert state(said) == "no"
    assert f"sugarcrepe: 2 of {len(pictures)} images cannot be read ({pictures[0].name}, {pictures[-1].name})" in said
    assert "--allow-missing" in said
    assert state(check(tmp_path, "--no-open-pictures")) == "yes"
