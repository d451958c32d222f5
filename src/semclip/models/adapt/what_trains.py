"""The keys of a config's section `model:` that say what trains, and doing what they say."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

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
        _refuse_contradictions({"freeze": self.freeze, "last_blocks": self.last_blocks, "lora": lora}, where)
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
    """Let only the last `count` blocks of a tower train, its last norm and its projection; the others stand still.

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
    encoder.stand_still(blocks[:first])


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


def _refuse_contradictions(keys: Mapping[str, Iterable[str]], where: str) -> None:
    for part in _TOWERS:
        named = [key for key, parts in keys.items() if part in parts]
        if len(named) > 1:
            raise UserError(
                f"{' and '.join(named)} say different things of the part '{part}'",
                where=where,
                fix=f"name '{part}' in one of them",
            )
