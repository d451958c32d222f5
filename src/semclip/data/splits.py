"""Train, val and test splits by group: no group is in two of them."""

from collections.abc import Sequence
from dataclasses import replace

from semclip.core.errors import UserError
from semclip.core.example import Example
from semclip.core.seeds import derive_seed
from semclip.data.same_pictures import same_group

#: Share of the groups in each split, where the file names none.
FRACTIONS = {"train": 0.8, "val": 0.1, "test": 0.1}


def with_splits(examples: Sequence[Example], seed: int) -> list[Example]:
    """Examples that all have a split: the file's where it has a split column, otherwise drawn by hash of the group.

    The hash makes the split of a group independent of the other rows, so adding rows moves none, unless they are of a
    picture that is there under another name: all names of one picture go with the first of them in the alphabet.
    Raises UserError where only some rows name a split, or a group crosses splits.
    """
    if not any(example.split for example in examples):
        leader = same_group(examples)
        return [replace(e, split=split_of(leader.get(e.group, e.group), seed)) for e in examples]
    for example in examples:
        if example.split is None:
            raise UserError(
                "the row names no split, but others do", where=example.where, fix="write train, val or test"
            )
    crossing = groups_crossing(examples)
    if crossing:
        group, (first, second) = next(iter(crossing.items()))
        raise UserError(
            f"group '{group}' is in '{first.split}' and in '{second.split}' ({second.where}); "
            f"{len(crossing)} groups cross splits",
            where=first.where,
            fix="give all rows of a group one split; `semclip data check FILE` lists the others",
        )
    return list(examples)


def split_of(group: str, seed: int) -> str:
    """The split that the hash of a group's name and the seed choose."""
    position = derive_seed("split", seed, group) / 2**63
    edge = 0.0
    for split, share in FRACTIONS.items():
        edge += share
        if position < edge:
            return split
    return split  # the shares may add up to a hair less than 1


def groups_crossing(examples: Sequence[Example]) -> dict[str, tuple[Example, Example]]:
    """Group -> two of its examples that are in different splits."""
    first: dict[str, Example] = {}
    crossing: dict[str, tuple[Example, Example]] = {}
    for example in examples:
        known = first.setdefault(example.group, example)
        if known.split != example.split and example.group not in crossing:
            crossing[example.group] = (known, example)
    return crossing
