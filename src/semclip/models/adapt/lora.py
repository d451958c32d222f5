"""LoRA (arXiv 2106.09685): frozen matrices with a trained product of two thin ones added, until they are saved as one.

Why not peft: it wraps modules and relies on their `forward`, but `nn.MultiheadAttention` and our packed text pass read
the weights directly. A torch parametrization gives every reader W + (alpha / rank) B A, and keeps the modules' names.
The cost: backward computes the gradient of a whole W before those of A and B, one matrix at a time, and the step holds
a second copy of the adapted weights. LoRA saves optimizer state and checkpoint size here, not computation.
"""

import contextlib
import functools
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from semclip.core.errors import UserError, did_you_mean
from semclip.models.adapt.tower import Tower
from semclip.models.initialisation import seeded_weights


@dataclass(frozen=True, kw_only=True)
class LoraConfig:
    """Key `lora:` of section `model:`.

    rank: of each added product. alpha: its weight is alpha / rank.
    parts: towers that are adapted, and otherwise frozen.
    targets: kinds of matrices: `attention` (queries, keys, values, output) and `mlp` (both of its layers).
    """

    rank: int = 8
    alpha: float = 16.0
    parts: tuple[str, ...] = ("image", "text")
    targets: tuple[str, ...] = ("attention", "mlp")

    def __post_init__(self) -> None:
        if self.rank < 1 or not 0 < self.alpha < float("inf"):
            raise UserError(
                f"LoRA with rank {self.rank} and alpha {self.alpha:g} trains nothing",
                where="model.lora",
                fix="set model.lora.rank=8 and model.lora.alpha=16",
            )


class Lora(nn.Module):
    """W -> W + (alpha / rank) B A, as a parametrization of one weight (out, in), which stays as it is.

    Shapes: A (n rank, in), B (out, rank); n matrices of out / n rows lie in W side by side, each with its own rows of A
    and of B, so that queries, keys and values in one weight are adapted like three matrices.
    A is drawn from N(0, 1 / in), B = 0: at the start the sum is W, bit for bit.
    Deviation: the paper does not give the variance of A; with this one A x is of the size of x's entries.
    """

    def __init__(self, weight: Tensor, matrices: int, rank: int, alpha: float) -> None:
        super().__init__()
        out, width = weight.shape
        self.matrices, self.rank, self.scale = matrices, rank, alpha / rank
        drawn = torch.randn(matrices * rank, width) * width**-0.5  # on the CPU: the same on every device
        self.A = nn.Parameter(drawn.to(weight))
        self.B = nn.Parameter(weight.new_zeros(out, rank))

    def forward(self, weight: Tensor) -> Tensor:
        n, (out, width) = self.matrices, weight.shape
        # In the weights' own type: the sum is rounded to bf16 where a product with it is, as a merged weight would be.
        with torch.autocast(weight.device.type, enabled=False):
            w, b, a = weight.view(n, out // n, width), self.B.view(n, out // n, -1), self.A.view(n, self.rank, width)
            return torch.baddbmm(w, b, a, alpha=self.scale).view(out, width)


def add_lora(encoder: nn.Module, tower: Tower, config: LoraConfig, seed: int | None, where: str) -> None:
    """Put A and B beside the targets in every block of a tower; nothing else is frozen or thawed.

    Raises UserError for unknown targets and a rank that is no lower than that of the matrices.
    """
    for kind in config.targets:
        if kind not in tower.targets:
            raise UserError(f"LoRA has no target '{kind}'", where=where, fix=did_you_mean(kind, tower.targets))
    with seeded_weights(seed, "LoRA", tower.blocks):
        for block in tower.blocks_of(encoder):
            for kind in config.targets:
                for name, matrices in tower.targets[kind].items():
                    _adapt(block, name, matrices, config, where)


def _adapt(block: nn.Module, name: str, matrices: int, config: LoraConfig, where: str) -> None:
    place, _, tensor = name.rpartition(".")
    module = block.get_submodule(place)
    weight = module.get_parameter(tensor)
    most = min(weight.shape[0] // matrices, weight.shape[1])
    if config.rank > most:
        raise UserError(
            f"LoRA of rank {config.rank}, but {name} has rank {most} itself",
            where=where,
            fix=f"set model.lora.rank={min(8, most)}",
        )
    weight.requires_grad_(False)
    parametrize.register_parametrization(module, tensor, Lora(weight, matrices, config.rank, config.alpha))


@torch.no_grad()
def plain_state(module: nn.Module) -> dict[str, Tensor]:
    """A module's `state_dict()` as it would be without LoRA: every A and B merged into the weight it belongs to."""
    state: dict[str, Tensor] = module.state_dict()
    for place, inner in module.named_modules():
        if parametrize.is_parametrized(inner):
            prefix = f"{place}." if place else ""
            state = {name: t for name, t in state.items() if not name.startswith(f"{prefix}parametrizations.")}
            assert isinstance(inner.parametrizations, nn.ModuleDict)
            state |= {f"{prefix}{tensor}": getattr(inner, tensor) for tensor in inner.parametrizations}
    return state


def is_plain(module: nn.Module) -> bool:
    """Whether no weight of it is adapted."""
    return not any(parametrize.is_parametrized(inner) for inner in module.modules())


def weights_once(blocks_are_replayed: bool) -> contextlib.AbstractContextManager[None]:
    """Around a forward pass: each adapted weight is made once, however often it is read. Without LoRA, nothing.

    blocks_are_replayed: by gradient checkpointing, which runs every block once more outside this context, and must find
    that it does what it did; then weights are made at every reading.
    """
    return contextlib.nullcontext() if blocks_are_replayed else parametrize.cached()


def share_classes(module: nn.Module) -> None:
    """Give adapted modules of one kind one class, so that torch.compile sees that all blocks run the same code.

    torch makes a class for every module, which looks for a weight that `weights_once` keeps; this one makes it at every
    reading, and leaves it to the compiler to do so once.
    """
    for inner in module.modules():
        if parametrize.is_parametrized(inner):
            assert isinstance(inner.parametrizations, nn.ModuleDict)
            inner.__class__ = _adapted_class(parametrize.type_before_parametrizations(inner), *inner.parametrizations)


@functools.cache
def _adapted_class(plain: type[nn.Module], *tensors: str) -> type[nn.Module]:
    def made_from(tensor: str) -> property:
        return property(lambda module: module.parametrizations[tensor]())

    return type(f"Adapted{plain.__name__}", (plain,), {tensor: made_from(tensor) for tensor in tensors})
