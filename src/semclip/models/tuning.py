"""What of a model trains: whole parts, the last blocks of a tower, or low-rank changes of its weights."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from semclip.core.errors import UserError, did_you_mean
from semclip.models.backends.base import PARTS, Encoder
from semclip.models.lora import add_low_rank

#: Numbered transformer blocks, as open_clip, transformers and timm name them.
_BLOCK = re.compile(r"\.(?:resblocks|layers|blocks)\.(\d+)\.")
#: What stands before the first block.
_INPUT = ("embed", "class_token", "cls_", "conv1", "ln_pre", "pre_layrnorm", "norm_pre")
#: What LoRA can change within a block.
TARGETS = ("attention", "mlp")
TOWERS = ("image", "text")


@dataclass(frozen=True, kw_only=True)
class LoraSection:
    """Key `lora:` of the section `model:`: of the parts named, only A and B train, in every block.

    rank: columns of B. alpha: the change is scaled by alpha / rank. targets: attention (the weights of queries, keys,
    values and output), mlp.
    """

    rank: int = 8
    alpha: float = 16.0
    parts: tuple[str, ...] = ("text",)
    targets: tuple[str, ...] = TARGETS


@dataclass(frozen=True, kw_only=True)
class TuningSection:
    """Keys of the section `model:` that say what trains; by default all of it.

    freeze: parts that stand still (`image`, `text`, `logit_scale`), or `text_norm`, the text tower's last norm.
    last_blocks: tower -> how many of its last blocks train, with what comes after them (norm, projection).
    lora: low-rank changes instead of the weights. gradient_checkpointing: blocks keep their inputs alone and compute
    the rest anew in backward: less memory for one more forward pass.
    """

    freeze: tuple[str, ...] = ()
    last_blocks: Mapping[str, int] = field(default_factory=dict)
    lora: LoraSection | None = None
    gradient_checkpointing: bool = False


def tune(encoder: Encoder, section: TuningSection, where: str) -> None:
    """Freeze, and add what LoRA asks for, in place. Raises UserError for unknown names and towers without blocks."""
    for tower, count in section.last_blocks.items():
        _train_last_blocks(encoder, tower, count, where)
    if section.lora is not None:
        _add_lora(encoder, section.lora, section.last_blocks, where)
    encoder.freeze(*section.freeze)
    if section.gradient_checkpointing:
        encoder.checkpoint_gradients()


def trainable(encoder: Encoder) -> list[str]:
    """A line per part: how many of its parameters train, and where they stand."""
    lines = []
    for part in PARTS:
        found: dict[str, list[int]] = {}
        for name, parameter in encoder.parts()[part]:
            counts = found.setdefault(_place(name), [0, 0])
            counts[0] += parameter.numel() if parameter.requires_grad else 0
            counts[1] += parameter.numel()
        train, every = (sum(counts[i] for counts in found.values()) for i in (0, 1))
        inside = ", ".join(f"{place} {counts[0]:,}" for place, counts in found.items() if counts[0])
        spread = f" ({inside})" if len(found) > 1 and train else ""
        lines.append(f"{part:<11} {train:,} of {every:,} parameters{spread}")
    return lines


def _place(name: str) -> str:
    """Where a parameter stands in its tower."""
    if ".parametrizations." in name and not name.endswith(".original"):
        return "low-rank changes"
    if _BLOCK.search(name):
        return "blocks"
    return "input" if any(word in name for word in _INPUT) else "read-out"


def _train_last_blocks(encoder: Encoder, tower: str, count: int, where: str) -> None:
    blocks = _blocks(encoder, tower, where)
    if not 1 <= count <= blocks:
        raise UserError(
            f"last_blocks asks for {count} blocks of the {tower} tower, which has {blocks}",
            where=where,
            fix=f"a number from 1 to {blocks}; or `freeze: [{tower}]`",
        )
    for name, parameter in encoder.parts()[tower]:
        block = _BLOCK.search(name)
        stands = int(block[1]) < blocks - count if block else _place(name) == "input"
        parameter.requires_grad_(parameter.requires_grad and not stands)


def _add_lora(encoder: Encoder, section: LoraSection, last_blocks: Mapping[str, int], where: str) -> None:
    for target in section.targets:
        if target not in TARGETS:
            raise UserError(f"LoRA knows no target '{target}'", where=where, fix=did_you_mean(target, list(TARGETS)))
    if not (section.parts and section.targets):
        raise UserError("LoRA without parts or targets trains nothing", where=where, fix="leave `lora` out")
    for part in section.parts:
        _blocks(encoder, part, where)
        if part in last_blocks:
            raise UserError(
                f"both `lora` and `last_blocks` say what of the {part} tower trains", where=where, fix="keep one"
            )
        for name, parameter in encoder.parts()[part]:
            parameter.requires_grad_(False)
            path, _, weight = name.rpartition(".")
            kind = "attention" if "attn" in path else "mlp"
            if parameter.ndim != 2 or not _BLOCK.search(name) or kind not in section.targets:
                continue
            if not 1 <= section.rank <= min(parameter.shape):
                raise UserError(
                    f"rank {section.rank} for '{name}', a matrix of {tuple(parameter.shape)}",
                    where=where,
                    fix=f"set lora.rank to a number from 1 to {min(parameter.shape)}; 4 to 16 are usual",
                )
            add_low_rank(encoder.get_submodule(path), weight, section.rank, section.alpha)


def _blocks(encoder: Encoder, tower: str, where: str) -> int:
    """How many blocks a tower has."""
    if tower not in TOWERS:
        raise UserError(f"no tower '{tower}'", where=where, fix=did_you_mean(tower, list(TOWERS)))
    numbers = [int(block[1]) for name, _ in encoder.parts()[tower] if (block := _BLOCK.search(name))]
    if not numbers:
        raise UserError(
            f"the {tower} tower of {encoder.label} is made of no transformer blocks",
            where=where,
            fix=f"train it whole, or `freeze: [{tower}]`",
        )
    return max(numbers) + 1
