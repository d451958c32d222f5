"""Photos with the same caption: they are no negatives of each other, and each of them is a right answer to it."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from semclip.core.example import Example
from semclip.data.stored import groups_of

#: Stops at the end of a word; within one they are part of it ("1.5").
_STOPS = re.compile(r"[.,;:!?…。]+(?=\s|$)")

#: Photos that are named of those that share a caption.
_SHOWN = 3


def folded(text: str) -> str:
    """A text without case, stops and repeated spaces: texts that are equal then say the same.

    A text of stops alone stays as it is.
    """
    plain = text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()
    return " ".join(_STOPS.sub(" ", plain).split()) or text


def contrast_groups(examples: Sequence[Example], mask_equal_captions: bool = True) -> list[int]:
    """(N,) a number for each example; two with the same number are never each other's negatives.

    They are of one group or, with `mask_equal_captions`, have an equal caption (one of `Example.captions`, folded).
    Both relations are followed to their end: A, B and C share a number where A has a caption of B, and B one of C.
    Numbers count from 0 in order of appearance. Of each text only a hash of 64 bits is held.
    """
    numbers: dict[str, int] = {}
    groups = np.array([numbers.setdefault(e.group, len(numbers)) for e in examples], dtype=np.int64)  # (N,)
    if not mask_equal_captions or not len(groups):
        return groups.tolist()
    owners, texts = _captions(examples)  # (T,), (T,)
    _, texts = np.unique(texts, return_inverse=True)
    # Groups and texts are the nodes of a graph; whoever holds a text ties it to its group.
    size = len(numbers) + len(texts)
    ties = coo_array((np.ones(len(texts), dtype=bool), (groups[owners], len(numbers) + texts)), shape=(size, size))
    _, parts = connected_components(ties, directed=False)  # (size,)
    order: dict[int, int] = {}
    return [order.setdefault(part, len(order)) for part in parts[groups].tolist()]


@dataclass(frozen=True)
class SharedCaption:
    """A caption of several photos, folded. photos: how many. first: an example of each of the first three."""

    text: str
    photos: int
    first: Sequence[Example]


class SharedCaptions:
    """The captions that photos (groups) of `examples` share. photos: how many share one with others.

    Going through them makes examples one at a time: in memory are numbers only, some for each caption.
    """

    def __init__(self, examples: Sequence[Example]) -> None:
        owners, texts = _captions(examples)  # (T,), (T,)
        groups = np.fromiter(map(hash, groups_of(examples)), np.int64, len(examples))[owners]  # (T,)
        order = np.lexsort((owners, groups, texts))
        owners, groups, texts = owners[order], groups[order], texts[order]
        first = np.append(True, (np.diff(texts) != 0) | (np.diff(groups) != 0))[: len(texts)]  # a group has it once
        owners, groups, texts, places = owners[first], groups[first], texts[first], order[first]
        values, starts, counts = np.unique(texts, return_index=True, return_counts=True)
        shared = np.flatnonzero(counts > 1)
        earliest = np.minimum.reduceat(places, starts) if len(starts) else starts  # hashes differ from run to run
        shared = shared[np.argsort(earliest[shared], kind="stable")]  # in the order in which they first occur
        self._examples, self._owners = examples, owners
        self._values, self._starts, self._counts = values[shared], starts[shared], counts[shared]
        self.photos = len(np.unique(groups[np.isin(texts, self._values)]))

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[SharedCaption]:
        return map(self._caption, range(len(self)))

    def most_shared(self) -> SharedCaption:
        """The caption of the most photos. There must be one."""
        return self._caption(int(np.argmax(self._counts)))

    def _caption(self, index: int) -> SharedCaption:
        start, count = int(self._starts[index]), int(self._counts[index])
        first = [self._examples[i] for i in np.sort(self._owners[start : start + count])[:_SHOWN].tolist()]
        folds = map(folded, first[0].captions)
        return SharedCaption(next(text for text in folds if hash(text) == self._values[index]), count, first)


def _captions(examples: Sequence[Example]) -> tuple[np.ndarray, np.ndarray]:
    """Of all captions of all examples: the example's index and a hash of the folded text, both (T,) int64."""
    counts = [len(e.captions) for e in examples]
    hashes = (hash(folded(text)) for e in examples for text in e.captions)
    return np.repeat(np.arange(len(examples)), counts), np.fromiter(hashes, dtype=np.int64, count=sum(counts))


def sentence(shared: SharedCaptions, masked: bool) -> str:
    """What to tell people before training, "" where no two photos share a caption."""
    if not len(shared):
        return ""
    most = shared.most_shared()
    what = "are not each other's negatives" if masked else "are each other's NEGATIVES"
    return (
        f"{shared.photos:,} photos share a caption with others and {what} (train.mask_equal_captions="
        f"{str(masked).lower()}); '{most.text[:60]}' is the caption of {most.photos:,}"
    )
