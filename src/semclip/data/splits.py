"""Train, val and test splits by group: no group is in two of them."""

import math
from collections.abc import Sequence

import numpy as np

from semclip.core.errors import UserError
from semclip.core.example import Example
from semclip.core.seeds import derive_seed
from semclip.data.firsts import firsts, numbers
from semclip.data.same_pictures import same_group
from semclip.data.stored import NO_SPLIT, SPLITS, groups_of, in_splits, keep, splits_of

#: Share of the groups in each split, where the file names none.
FRACTIONS = {"train": 0.8, "val": 0.1, "test": 0.1}
_TRAIN, _VAL = SPLITS.index("train"), SPLITS.index("val")


def with_splits(examples: Sequence[Example], seed: int, validation: float = 0.0) -> Sequence[Example]:
    """Examples that all have a split: the file's where it has a split column, otherwise drawn by hash of the group.

    The hash makes the split of a group independent of the other rows, so adding rows moves none, unless they are of a
    picture that is there under another name: all names of one picture go with the first of them in the alphabet.
    validation: proportion of the training groups that become `val` where nothing else does; 0: none.
    Raises UserError where only some rows name a split, or a group crosses splits.
    """
    named = splits_of(examples)
    if (named == NO_SPLIT).all():
        leader = same_group(examples)
        drawn = (split_of(leader.get(group, group), seed) for group in groups_of(examples))
        return _held_out(in_splits(examples, np.fromiter(map(SPLITS.index, drawn), np.int8)), validation, seed)
    if (named == NO_SPLIT).any():
        where = examples[int(np.argmax(named == NO_SPLIT))].where
        raise UserError("the row names no split, but others do", where=where, fix="write train, val or test")
    crossing = groups_crossing(examples)
    if crossing:
        group, (first, second) = next(iter(crossing.items()))
        raise UserError(
            f"group '{group}' is in '{first.split}' and in '{second.split}' ({second.where}); "
            f"{len(crossing)} groups cross splits",
            where=first.where,
            fix="give all rows of a group one split; `semclip data check FILE` lists the others",
        )
    return _held_out(examples, validation, seed)


def held_out(examples: Sequence[Example], validation: float, seed: int) -> set[str]:
    """The training groups that `validation` holds out: that proportion, rounded up; copies of a picture together."""
    train = keep(examples, lambda e: e.split == "train")
    leader = same_group(train)
    groups = {leader.get(group, group) for group in groups_of(train)}
    order = sorted(groups, key=lambda group: (derive_seed("validation", seed, group), group))
    chosen = set(order[: math.ceil(validation * len(order))])
    return {group for group in groups_of(train) if leader.get(group, group) in chosen}


def _held_out(examples: Sequence[Example], validation: float, seed: int) -> Sequence[Example]:
    if not validation:
        return examples
    splits = splits_of(examples)
    if (splits == _VAL).any():
        raise UserError(
            "data.validation holds examples out for a validation split, which the data have already",
            where=examples[0].where.rpartition(":")[0],
            fix="leave data.validation out",
        )
    chosen = held_out(examples, validation, seed)
    taken = np.fromiter((group in chosen for group in groups_of(examples)), bool) & (splits == _TRAIN)  # (N,)
    if not (~taken & (splits == _TRAIN)).any():
        raise UserError(
            f"data.validation={validation:g} leaves no group to train on",
            where=examples[0].where.rpartition(":")[0],
            fix="lower data.validation, or add data",
        )
    return in_splits(examples, np.where(taken, _VAL, splits).astype(np.int8))


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
    splits = splits_of(examples)
    first = firsts(numbers(map(hash, groups_of(examples))))
    crossing: dict[str, tuple[Example, Example]] = {}
    for index in np.flatnonzero(splits != splits[first]).tolist():
        example = examples[index]
        crossing.setdefault(example.group, (examples[int(first[index])], example))
    return crossing
