"""One process at a time, in a folder, whoever dies and wherever."""

import json
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from semclip.core import lock as locks
from semclip.core.errors import UserError
from semclip.core.lock import lock_of, only_one

FORK = multiprocessing.get_context("fork")


def hold(lock: Path, ready: "multiprocessing.synchronize.Event", worker: bool) -> None:
    with only_one(lock, "works here", "there"):
        if worker and os.fork() == 0:  # a loader's worker, which has the lock's file open and outlives its parent
            time.sleep(0.5)
            os._exit(0)
        ready.set()
        time.sleep(600)


@contextmanager
def holder(lock: Path, worker: bool = False) -> Iterator[multiprocessing.process.BaseProcess]:
    ready = FORK.Event()
    process = FORK.Process(target=hold, args=(lock, ready, worker))
    process.start()
    assert ready.wait(300)
    try:
        yield process
    finally:
        process.kill()
        process.join()


def test_a_second_process_is_refused_by_machine_and_number(tmp_path: Path) -> None:
    with (
        holder(tmp_path / "run") as process,
        pytest.raises(UserError, match="another process works here") as error,
        only_one(tmp_path / "run", "works here", "there"),
    ):
        raise AssertionError
    assert f"process {process.pid} on {os.uname().nodename}" in error.value.what and error.value.where == "there"


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("worker", [False, True])
def test_a_dead_owner_is_no_obstacle(how: signal.Signals, worker: bool, tmp_path: Path) -> None:
    with holder(tmp_path / "run", worker) as process:
        assert process.pid is not None
        os.kill(process.pid, how)
        process.join()
        with only_one(tmp_path / "run", "works here", "there"):
            assert json.loads((tmp_path / "run.json").read_text())["pid"] == os.getpid()
    assert not (tmp_path / "run.json").exists()


def test_it_is_free_after_an_error(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(KeyError), only_one(tmp_path / "run", "works here", "there"):
            raise KeyError


def test_an_owner_on_another_machine_counts_as_long_as_it_gives_signs_of_life(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is shared without its locks: what the other machine wrote is all there is to go by."""
    said = tmp_path / "run.json"
    said.write_text(json.dumps({"host": "elsewhere", "pid": 7}))
    with pytest.raises(UserError, match="process 7 on elsewhere") as error, only_one(tmp_path / "run", "works", "x"):
        raise AssertionError
    assert "wait 60 seconds" in error.value.fix
    os.utime(said, (time.time() - 70, time.time() - 70))  # as it says
    with only_one(tmp_path / "run", "works", "x"):
        assert json.loads(said.read_text())["host"] == os.uname().nodename


def test_the_holder_gives_signs_of_life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "BEAT", 0.01)
    with only_one(tmp_path / "run", "works", "x"):
        os.utime(tmp_path / "run.json", (0, 0))
        while (tmp_path / "run.json").stat().st_mtime == 0:
            time.sleep(0.01)


def test_who_waits_goes_on_when_the_other_is_done(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with holder(tmp_path / "rows") as process:
        monkeypatch.setattr(locks.time, "sleep", lambda seconds: process.kill())  # while it is waited for
        with only_one(tmp_path / "rows", "is making these rows", "there", wait=True):
            pass
    assert "waiting: another process is making these rows" in capfd.readouterr().err


@pytest.mark.parametrize("text", ["", "{", "[]", '{"host": 1}', '{"host": "a", "pid": "x"}'])
def test_what_a_killed_process_left_half_written_is_no_obstacle(text: str, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(text)
    with only_one(tmp_path / "run", "works", "x"):
        pass


@pytest.mark.parametrize("here", [".", "", "../work", "x/.."])
def test_a_lock_stands_beside_the_working_folder(here: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    assert lock_of(Path(here)) == tmp_path / ".work"
    with only_one(lock_of(Path(here)), "works", "x"):
        assert (tmp_path / ".work.lock").exists()
