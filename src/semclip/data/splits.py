"""Train, val and test splits by group: no group is in two of them."""

import math
from collections.abc import Sequence
from dataclasses import replace

from semclip.core.errors import UserError
from semclip.core.example import Example
from semclip.core.seeds import derive_seed
from semclip.data.same_pictures import same_group

#: Share of the groups in each split, where the file names none.
FRACTIONS = {"train": 0.8, "val": 0.1, "test": 0.1}


def with_splits(examples: Sequence[Example], seed: int, validation: float = 0.0) -> list[Example]:
    """Examples that all have a split: the file's where it has a split column, otherwise drawn by hash of the group.

    The hash makes the split of a group independent of the other rows, so adding rows moves none, unless they are of a
    picture that is there under another name: all names of one picture go with the first of them in the alphabet.
    validation: proportion of the training groups that become `val` where nothing else does; 0: none.
    Raises UserError where only some rows name a split, or a group crosses splits.
    """
    if not any(example.split for example in examples):
        leader = same_group(examples)
        drawn = [replace(e, split=split_of(leader.get(e.group, e.group), seed)) for e in examples]
        return _held_out(drawn, validation, seed)
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
    return _held_out(examples, validation, seed)


def held_out(examples: Sequence[Example], validation: float, seed: int) -> set[str]:
    """The training groups that `validation` holds out: that proportion, rounded up; copies of a picture together."""
    leader = same_group([e for e in examples if e.split == "train"])
    groups = {leader.get(e.group, e.group) for e in examples if e.split == "train"}
    order = sorted(groups, key=lambda group: (derive_seed("validation", seed, group), group))
    chosen = set(order[: math.ceil(validation * len(order))])
    return {e.group for e in examples if e.split == "train" and leader.get(e.group, e.group) in chosen}


def _held_out(examples: Sequence[Example], validation: float, seed: int) -> list[Example]:
    if not validation:
        return list(examples)
    if any(e.split == "val" for e in examples):
        raise UserError(
            "data.validation holds examples out for a validation split, which the data have already",
            where=examples[0].where.rpartition(":")[0],
            fix="leave data.validation out",
        )
    chosen = held_out(examples, validation, seed)
    if not any(e.split == "train" and e.group not in chosen for e in examples):
        raise UserError(
            f"data.validation={validation:g} leaves no group to train on",
            where=examples[0].where.rpartition(":")[0],
            fix="lower data.validation, or add data",
        )
    return [replace(e, split="val") if e.split == "train" and e.group in chosen else e for e in examples]


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
