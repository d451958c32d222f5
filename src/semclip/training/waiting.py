"""How long training waits for data, and how many workers load it."""

import os
import time
from collections.abc import Iterable, Iterator
from typing import Literal, TypeVar

T = TypeVar("T")

#: Above this share of the time, waiting is worth an advice.
_TOO_MUCH = 0.2
#: More workers than this rarely help one process, and each holds memory.
_MOST_WORKERS = 8


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
    count = max(1, min(cores // processes - 1, _MOST_WORKERS))
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
    def share(self) -> float:
        return self.waited / self.total if self.total else 0.0

    def sentence(self, workers: int) -> str:
        """What to tell people, with advice where it is too much."""
        said = f"data: {100 * self.share:.0f} % of the training time went into waiting for batches ({workers} workers)"
        if self.share <= _TOO_MUCH:
            return said
        return f"{said}; raise train.workers, to {max(1, 2 * workers)} for a start, or put the images on a faster disk"
