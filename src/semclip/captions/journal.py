"""The journal of a caption job: results in an SQLite file beside the output, from which a killed job continues.

One row per (row of the input, view), written when that view is finished. The output is made from the journal
alone, so a job that was killed and continued writes the same bytes as one that was not.
"""

import json
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

from semclip.core.errors import UserError
from semclip.core.lock import lock_of, only_one
from semclip.core.parsing import parse_json
from semclip.core.shape import shaped

#: Changes whenever journals of before cannot be read.
FORMAT = 1

#: Seconds between commits. A commit makes what was written survive a kill; one per text would slow the rules down.
COMMIT_EVERY = 0.2

#: The path of a journal that ends with the process.
IN_MEMORY = Path(":memory:")

_TABLES = """
CREATE TABLE IF NOT EXISTS signature (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS notes (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS settled (
    place INTEGER NOT NULL, view TEXT NOT NULL, result TEXT NOT NULL, PRIMARY KEY (place, view)
) WITHOUT ROWID;
"""


def journal_path(out: Path) -> Path:
    """Where the journal of an output file is."""
    return out.with_name(out.name + ".journal")


class Journal:
    """Results by (place of the row in the input, view). A context manager; leaving it commits.

    signature: everything the results depend on; a journal holds results of one signature only. restart: forget what
    an earlier job has left.
    Raises UserError when another job writes the same output, for a journal of another signature or version (with what
    differs and how to go on), for a damaged file, and when the disk is full: what was committed stays.
    """

    def __init__(self, path: Path, signature: Mapping[str, Any], restart: bool = False) -> None:
        self.path, self._restart = path, restart
        self._lock = ExitStack()
        self._signature = flattened({"format": FORMAT, **signature})
        self._committed = time.monotonic()

    def __enter__(self) -> "Journal":
        if self.path == IN_MEMORY:
            return self._opened()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            what = f"cannot make the folder: {error.strerror or error}"
            raise UserError(what, where=str(self.path.parent), fix="choose another --out") from error
        fix = "wait until it ends, or name another --out"
        self._lock.enter_context(only_one(lock_of(self.path), "is writing this output", str(self.path), fix))
        try:
            if self._restart:
                remove(self.path)
            return self._opened()
        except BaseException:
            self._lock.close()
            raise

    def _opened(self) -> "Journal":
        with self._speaking():
            # No waiting for a lock: it is held as long as another job runs.
            self._database = sqlite3.connect(self.path, timeout=0, isolation_level=None)
        try:
            with self._speaking():
                # One process at a time, which also spares the shared memory that network drives lack.
                self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
                self._database.execute("PRAGMA journal_mode = WAL")
                self._database.execute("PRAGMA synchronous = NORMAL")
                self._database.execute("BEGIN IMMEDIATE")
                for statement in _TABLES.split(";"):
                    self._database.execute(statement)
            self._sign()
            self.commit()
        except BaseException:
            self._database.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        try:
            # Where something failed already, that is what the user must see.
            with suppress(UserError) if error else nullcontext():
                self.commit()
        finally:
            self._database.close()
            self._lock.close()

    def add(self, place: int, view: str, result: Mapping[str, Any]) -> None:
        """Settle one view of one row."""
        with self._speaking():
            self._database.execute("INSERT INTO settled VALUES (?, ?, ?)", (place, view, json.dumps(result)))
        self.commit_if_due()

    def commit_if_due(self) -> None:
        """Make everything so far survive a kill, unless that was done a moment ago."""
        if time.monotonic() - self._committed >= COMMIT_EVERY:
            self.commit()

    def commit(self) -> None:
        """Make everything so far survive a kill."""
        with self._speaking():
            self._database.execute("COMMIT")
            self._database.execute("BEGIN")
        self._committed = time.monotonic()

    def of(self, place: int) -> dict[str, dict[str, Any]]:
        """view -> result, of the views of one row that are settled."""
        with self._speaking():
            rows = self._database.execute("SELECT view, result FROM settled WHERE place = ?", (place,))
            return {view: self._read(result) for view, result in rows}

    def note(self, key: str, value: Mapping[str, Any]) -> None:
        """Keep something beside the results that the next start needs; it survives a kill at once."""
        with self._speaking():
            self._database.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (key, json.dumps(value)))
        self.commit()

    def notes(self) -> dict[str, dict[str, Any]]:
        """key -> value of what was noted, in the order of the keys."""
        with self._speaking():
            rows = self._database.execute("SELECT * FROM notes ORDER BY key")
            return {key: self._read(value) for key, value in rows}

    def _read(self, text: str) -> dict[str, Any]:
        where, fix = str(self.path), "begin anew with --restart, or name another --out"
        return shaped(dict[str, Any], parse_json(text, where, fix, halves=True), "a result", where, fix)

    def _sign(self) -> None:
        with self._speaking():
            there = {
                key: parse_json(value, str(self.path), "begin anew with --restart, or name another --out")
                for key, value in self._database.execute("SELECT * FROM signature")
            }
            # One without a result belongs to no job: a wrong model, say, may be mended.
            if there.get("format", FORMAT) == FORMAT and not self._holds_anything():
                self._database.execute("DELETE FROM signature")
                rows = [(key, json.dumps(value)) for key, value in self._signature.items()]
                self._database.executemany("INSERT INTO signature VALUES (?, ?)", rows)
                return
        changed = [
            f"{key}: {_shown(there, key)} in the journal, {_shown(self._signature, key)} now"
            # What is typed first: the rows and so their hash may differ because of it.
            for key in sorted(there.keys() | self._signature.keys(), key=lambda key: (key.startswith("input."), key))
            if _shown(there, key) != _shown(self._signature, key)
        ]
        if changed:
            raise UserError(
                "the journal is of another job: " + "; ".join(changed),
                where=str(self.path),
                fix="give the command it was begun with, or name another --out, or begin anew with --restart, which "
                "forgets what the journal holds",
            )

    def _holds_anything(self) -> bool:
        query = "SELECT EXISTS (SELECT * FROM settled) OR EXISTS (SELECT * FROM notes)"
        return bool(self._database.execute(query).fetchone()[0])

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        """Turn what SQLite raises into sentences."""
        try:
            yield
        except sqlite3.Error as error:
            what, fix = _explained(error)
            raise UserError(what, where=str(self.path), fix=fix) from error


