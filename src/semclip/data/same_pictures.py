"""One picture under several names: found by what the files hold, so that no copy of a test picture is trained on."""

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from semclip.core.example import Example, ImageRef
from semclip.data.firsts import firsts, numbers
from semclip.data.stored import groups_of, images_of

#: Bytes at the end that are compared between files of one size, before whole files are read.
_PROBE = 4096
#: Reading waits for disks and networks, not for processors.
_READERS = 16
_AT_ONCE = 256


def copies(examples: Sequence[Example]) -> list[list[Example]]:
    """Examples of different groups whose image files hold the same bytes: a list for each such picture, in file order.

    One example stands for each group. Whole files are read only where size and end are the same, so among distinct
    photos little is read. A file that is missing or cannot be read is no copy of any. A few numbers are held for each
    example.
    """
    named = zip(images_of(examples, np.arange(len(examples))), groups_of(examples), strict=True)
    pictures = numbers(hash((ref.path, ref.span, group)) if _is_whole(ref) else 0 for ref, group in named)  # (N,)
    places = np.unique(firsts(pictures)[pictures != 0])  # (K,) of one example for each picture and group
    groups = numbers(map(hash, groups_of(examples)))
    alike = np.zeros(len(places), np.int64)  # (K,) a number that is shared by those that may be copies
    for key in (ImageRef.size, _end, _content):
        keys, known = _keys(examples, places, key)
        places, alike = places[known], _joined(alike[known], keys[known])
        _, one = np.unique(_joined(alike, groups[places]), return_index=True)  # of each picture and group
        several = np.bincount(alike[one], minlength=len(places))[alike] > 1
        places, alike = places[several], alike[several]
    found: dict[int, list[Example]] = {}
    for number, place in zip(alike.tolist(), places.tolist(), strict=True):
        found.setdefault(number, []).append(examples[place])
    return list(found.values())


def same_group(examples: Sequence[Example]) -> dict[str, str]:
    """Group -> the group it goes with, for groups that share a picture: the first of them by name."""
    leader: dict[str, str] = {}

    def led(group: str) -> str:
        while leader.get(group, group) != group:
            group = leader[group]
        return group

    for own in copies(examples):
        groups = [led(example.group) for example in own]
        leader |= dict.fromkeys(groups, min(groups))
    return {group: led(group) for group in leader}


def _joined(first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.int64]:
    """(K,) a number from 0 for each pair of two numbers; equal pairs have one."""
    first, second = (np.unique(values, return_inverse=True)[1] for values in (first, second))
    return np.unique(first * len(second) + second, return_inverse=True)[1]


def _is_whole(ref: ImageRef) -> bool:
    return ref.path is not None and ref.box is None


def _keys(
    examples: Sequence[Example], places: NDArray[np.int64], key: Callable[[ImageRef], int]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """(K,) a key of the images of some examples, and whether it could be read."""

    def keys(part: NDArray[np.int64]) -> list[int | None]:
        return [_or_none(key, ref) for ref in images_of(examples, part)]

    parts = [places[start : start + _AT_ONCE] for start in range(0, len(places), _AT_ONCE)]
    found, known = np.zeros(len(places), np.int64), np.zeros(len(places), bool)
    with ThreadPoolExecutor(_READERS) as pool:
        for place, value in enumerate(chain.from_iterable(pool.map(keys, parts))):
            if value is not None:
                found[place], known[place] = value, True
    return found, known


def _or_none(key: Callable[[ImageRef], int], ref: ImageRef) -> int | None:
    try:
        return key(ref)
    except OSError:
        return None


def _end(ref: ImageRef) -> int:
    """Enough to tell nearly all photos of one size apart."""
    assert ref.path is not None
    offset, size = ref.span or (0, ref.size())
    with ref.path.open("rb") as file:
        file.seek(offset + max(0, size - _PROBE))
        return _number(hashlib.sha256(file.read(min(_PROBE, size))).digest())


def _content(ref: ImageRef) -> int:
    with ref.open() as file:
        return _number(hashlib.file_digest(file, "sha256").digest())


def _number(digest: bytes) -> int:
    return int.from_bytes(digest[:8], "big", signed=True)
