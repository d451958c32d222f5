"""Batches without two examples of one group, which would be false negatives of each other."""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from torch.utils.data import Sampler

from semclip.core.errors import UserError
from semclip.core.seeds import generator


class GroupBatchSampler(Sampler[list[tuple[int, int]]]):
    """Lists of `batch_size` addresses (epoch, index) for a CaptionDataset.

    Every example occurs at most once an epoch. The order is random, fixed by (seed, epoch). Every epoch has the same
    number of batches, the largest there can be; `left_out` counts the examples that this leaves for other epochs.

    groups: group number of each example. start: batches to skip, when a run resumes within an epoch.
    Raises UserError when there is not one full batch.
    """

    def __init__(self, groups: Sequence[int], batch_size: int, seed: int, epoch: int, start: int = 0) -> None:
        if batch_size < 1:
            raise UserError(f"a batch of {batch_size} examples", where="batch_size", fix="use 1 or more")
        count = batches_per_epoch(groups, batch_size)
        if count == 0:
            raise UserError(
                f"no full batch: {len(groups)} examples in {len(set(groups))} groups make none of {batch_size}",
                where="batch_size",
                fix=f"use at most {len(set(groups))}, or add data",
            )
        self.epoch = epoch
        self.left_out = len(groups) - count * batch_size
        self._batches = _deal(groups, batch_size, count, generator("batches", seed, epoch))[start:]

    def __len__(self) -> int:
        return len(self._batches)

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        for batch in self._batches:
            yield [(self.epoch, index) for index in batch]


def batches_per_epoch(groups: Sequence[int], batch_size: int) -> int:
    """How many batches an epoch has: the largest k with sum over groups of min(size, k) >= k * batch_size.

    A group serves each of k batches once at most, so no more than k can be filled; `_deal` fills that many. The
    difference of the two sides is concave in k and 0 at 0, so the k that hold are 0 to the largest.
    """
    sizes = np.fromiter(Counter(groups).values(), dtype=np.int64)  # (groups,)
    low, high = 0, len(groups) // batch_size
    while low < high:
        middle = (low + high + 1) // 2
        if np.minimum(sizes, middle).sum() >= middle * batch_size:
            low = middle
        else:
            high = middle - 1
    return low


def _deal(groups: Sequence[int], batch_size: int, count: int, random: np.random.Generator) -> list[list[int]]:
    """`count` batches of exactly `batch_size` examples, no two of one group in any.

    Each group in turn deals its examples to batches that hold the fewest, at random among those. So all batches are
    equally full, give or take one, at any time, and equally full at the end.
    """
    batches: list[list[int]] = [[] for _ in range(count)]
    lowest: list[int] = []  # batches that hold one less than the others, dealt to from the end
    for members in _members(groups, batch_size, count, random):
        used: list[int] = []
        for index in members:
            if not lowest:
                taken = set(used)
                # Batches that hold this group already come last. A group has no more members than there are batches,
                # so it never reaches them.
                lowest = used + [b for b in random.permutation(count).tolist() if b not in taken]
            place = lowest.pop()
            batches[place].append(index)
            used.append(place)
    return batches


def _members(groups: Sequence[int], batch_size: int, count: int, random: np.random.Generator) -> Iterator[list[int]]:
    """Groups in random order with their examples of this epoch: at most `count` each, batch_size * count in all."""
    by_group: dict[int, list[int]] = {}
    room = batch_size * count
    for index in random.permutation(len(groups)).tolist():
        members = by_group.setdefault(groups[index], [])
        if room and len(members) < count:
            members.append(index)
            room -= 1
    yield from by_group.values()