def remove(path: Path) -> None:
    """Forget a journal, if there is one. Raises UserError for one that cannot be deleted."""
    try:
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
    except OSError as error:
        what = f"cannot delete the journal: {error.strerror or error}"
        raise UserError(what, where=str(path), fix="delete it yourself, or name another --out") from error


def flattened(value: Any, key: str = "") -> dict[str, Any]:
    """`{"writer": {"model": "x"}}` as `{"writer.model": "x"}`, so that differences can be named key by key."""
    if isinstance(value, Mapping) and value:
        items = value.items()
    elif isinstance(value, list | tuple) and any(isinstance(item, Mapping) for item in value):
        items = dict(enumerate(value, 1)).items()
    else:
        return {key: list(value) if isinstance(value, tuple) else value}
    return {name: leaf for part, inner in items for name, leaf in flattened(inner, f"{key}.{part}".strip(".")).items()}


def _shown(signature: Mapping[str, Any], key: str) -> str:
    return json.dumps(signature[key], ensure_ascii=False) if key in signature else "nothing"


def _explained(error: sqlite3.Error) -> tuple[str, str]:
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(("SQLITE_FULL", "SQLITE_IOERR")):
        return (
            f"the disk is full or fails ({error})",
            "free some space and give the same command again: what was settled before is kept",
        )
    if name.startswith("SQLITE_BUSY"):
        return "another job is writing this output", "wait until it ends, or name another --out"
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return f"the journal is damaged ({error})", "begin anew with --restart, or name another --out"
    return f"cannot write the journal ({error})", "choose a folder you may write to"
