"""Common code for models of the transformers library: their blocks, and the settings that their outputs depend on."""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from torch import nn

from semclip.core.errors import UserError, first_line
from semclip.models.adapt.tower import Tower

#: Names of attention's matrices in a block; all other matrices are the feed-forward layer's.
_ATTENTION = ("attn", "attention")


def transformers_library(where: str) -> ModuleType:
    """The library transformers. Raises UserError where it is not installed."""
    try:
        import transformers
    except ImportError as error:
        raise UserError(
            "this model needs the transformers library", where=where, fix="pip install semclip[hf]"
        ) from error
    # The bar of reading weights: a second, and lines in every log.
    transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    return transformers


@contextmanager
def loading(what: str, where: str, fix: str = "check the name, or the files in the folder") -> Iterator[None]:
    """Around what reads files of the library: whatever it raises becomes a UserError, `what` and the first line."""
    try:
        yield
    except (OSError, ValueError, ImportError, RuntimeError, KeyError, TypeError) as error:
        raise UserError(f"{what}: {first_line(error)}", where=where, fix=fix) from error


def blocks(network: nn.Module) -> tuple[str, nn.ModuleList]:
    """Name and list of the blocks: the longest list of modules of one class, the outermost of equals."""
    lists = [
        (name, module)
        for name, module in network.named_modules()
        if isinstance(module, nn.ModuleList) and len({type(child) for child in module}) == 1
    ]
    return max(lists, key=lambda found: len(found[1]))


def norms(network: nn.Module) -> list[tuple[str, nn.Module]]:
    """Names and modules of all norms, in order."""
    return [(name, module) for name, module in network.named_modules() if "norm" in type(module).__name__.lower()]


def tower_of(network: nn.Module, prefix: str, projection: tuple[str, ...]) -> Tower:
    """Where the pieces of any of the library's transformers lie, for an encoder that holds it under `prefix`."""
    name, found = blocks(network)
    order = [place for place, _ in network.named_modules()]
    # A norm that stands before the blocks belongs to the embeddings.
    after = [place for place, _ in norms(network) if order.index(place) > order.index(f"{name}.{len(found) - 1}")]
    return Tower(
        blocks=f"{prefix}{name}",
        norm=tuple(f"{prefix}{place}" for place in after if not place.startswith(f"{name}.")),
        projection=projection,
        targets=_targets(found[0]),
    )


def checkpoint_blocks(network: Any) -> None:
    """Compute the blocks again in backward."""
    with warnings.catch_warnings(category=FutureWarning, action="ignore"):  # the name that all of 5 has
        network.gradient_checkpointing_enable({"use_reentrant": False})
    network.disable_input_require_grads()  # or backward would go on through frozen blocks to the embeddings


def _targets(block: nn.Module) -> dict[str, dict[str, int]]:
    """Matrices of a block by kind. Queries, keys and values in one matrix count as three."""
    targets: dict[str, dict[str, int]] = {"attention": {}, "mlp": {}}
    for name, module in block.named_modules():
        if isinstance(module, nn.Linear):
            kind = "attention" if any(part in name.lower() for part in _ATTENTION) else "mlp"
            targets[kind][f"{name}.weight"] = 3 if name.lower().endswith("qkv") else 1
    return targets


def plain_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The section without the keys that say where files came from."""
    left_out = ("_name_or_path", "name_or_path", "transformers_version", "dtype", "torch_dtype")
    return {key: value for key, value in settings.items() if key not in left_out}
