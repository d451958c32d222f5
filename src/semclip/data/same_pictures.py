"""One picture under several names: found by what the files hold, so that no copy of a test picture is trained on."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import TypeVar

from semclip.core.example import Example, ImageRef

T = TypeVar("T")

#: Bytes at the end that are compared between files of one size, before whole files are read.
_PROBE = 4096
#: Reading waits for disks and networks, not for processors.
_READERS = 16
_AT_ONCE = 256


def copies(examples: Sequence[Example]) -> list[list[Example]]:
    """Examples of different groups whose image files hold the same bytes: a list for each such picture, in file order.

    One example stands for each group. Whole files are read only where size and end are the same, so among distinct
    photos little is read. A file that is missing or cannot be read is no copy of any.
    """
    first: dict[tuple[object, ...], Example] = {}
    for example in examples:
        ref = example.image
        if ref.path is not None and ref.box is None:
            first.setdefault((ref.path, ref.span, example.group), example)
    alike = [list(first.values())]
    for key in (_size, _end, _content):
        alike = [part for own in alike for part in _parted(own, key)]
    return alike


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


def _parted(examples: Sequence[Example], key: Callable[[ImageRef], object]) -> Iterable[list[Example]]:
    """Examples by a key of their images; what has no key, or one of its own, is left out. Several groups in each."""
    chunks = [examples[start : start + _AT_ONCE] for start in range(0, len(examples), _AT_ONCE)]
    with ThreadPoolExecutor(_READERS) as pool:
        keys = pool.map(lambda chunk: [_or_none(key, example.image) for example in chunk], chunks)
    parts: dict[object, list[Example]] = defaultdict(list)
    for example, found in zip(examples, chain.from_iterable(keys), strict=True):
        if found is not None:
            parts[found].append(example)
    return (own for own in parts.values() if len({example.group for example in own}) > 1)


def _or_none(key: Callable[[ImageRef], T], ref: ImageRef) -> T | None:
    try:
        return key(ref)
    except OSError:
        return None


def _size(ref: ImageRef) -> int:
    assert ref.path is not None
    return ref.span[1] if ref.span else ref.path.stat().st_size


def _end(ref: ImageRef) -> bytes:
    """Enough to tell nearly all photos of one size apart."""
    assert ref.path is not None
    offset, size = ref.span or (0, ref.path.stat().st_size)
    with ref.path.open("rb") as file:
        file.seek(offset + max(0, size - _PROBE))
        return hashlib.sha256(file.read(min(_PROBE, size))).digest()


def _content(ref: ImageRef) -> bytes:
    with ref.open() as file:
        return hashlib.file_digest(file, "sha256").digest()
