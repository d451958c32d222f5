"""Photos with the same caption: they are no negatives of each other, and each of them is a right answer to it."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from semclip.core.example import Example

#: Stops at the end of a word; within one they are part of it ("1.5").
_STOPS = re.compile(r"[.,;:!?…。]+(?=\s|$)")


def folded(text: str) -> str:
    """A text without case, stops and repeated spaces: texts that are equal then say the same.

    A text of stops alone stays as it is.
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(_STOPS.sub(" ", plain).split()) or text


def contrast_groups(examples: Sequence[Example], mask_equal_captions: bool = True) -> list[int]:
    """(N,) a number for each example; two with the same number are never each other's negatives.

    They are of one group or, with `mask_equal_captions`, have an equal caption (one of `Example.captions`, folded).
    Both relations are followed to their end: A, B and C share a number where A has a caption of B, and B one of C.
    Numbers count from 0 in order of appearance. Linear in the number of captions.
    """
    keys = [[("group", e.group)] for e in examples]
    if mask_equal_captions:
        for own, example in zip(keys, examples, strict=True):
            own += [("caption", folded(text)) for text in example.captions]
    return _connected(keys)


def photos_sharing_captions(examples: Sequence[Example]) -> dict[str, list[Example]]:
    """Folded caption -> an example of each group that has it, for the captions of several groups."""
    holders: dict[str, dict[str, Example]] = {}
    for example in examples:
        for text in example.captions:
            holders.setdefault(folded(text), {}).setdefault(example.group, example)
    return {text: list(by_group.values()) for text, by_group in holders.items() if len(by_group) > 1}


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


def _connected(keys: Iterable[Sequence[object]]) -> list[int]:
    """Union-find: numbers of the connected sets, two items being connected that share a key."""
    parent: list[int] = []

    def root(item: int) -> int:
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    first: dict[object, int] = {}
    for item, own in enumerate(keys):
        parent.append(item)
        for key in own:
            other = root(first.setdefault(key, item))
            mine = root(item)
            parent[max(mine, other)] = min(mine, other)
    numbers: dict[int, int] = {}
    return [numbers.setdefault(root(item), len(numbers)) for item in range(len(parent))]
