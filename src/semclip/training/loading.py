"""Batches in a fixed order from any step on, the number of workers, and the time that training waits for them.

Examples that cannot be read are replaced; other errors are raised unchanged.
"""

import os
import time
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal, TypeVar

import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from semclip.core.errors import UserError
from semclip.core.example import Example
from semclip.core.seeds import derive_seed
from semclip.data.collate import Batch, Collate
from semclip.data.dataset import CaptionDataset, Sample
from semclip.data.draw import draw_views
from semclip.data.sampler import GroupBatchSampler
from semclip.training.examples import Fault
from semclip.training.gradients import PASSES, StreamedBatch
from semclip.training.processes import end_worker_with_parent
from semclip.training.steps.base import Step

T = TypeVar("T")

#: Examples tried in the place of one that cannot be read; when all of these fail, the fault is not one image's.
_TRIES = 20
#: Above this proportion of the time, waiting for data is worth an advice.
_TOO_MUCH = 0.2
#: More workers than this rarely help one process, and each holds memory.
_MAX_WORKERS = 8


class Schedule(Sampler[list[tuple[int, int]]]):
    """The addresses (epoch, index) of every batch from `start` to the last step, epoch after epoch.

    Epoch and place in it follow from the step, so a resumed run sees the same stream. Every rank is given the whole
    batch and loads `own` of it, in rank order; so the batches do not depend on the number of ranks.
    """

    def __init__(
        self, groups: Sequence[int], batch_size: int, seed: int, start: int, steps: int, rank: int = 0, ranks: int = 1
    ) -> None:
        self.groups, self.batch_size, self.seed = groups, batch_size, seed
        self.start, self.steps = start, steps
        share = batch_size // ranks
        self.own = range(rank * share, (rank + 1) * share)
        self.per_epoch = len(self._epoch(0, 0))

    def __len__(self) -> int:
        return max(0, self.steps - self.start)

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        step = self.start
        while step < self.steps:
            for addresses in self._epoch(*divmod(step, self.per_epoch)):
                if step == self.steps:
                    return
                yield addresses
                step += 1

    def _epoch(self, epoch: int, position: int) -> GroupBatchSampler:
        return GroupBatchSampler(self.groups, self.batch_size, self.seed, epoch, start=position)


def batches(
    dataset: CaptionDataset,
    make_batch: "MakeBatch",
    schedule: Schedule,
    workers: int,
    device: torch.device,
    unreadable: Callable[[Sequence[Fault]], None],
    micro_batch: int = 0,
    around: Callable[[Iterable["_Loaded | UserError"]], Iterable["_Loaded | UserError"]] = iter,
) -> Generator[Batch | StreamedBatch]:
    """The batches of a schedule, this rank's own rows of them, on `device`; any number of workers gives the same ones.

    unreadable: called with the examples that could not be read and were replaced; may raise. around: wraps the loader.
    micro_batch: rows that are loaded and in memory at a time, where that is less than the batch; every batch is then a
    StreamedBatch of the same rows, which must be read to its end before the next one.
    """
    own = schedule.own
    streamed = 0 < micro_batch < len(own)
    cuts = [own[start : start + micro_batch] for start in range(0, len(own), micro_batch)] if streamed else [own]
    loader = DataLoader(
        _Readable(dataset, make_batch.reads_whole_batch),
        batch_sampler=_places(schedule, cuts, PASSES if streamed else 1),
        collate_fn=partial(_loaded, make_batch),
        num_workers=workers,
        worker_init_fn=end_worker_with_parent,
        # Without one of its own a loader draws from the global generator at every start. A resumed run starts one
        # more, and would draw other dropout masks.
        generator=torch.Generator().manual_seed(derive_seed("loader", dataset.seed)),
    )

    def ready() -> Iterator[Batch]:
        for loaded in around(loader):
            if isinstance(loaded, UserError):
                raise loaded
            unreadable(loaded.faults)
            yield loaded.batch.to(device)

    if not streamed:
        yield from ready()
        return
    parts = ready()
    for _ in range(len(schedule)):
        yield StreamedBatch(parts, len(cuts), len(own))


def _places(
    schedule: Schedule, cuts: Sequence[range], passes: int
) -> Iterator[list[tuple[range, list[tuple[int, int]]]]]:
    """What one item of the loader is: the places of a batch that are loaded, and all of its addresses."""
    for addresses in schedule:
        for _ in range(passes):
            yield from ([(cut, addresses)] for cut in cuts)


class MakeBatch:
    """Samples -> what the objective reads of them: data steps first, then tokens; runs in loader workers.

    Data steps see all samples of the batch; tensors are made of those that are not `on_another_rank`.
    views: what stays; a view that was drawn only for a step to read is not encoded.
    """

    def __init__(
        self, steps: Sequence[Step], examples: Sequence[Example], views: Collection[str], collate: Collate
    ) -> None:
        self.steps, self.examples, self.views, self.collate = steps, examples, views, collate
        self.reads_whole_batch = any(type(step).batch is not Step.batch for step in steps)

    def __call__(self, samples: Sequence[Sample]) -> Batch:
        pairs = zip(samples, self._made(samples), strict=True)
        return self.collate([self._wanted(made) for sample, made in pairs if not sample.on_another_rank])

    def rows(self, dataset: CaptionDataset, indices: Sequence[int], epoch: int) -> list[dict[str, Any]]:
        """The same samples as rows of a data file, with the texts of that epoch; no image is opened."""
        examples = [dataset.examples[i] for i in indices]
        drawn = [draw_views(example, dataset.views, dataset.seed, epoch) for example in examples]
        samples = [dataset.sample(epoch, i, d.texts) for i, d in zip(indices, drawn, strict=True)]
        return [
            {"id": e.id, "image": e.image.name, **self._wanted(s).texts, "where": e.where}
            for e, s in zip(examples, self._made(samples), strict=True)
        ]

    def _made(self, samples: Sequence[Sample]) -> Sequence[Sample]:
        for step in self.steps:
            samples = step.batch(samples, self.examples)
        return samples

    def _wanted(self, sample: Sample) -> Sample:
        images = {view: x for view, x in sample.images.items() if view in self.views}
        return replace(sample, images=images, texts={v: x for v, x in sample.texts.items() if v in self.views})


