"""How many parameters train and how many stand still, group by group: embeddings, blocks, norm, projection."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from torch import nn

from semclip.models.adapt.tower import Tower
from semclip.models.backends.base import Encoder


@dataclass(frozen=True)
class Group:
    """Parameters with a name for people: `text, blocks 8-11`."""

    name: str
    trained: int
    frozen: int

    @classmethod
    def of(cls, name: str, parameters: Iterable[nn.Parameter]) -> "Group":
        counts = {True: 0, False: 0}
        for parameter in parameters:
            counts[parameter.requires_grad] += parameter.numel()
        return cls(name, counts[True], counts[False])


def parameter_groups(encoder: Encoder) -> list[Group]:
    """All parameters of an encoder, each in one group, in the order of the computation.

    A part without a known tower is one group. Neighbouring blocks of which equally much trains are one group.
    """
    towers = encoder.towers()
    groups: list[Group] = []
    for part, named in encoder.parts().items():
        tower = towers.get(part)
        groups += _of_tower(part, tower, named) if tower else [Group.of(part, (p for _, p in named))]
    return [group for group in groups if group.trained + group.frozen]


def table(groups: Sequence[Group]) -> list[str]:
    """Lines: a group, how many of its parameters train, which share of the group that is, how many stand still."""
    trained, frozen = sum(g.trained for g in groups), sum(g.frozen for g in groups)
    rows = [("", "trained", "share", "frozen"), *((g.name, *_numbers(g.trained, g.frozen)) for g in groups)]
    rows.append(("all", *_numbers(trained, frozen)))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return [
        "  ".join([row[0].ljust(widths[0]), *(row[i].rjust(widths[i]) for i in (1, 2, 3))]).rstrip() for row in rows
    ]


def _numbers(trained: int, frozen: int) -> tuple[str, str, str]:
    share = 100 * trained / (trained + frozen)
    digits = 1 if 0.95 <= share < 99.95 else 0 if share in (0, 100) else 2
    return f"{trained:,}", f"{share:.{digits}f} %", f"{frozen:,}"


def _of_tower(part: str, tower: Tower, named: Sequence[tuple[str, nn.Parameter]]) -> list[Group]:
    places: dict[str | int, list[nn.Parameter]] = {}
    for name, parameter in named:
        number = tower.block_number(name)
        place = number if number is not None else tower.after_blocks(name) or "embeddings"
        places.setdefault(place, []).append(parameter)
    blocks = [(i, Group.of("", places[i])) for i in sorted(place for place in places if isinstance(place, int))]
    groups = [Group.of(f"{part}, embeddings", places.get("embeddings", []))]
    for (trained, frozen), alike in groupby(blocks, lambda block: (block[1].trained, block[1].frozen)):
        numbers = [i for i, _ in alike]
        span = f"blocks {numbers[0]}-{numbers[-1]}" if len(numbers) > 1 else f"block {numbers[0]}"
        groups.append(Group(f"{part}, {span}", trained * len(numbers), frozen * len(numbers)))
    return [*groups, *(Group.of(f"{part}, {after}", places.get(after, [])) for after in ("norm", "projection"))]
