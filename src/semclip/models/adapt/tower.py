"""The parts of a transformer tower, by parameter name: embeddings, blocks, last norm, projection."""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import nn


@dataclass(frozen=True)
class Tower:
    """Names in an encoder, of modules or parameters; what is named nowhere here comes before the blocks (embeddings).

    blocks: the list of blocks, in order. norm: after the last block. projection: after that, pooling with weights
    included.
    targets: matrices within a block that LoRA may adapt, by kind -> name -> how many matrices lie in it side by side
    (3 where queries, keys and values share one weight).
    """

    blocks: str
    norm: tuple[str, ...]
    projection: tuple[str, ...]
    targets: Mapping[str, Mapping[str, int]]

    def blocks_of(self, encoder: nn.Module) -> list[nn.Module]:
        return list(encoder.get_submodule(self.blocks).children())

    def block_number(self, name: str) -> int | None:
        """The block that holds the parameter `name`; None for one outside the blocks."""
        prefix = f"{self.blocks}."
        return int(name.removeprefix(prefix).partition(".")[0]) if name.startswith(prefix) else None

    def after_blocks(self, name: str) -> str:
        """`norm` or `projection` for a parameter of these, else ""."""
        for group, places in (("norm", self.norm), ("projection", self.projection)):
            if any(name == place or name.startswith(f"{place}.") for place in places):
                return group
        return ""


#: Kinds of matrices in a block of open_clip, plain or custom; the same names in towers of any backend built from them.
OPEN_CLIP_TARGETS: Mapping[str, Mapping[str, int]] = {
    "attention": {"attn.in_proj_weight": 3, "attn.out_proj.weight": 1},
    "mlp": {"mlp.c_fc.weight": 1, "mlp.c_proj.weight": 1},
}


def open_clip_text(prefix: str) -> Tower:
    """open_clip's text tower whose pieces are called `prefix` + `transformer`, `ln_final`, `text_projection`."""
    return Tower(
        blocks=f"{prefix}transformer.resblocks",
        norm=(f"{prefix}ln_final",),
        projection=(f"{prefix}text_projection",),
        targets=OPEN_CLIP_TARGETS,
    )
