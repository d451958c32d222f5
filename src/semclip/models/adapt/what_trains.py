"""Which parameters train: applies the keys of the config's section `model:`, and makes a table of the result."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from torch import nn

from semclip.core.errors import UserError, did_you_mean
from semclip.models.adapt.lora import LoraConfig, add_lora
from semclip.models.adapt.tower import Tower
from semclip.models.backends.base import Encoder

#: The parts that can be a tower.
_TOWERS = ("image", "text")


@dataclass(frozen=True, kw_only=True)
class WhatTrains:
    """Keys of section `model:`. A part that no key names trains with all its parameters.

    freeze: parts that do not train: image, text, logit_scale; or text_norm, the last norm of the text tower.
    last_blocks: tower -> how many of its last blocks train, with the last norm and the projection, and nothing before.
    lora: trains thin products beside the matrices of its towers, and nothing else there.
    gradient_checkpointing: keep only the input of every block for backward, and compute the rest again there.
    """

    freeze: tuple[str, ...] = ()
    last_blocks: Mapping[str, int] = field(default_factory=dict)
    lora: LoraConfig | None = None
    gradient_checkpointing: bool = False

    def apply(self, encoder: Encoder, seed: int | None, where: str) -> None:
        """Set up an encoder so. seed: of LoRA's random halves; None: the program's.

        Raises UserError for unknown parts, two keys that say different things of one, and towers without blocks.
        """
        lora = self.lora.parts if self.lora else ()
        keys = {"freeze": self.freeze, "last_blocks": self.last_blocks, "lora": lora}
        for part in _TOWERS:
            named = [key for key, parts in keys.items() if part in parts]
            if len(named) > 1:
                what = f"{' and '.join(named)} say different things of the part '{part}'"
                raise UserError(what, where=where, fix=f"name '{part}' in one of them")
        for part, count in self.last_blocks.items():
            train_last_blocks(encoder, part, count, where)
        for part in lora:
            assert self.lora is not None
            tower = tower_of(encoder, part, where)
            for _, parameter in encoder.parts()[part]:
                parameter.requires_grad_(False)
            add_lora(encoder, tower, self.lora, seed, where)
        encoder.freeze(*self.freeze)
        if self.gradient_checkpointing:
            encoder.checkpoint_gradients()


def train_last_blocks(encoder: Encoder, part: str, count: int, where: str) -> None:
    """Let only the last `count` blocks of a tower train, its last norm and its projection; the others are frozen.

    0 trains norm and projection alone. Raises UserError for a tower that has no blocks, or fewer.
    """
    tower = tower_of(encoder, part, where)
    blocks = tower.blocks_of(encoder)
    if not 0 <= count <= len(blocks):
        raise UserError(
            f"the {part} tower has {len(blocks)} blocks, {count} of them cannot train",
            where=f"{where}: last_blocks",
            fix=f"set model.last_blocks.{part} to 0 to {len(blocks)}",
        )
    first = len(blocks) - count
    for name, parameter in encoder.parts()[part]:
        number = tower.block_number(name)
        if not (number is not None and number >= first) and not tower.after_blocks(name):
            parameter.requires_grad_(False)
    encoder.freeze_modules(blocks[:first])


def tower_of(encoder: Encoder, part: str, where: str) -> Tower:
    """The tower of a part. Raises UserError for a part without transformer blocks."""
    towers = encoder.towers()
    if part not in _TOWERS:
        raise UserError(f"unknown tower '{part}'", where=where, fix=did_you_mean(part, _TOWERS))
    if part not in towers:
        raise UserError(
            f"the {part} side of {encoder.label} has no transformer blocks that are known here",
            where=where,
            fix=f"freeze it as a whole (`freeze: [{part}]`), leave it to train, or choose a model with a transformer, "
            "such as ViT-B-32",
        )
    return towers[part]


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
    """Lines: a group, how many of its parameters train, their proportion of the group, how many are frozen."""
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
