"""Photos with the same caption: they are no negatives of each other, and each of them is a right answer to it."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from semclip.core.example import Example

#: Stops at the end of a word; within one they are part of it ("1.5").
_STOPS = re.compile(r"[.,;:!?…。]+(?=\s|$)")


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


def photos_sharing_captions(examples: Sequence[Example]) -> dict[str, list[Example]]:
    """Folded caption -> an example of each group that has it, for the captions of several groups."""
    owners, texts = _captions(examples)  # (T,), (T,)
    values, counts = np.unique(texts, return_counts=True)
    repeated = np.isin(texts, values[counts > 1])  # (T,)
    holders: dict[str, dict[str, Example]] = {}
    for owner in np.unique(owners[repeated]).tolist():
        for text in map(folded, examples[owner].captions):
            holders.setdefault(text, {}).setdefault(examples[owner].group, examples[owner])
    return {text: list(by_group.values()) for text, by_group in holders.items() if len(by_group) > 1}


def _captions(examples: Sequence[Example]) -> tuple[np.ndarray, np.ndarray]:
    """Of all captions of all examples: the example's index and a hash of the folded text, both (T,) int64."""
    counts = [len(e.captions) for e in examples]
    hashes = (hash(folded(text)) for e in examples for text in e.captions)
    return np.repeat(np.arange(len(examples)), counts), np.fromiter(hashes, dtype=np.int64, count=sum(counts))


def sentence(shared: Mapping[str, Sequence[Example]], masked: bool) -> str:
    """What to tell people before training, "" where no two photos share a caption."""
    if not shared:
        return ""
    photos = len({example.group for holders in shared.values() for example in holders})
    text, most = max(shared.items(), key=lambda item: len(item[1]))
    what = "are not each other's negatives" if masked else "are each other's NEGATIVES"
    return (
        f"{photos:,} photos share a caption with others and {what} (train.mask_equal_captions="
        f"{str(masked).lower()}); '{text[:60]}' is the caption of {len(most):,}"
    )
