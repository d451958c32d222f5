"""The guide "your first hour": every command in it, as typed, one after another in an empty folder."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.cli.test_commands import semclip

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/guides/first_hour.md").read_text("utf-8")
#: Language and content of every block, in order.
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)


@pytest.mark.slow
def test_every_command_works_as_typed(tmp_path: Path) -> None:
    pytest.importorskip("lancedb", reason="pip install 'semclip[search]'")
    typed = 0
    for language, content in BLOCKS:
        if language == "python":
            subprocess.run([sys.executable, "-c", content], cwd=tmp_path, check=True, timeout=600)
            continue
        for line in content.splitlines():
            program, *arguments = shlex.split(line, comments=True)
            assert program == "semclip", line
            if arguments[0] == "serve":
                serves(tmp_path, arguments)
            else:
                code, said, errors = semclip(tmp_path, *arguments)
                assert code == 0, (line, said, errors)
            typed += 1
    assert typed >= 14
    assert len(list((tmp_path / "world/images").glob("*.png"))) == 200
    card = (tmp_path / "runs/tuned/exports/hub-folder/README.md").read_text()
    assert "`negclip`" in card and "## What got worse" in card


def serves(folder: Path, arguments: list[str]) -> None:
    """The page is there, with the photos of the index, until Ctrl-C."""
    command = [sys.executable, "-m", "semclip", *arguments, "--no-open", "--port", "0"]
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"}
    ) as page:
        assert page.stdout is not None
        try:
            address = page.stdout.readline().strip()
            deadline = time.monotonic() + 600
            while True:
                try:
                    with urllib.request.urlopen(address, timeout=300) as answer:
                        assert b"<html" in answer.read().lower()
                    break
                except OSError:
                    assert time.monotonic() < deadline, "no page"
                    time.sleep(0.2)
        finally:
            page.send_signal(signal.SIGINT)
            page.communicate(timeout=600)  # it says that it stops
    # A command that was started in the background does not hear Ctrl-C as one; the page ends all the same.
    assert page.returncode == (0 if signal.getsignal(signal.SIGINT) is signal.SIG_IGN else 130)


def test_what_it_names_is_there() -> None:
    for guide in ("docs/guides/first_hour.md", "docs/guides/export.md", "docs/python.md"):
        text = (ROOT / guide).read_text("utf-8")
        for target in re.findall(r"\]\(([^)#:]+)\)", text):
            assert ((ROOT / guide).parent / target).exists(), (guide, target)
    assert "first_hour.md" in (ROOT / "README.md").read_text("utf-8")


def test_the_page_on_python_names_what_there_is() -> None:
    import semclip as package

    page = (ROOT / "docs/python.md").read_text("utf-8")
    missing = [name for name in package.__all__ if name != "__version__" and name not in page]
    assert not missing
    for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        compile(block, "docs/python.md", "exec")
        for name in re.findall(r"semclip\.(\w+)", block):
            assert name in package.__all__