@dataclass
class _Loaded:
    """A batch, and what could not be read on the way to it."""

    batch: Batch
    faults: list[Fault]


class _Readable(Dataset[Any]):
    """Samples of a batch's addresses; one that cannot be read is replaced by the next in the data set that can.

    An item is (own, addresses): the places in the batch whose images are loaded here, and the addresses of all places.
    others: whether the texts of the other places are wanted.

    The next example of a group that the batch does not hold is taken, so the replacement is a function of the addresses
    and the files alone, and no two of one group meet. An error comes back as an item: raised in a worker, it would
    arrive as a traceback in a string.
    """

    def __init__(self, dataset: CaptionDataset, others: bool) -> None:
        self.dataset, self.others = dataset, others

    def __getitem__(self, item: tuple[range, list[tuple[int, int]]]) -> list[Sample | Fault | UserError]:
        own, addresses = item
        loaded = {place: self._load(addresses[place]) for place in own}
        failed = [place for place, found in loaded.items() if isinstance(found, UserError)]
        instead = self._instead(addresses, loaded, failed[-1]) if failed else {}
        items: list[Sample | Fault | UserError] = []
        for place, address in enumerate(addresses):
            if place not in own:
                items += [self.dataset.on_another_rank(address)] if self.others else []
                continue
            found = loaded[place]
            items.append(instead.get(place, found))
            if isinstance(found, UserError):
                items.append(Fault(self.dataset.examples[address[1]].id, found.what, found.where))
        return items

    def _load(self, address: tuple[int, int]) -> Sample | UserError:
        try:
            return self.dataset[address]
        except UserError as error:
            return error

    def _instead(
        self, addresses: list[tuple[int, int]], loaded: Mapping[int, Sample | UserError], last: int
    ) -> dict[int, Sample]:
        """What is taken for each place up to `last` that cannot be read.

        Images of places that are loaded elsewhere are tried, too: what is taken there may not be taken here.
        """
        groups = {self.dataset.groups[index] for _, index in addresses}
        instead: dict[int, Sample] = {}
        for place, address in enumerate(addresses[: last + 1]):
            if isinstance(loaded.get(place) or self._load(address), UserError):
                sample = self._next(address, groups)
                instead |= {place: sample} if sample else {}
        return instead

    def _next(self, address: tuple[int, int], groups: set[int]) -> Sample | None:
        epoch, index = address
        count = len(self.dataset)
        others = (i % count for i in range(index + 1, index + count))
        free = (i for i in others if self.dataset.groups[i] not in groups)
        for _, other in zip(range(_TRIES), free, strict=False):
            try:
                sample = self.dataset[epoch, other]
            except UserError:
                continue  # it is reported when its own turn comes
            groups.add(sample.group)
            return sample
        return None


def _loaded(make_batch: MakeBatch, loaded: Sequence[Sequence[Sample | Fault | UserError]]) -> _Loaded | UserError:
    """A batch made of samples; with an error among them, or on the way, it is that error."""
    (items,) = loaded
    for item in items:
        if isinstance(item, UserError):
            return item
    try:
        batch = make_batch([item for item in items if isinstance(item, Sample)])
    except UserError as error:
        return error
    return _Loaded(batch, [item for item in items if isinstance(item, Fault)])


def choose_workers(workers: int | Literal["auto"], memory_mapped: bool, processes: int = 1) -> tuple[int, str]:
    """The number of loader workers, and one sentence for people.

    `auto`: none where images are memory-mapped rows, which are read faster than sent between processes; else one for
    each core this process may use, less the one that trains, at least 1 and at most 8. processes: that share the cores.
    """
    if workers != "auto":
        return workers, f"{workers} loader workers, as asked for"
    if memory_mapped:
        return 0, "no loader workers: images are memory-mapped (train.workers=auto)"
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    count = max(1, min(cores // processes - 1, _MAX_WORKERS))
    shared = f" that {processes} processes share" if processes > 1 else ""
    return count, f"{count} loader workers for {cores} cores{shared} (train.workers=auto)"


class DataWait:
    """Share of the time after the first step that went into waiting for the next batch."""

    def __init__(self) -> None:
        self.waited, self.total = 0.0, 0.0

    def around(self, batches: Iterable[T]) -> Iterator[T]:
        """The same batches, with the wait for each measured; for the first, workers start, and that is not counted."""
        iterator = iter(batches)
        for batch in iterator:  # the first
            yield batch
            break
        started = asked = time.perf_counter()
        for batch in iterator:
            self.waited += time.perf_counter() - asked
            self.total = time.perf_counter() - started
            yield batch
            asked = time.perf_counter()
            self.total = asked - started

    @property
    def ratio(self) -> float:
        return self.waited / self.total if self.total else 0.0

    def sentence(self, workers: int) -> str:
        """The sentence printed at the end, with advice where the ratio is too high."""
        said = f"data: {100 * self.ratio:.0f} % of the training time went into waiting for batches ({workers} workers)"
        if self.ratio <= _TOO_MUCH:
            return said
        return f"{said}; raise train.workers, to {max(1, 2 * workers)} for a start, or put the images on a faster disk"
