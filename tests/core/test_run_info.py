"""The record of a run."""

import json
import subprocess
from pathlib import Path

import pytest

from semclip.core import run_info as module
from semclip.core.run_info import git_hash, run_info


def test_record_is_json_and_holds_what_a_repeat_needs() -> None:
    record = run_info(seed=3, data_sha256={"x": "ab"})
    assert json.loads(json.dumps(record)) == record
    assert record["seed"] == 3
    assert record["data_sha256"] == {"x": "ab"}
    assert record["versions"]["numpy"] != "not installed"
    assert {"command", "started", "git", "python", "platform", "cpu_count"} <= set(record)


def test_the_commit_is_that_of_the_package_and_not_of_a_repository_around_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def git(*arguments: str) -> str:
        who = ["-c", "user.name=A", "-c", "user.email=a@b.c"]
        done = subprocess.run(
            ["git", "-C", str(tmp_path), *who, *arguments], capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    inside = tmp_path / ".venv" / "semclip" / "run_info.py"
    inside.parent.mkdir(parents=True)
    inside.write_text("")
    (tmp_path / "mine.txt").write_text("mine")
    monkeypatch.setattr(module, "__file__", str(inside))
    git("init", "-q")
    git("add", "mine.txt")
    git("commit", "-qm", "mine")
    assert git_hash.__wrapped__() == ""
    git("add", "-f", str(inside))
    git("commit", "-qm", "the package, too")
    assert git_hash.__wrapped__() == git("rev-parse", "HEAD")
