"""Waiting for data is measured as it is, and the number of workers is said."""

import os
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from semclip.training import loading
from semclip.training.loading import DataWait, choose_workers


class Clock:
    """A clock that only moves when told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        monkeypatch.setattr(loading, "time", SimpleNamespace(perf_counter=lambda: self.now))


@pytest.mark.parametrize(("load", "compute", "advice"), [(3.0, 1.0, True), (1.0, 9.0, False), (0.0, 1.0, False)])
def test_the_share_is_loading_over_all_after_the_first_step(
    monkeypatch: pytest.MonkeyPatch, load: float, compute: float, advice: bool
) -> None:
    clock, wait = Clock(monkeypatch), DataWait()

    def loader() -> Iterator[int]:
        for i in range(5):
            clock.now += 100 if i == 0 else load  # starting workers is no waiting
            yield i

    for _ in wait.around(loader()):
        clock.now += compute
    assert wait.ratio == pytest.approx(load / (load + compute))
    assert ("raise train.workers, to 4" in wait.sentence(2)) == advice


def test_batches_pass_through_unchanged() -> None:
    wait = DataWait()
    assert list(wait.around([3, 1, 2])) == [3, 1, 2] and list(DataWait().around([])) == []
    assert DataWait().ratio == 0.0


def test_workers_are_chosen_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(4)), raising=False)
    assert choose_workers("auto", memory_mapped=False)[0] == 3
    assert choose_workers("auto", memory_mapped=True)[0] == 0
    assert choose_workers(2, memory_mapped=True)[0] == 2
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    assert choose_workers("auto", memory_mapped=False)[0] == 1
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)))
    count, sentence = choose_workers("auto", memory_mapped=False)
    assert count == 8 and "8 loader workers for 64 cores" in sentence
