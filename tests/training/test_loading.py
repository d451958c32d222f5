"""Waiting for data is measured as it is, and the number of workers is said."""

import os
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
import torch

from semclip.core.errors import UserError
from semclip.core.example import Example, ImageRef
from semclip.data.dataset import CaptionDataset, Sample
from semclip.training import loading
from semclip.training.loading import DataWait, _Readable, choose_workers


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


@pytest.mark.parametrize("size", [4, 2, 1], ids=["whole", "halves", "one by one"])
def test_what_is_taken_for_unreadable_images_does_not_depend_on_how_a_batch_is_cut(size: int) -> None:
    """Neighbours that cannot be read would otherwise get one replacement, which meets itself."""

    def load(ref: ImageRef) -> torch.Tensor:
        if ref.name in ("1", "2"):
            raise UserError("broken", where=ref.name)
        return torch.zeros(1)

    names = [str(number) for number in range(8)]
    examples = [Example(id=name, image=ImageRef(name), caption=f"text {name}", group=name) for name in names]
    readable = _Readable(CaptionDataset(examples, ["image", "caption"], 0, load), others=False)
    addresses = [(0, 0), (0, 1), (0, 2), (0, 7)]
    cuts = [readable[range(start, start + size), addresses] for start in range(0, 4, size)]
    assert [item.index for cut in cuts for item in cut if isinstance(item, Sample)] == [0, 3, 4, 7]
    assert [item.id for cut in cuts for item in cut if isinstance(item, loading.Fault)] == ["1", "2"]
