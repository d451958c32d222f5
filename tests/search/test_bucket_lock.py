"""Machines that share no folder: one of them indexes, a dead one is no obstacle; who was taken for dead hears it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from semclip.core.errors import UserError
from semclip.core.lock import Holder
from semclip.search import bucket_lock
from semclip.search.bucket_lock import BucketLock, Claim, only_machine
from semclip.search.lance import told

AWAY = Holder("another-machine", 4711)
FREE = Claim("", Holder("", 0), 0)


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bucket_lock, "BEAT", 0.01)
    monkeypatch.setattr(bucket_lock, "_LOOK", 0.02)
    monkeypatch.setattr(bucket_lock, "SILENCE", 60.0)


@pytest.fixture
def row(tmp_path: Path) -> BucketLock:
    """The row in a folder: LanceDB commits there as on object storage, each version once."""
    return BucketLock(str(tmp_path / "place"))


def held_by(row: BucketLock, holder: Holder) -> Claim:
    claim = Claim("theirs", holder, 0)
    assert row.change(row.read(), claim)
    return claim


@contextmanager
def counting(row: BucketLock, claim: Claim) -> Iterator[None]:
    """Another machine that shows that it is alive."""
    stop = threading.Event()

    def count() -> None:
        mine = claim
        while not stop.wait(0.02):
            new = Claim(mine.token, mine.holder, mine.beat + 1)
            mine = new if row.change(mine, new) else mine

    thread = threading.Thread(target=count)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_one_after_the_other(row: BucketLock) -> None:
    for _ in range(2):
        with only_machine(row._place):
            first = row.read()
            assert first.token and first.holder == Holder.this()
            while row.read().beat == first.beat:
                time.sleep(0.01)
        assert row.read() == FREE


def test_a_machine_that_is_alive_is_named(row: BucketLock, capsys: pytest.CaptureFixture[str]) -> None:
    with counting(row, held_by(row, AWAY)), pytest.raises(UserError) as error, only_machine(row._place):
        raise AssertionError
    assert error.value.what == "another process is indexing: process 4711 on another-machine"
    assert row.read().token == "theirs"
    assert "process 4711 on another-machine: looking for 60 seconds" in capsys.readouterr().err


def test_a_machine_that_shows_nothing_is_dead(row: BucketLock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bucket_lock, "SILENCE", 0.1)
    held_by(row, AWAY)
    with only_machine(row._place):
        assert row.read().holder == Holder.this()


def test_a_process_of_this_machine_that_died_is_no_obstacle(row: BucketLock) -> None:
    held_by(row, Holder(Holder.this().host, 2**22 + 1))  # above the highest number of a process
    with only_machine(row._place):
        assert row.read().holder == Holder.this()


def test_of_many_one_succeeds(row: BucketLock) -> None:
    inside: list[int] = []
    most: list[int] = []

    def work(number: int) -> None:
        with suppress(UserError), only_machine(row._place):
            inside.append(number)
            most.append(len(inside))
            time.sleep(0.02)
            inside.remove(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most and set(most) == {1}
    assert row.read() == FREE


def test_who_was_taken_for_dead_hears_it(row: BucketLock) -> None:
    with pytest.raises(UserError, match="another machine took over indexing"), only_machine(row._place):
        while not row.change(row.read(), Claim("theirs", AWAY, 0)):
            pass
        time.sleep(0.1)
    assert row.read().token == "theirs", "and frees nobody's row but its own"


def test_a_bucket_out_of_reach_for_a_moment_loses_nothing(row: BucketLock, monkeypatch: pytest.MonkeyPatch) -> None:
    real, failed = BucketLock.change, []

    def failing(self: BucketLock, seen: Claim, new: Claim) -> bool:
        done = real(self, seen, new)
        if new.beat == 2 and not failed:  # the answer is lost, not the change
            failed.append(new)
            with told(self._place):
                raise OSError("no answer")
        return done

    monkeypatch.setattr(BucketLock, "change", failing)
    with only_machine(row._place):
        while row.read().beat < 4:
            time.sleep(0.01)
    assert failed and row.read() == FREE
