"""The journal: what it holds survives, what does not belong to it is refused, a full disk keeps what was there."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from semclip.captions import journal as journals
from semclip.captions.journal import Journal, flattened, journal_path, remove
from semclip.core.errors import UserError

SIGNATURE = {"input": {"sha256": "ab", "rows": 3}, "writer": {"model": "x"}, "verify": [{"verifier": "lexical"}]}


def test_what_was_added_is_there_in_the_next_process(tmp_path: Path) -> None:
    with Journal(tmp_path / "j", SIGNATURE) as journal:
        journal.add(2, "negation", {"texts": ["“ü” \ud800"]})
        journal.add(0, "absence", {"texts": []})
    with Journal(tmp_path / "j", SIGNATURE) as journal:
        assert journal.of(2) == {"negation": {"texts": ["“ü” \ud800"]}}
        assert journal.of(0) == {"absence": {"texts": []}}
        assert journal.of(1) == {}


def test_nothing_is_settled_twice(tmp_path: Path) -> None:
    with pytest.raises(UserError), Journal(tmp_path / "j", SIGNATURE) as journal:
        journal.add(0, "negation", {})
        journal.add(0, "negation", {})


def test_a_commit_survives_a_kill_and_the_rest_is_no_half_row(tmp_path: Path) -> None:
    code = f"""
import os, signal
from pathlib import Path
from semclip.captions.journal import Journal
with Journal(Path({str(tmp_path / "j")!r}), {SIGNATURE!r}) as journal:
    journal.add(0, "negation", {{"n": 0}})
    journal.commit()
    journal.add(1, "negation", {{"n": 1}})
    os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    with Journal(tmp_path / "j", SIGNATURE) as journal:
        assert journal.of(0) == {"negation": {"n": 0}}
        assert journal.of(1) == {}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"writer": {"model": "y"}}, 'writer.model: "x" in the journal, "y" now'),
        ({"input": {"sha256": "cd", "rows": 3}}, 'input.sha256: "ab" in the journal, "cd" now'),
        # What was typed leads: splits are drawn with the seed, so the hash follows it.
        ({"input": {"sha256": "cd", "rows": 3}, "seed": 1}, "seed: nothing in the journal, 1 now; input.sha256"),
        ({"verify": []}, "verify.1.verifier"),
        ({"attempts": 2}, "attempts: nothing in the journal, 2 now"),
    ],
)
def test_a_journal_of_another_job_is_refused_key_by_key(tmp_path: Path, change: dict[str, object], said: str) -> None:
    with Journal(tmp_path / "j", SIGNATURE) as journal:
        journal.add(0, "negation", {})
    before = (tmp_path / "j").read_bytes()
    with pytest.raises(UserError) as refused, Journal(tmp_path / "j", {**SIGNATURE, **change}):
        pass
    assert said in refused.value.what and "--restart" in refused.value.fix
    assert (tmp_path / "j").read_bytes() == before
    remove(tmp_path / "j")
    with Journal(tmp_path / "j", {**SIGNATURE, **change}) as journal:
        assert journal.of(0) == {}


def test_a_journal_without_a_result_is_of_any_job(tmp_path: Path) -> None:
    """The server knew no such model: with another one the job begins."""
    with Journal(tmp_path / "j", SIGNATURE):
        pass
    with Journal(tmp_path / "j", {**SIGNATURE, "seed": 7}) as journal:
        journal.note("batch 1", {"id": "b", "keys": []})  # what was asked and will be paid
    with pytest.raises(UserError, match="seed: 7 in the journal, nothing now"), Journal(tmp_path / "j", SIGNATURE):
        pass


def test_a_journal_of_another_version_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Journal(tmp_path / "j", SIGNATURE):
        pass
    monkeypatch.setattr(journals, "FORMAT", journals.FORMAT + 1)
    with pytest.raises(UserError, match="format: 1 in the journal, 2 now"), Journal(tmp_path / "j", SIGNATURE):
        pass


def test_two_jobs_on_one_output_are_refused(tmp_path: Path) -> None:
    with Journal(tmp_path / "j", SIGNATURE), pytest.raises(UserError, match="another process is writing this output"):
        Journal(tmp_path / "j", SIGNATURE).__enter__()


def test_a_file_that_is_no_journal_is_refused_and_kept(tmp_path: Path) -> None:
    (tmp_path / "j").write_text("not a database, " * 100)
    with pytest.raises(UserError, match="damaged"), Journal(tmp_path / "j", SIGNATURE):
        pass
    assert (tmp_path / "j").read_text().startswith("not a database")


def test_a_journal_that_cannot_be_deleted_is_told(tmp_path: Path) -> None:
    (tmp_path / "j").mkdir()
    with pytest.raises(UserError, match="cannot delete"), Journal(tmp_path / "j", SIGNATURE, restart=True):
        pass


def test_a_full_disk_keeps_what_was_committed(tmp_path: Path) -> None:
    with Journal(tmp_path / "j", SIGNATURE) as journal:
        journal.add(0, "negation", {"n": 0})
    with pytest.raises(UserError) as full, Journal(tmp_path / "j", SIGNATURE) as journal:
        journal._database.execute("PRAGMA max_page_count = 6")  # SQLite then answers as on a full disk
        for place in range(1, 1000):
            journal.add(place, "negation", {"text": "x" * 500})
    assert "disk is full" in full.value.what and "same command" in full.value.fix
    with Journal(tmp_path / "j", SIGNATURE) as journal:
        assert journal.of(0) == {"negation": {"n": 0}}
        journal.add(5000, "negation", {})


def test_the_journal_is_beside_the_output_and_readable_with_plain_sqlite(tmp_path: Path) -> None:
    path = journal_path(tmp_path / "new" / "out.jsonl")
    assert path == tmp_path / "new" / "out.jsonl.journal"
    with Journal(path, SIGNATURE) as journal:
        journal.add(7, "absence", {})
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT place, view FROM settled").fetchall() == [(7, "absence")]


def test_flattened() -> None:
    assert flattened({"a": {"b": 1, "c": [{"d": 2}, {"d": 3}]}, "e": (), "f": {}}) == {
        "a.b": 1, "a.c.1.d": 2, "a.c.2.d": 3, "e": [], "f": {},
    }  # fmt: skip
