"""The text pass without padding: the tokens of all texts in one long row, each text attending to itself alone."""

from collections.abc import Callable
from functools import cache

import torch
import torch.nn.functional as F
from open_clip.model import CLIP
from open_clip.transformer import ResidualAttentionBlock, TextTransformer
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from semclip.models.packed_rows import pack_rows
from semclip.models.packed_tiles import pack_tiles
from semclip.models.packing import Packing


def can_pack(tower: nn.Module) -> bool:
    """Whether a tower that can be trimmed is made of blocks whose formula `encode_text_packed` follows."""
    blocks = getattr(getattr(tower, "transformer", None), "resblocks", ())
    return len(blocks) > 0 and all(
        type(block) is ResidualAttentionBlock and not hasattr(block, "ln_1_kv") and block.attn.dropout == 0
        for block in blocks
    )


def encode_text_packed(tower: CLIP | TextTransformer, tokens: Tensor, ends: Tensor) -> Tensor:
    """(B, W) read-out rows before the projection, equal to the tower's own pass over all L tokens.

    Shapes: B texts, tokens (B, L), ends (B,) position of each end-of-text, N places of tokens, W tower width.
    Linear layers and norms see (N, W): no padding on a CPU, elsewhere about one place in a hundred. Attention is
    block-diagonal and causal. Where the tower's blocks are to be compiled, what stands for them here is.
    Use where `can_trim(tower)` and `can_pack(tower)` hold and B > 0.
    """
    compiled = tower.transformer.resblocks[0]._compiled_call_impl is not None
    through = _compiled_block() if compiled else _block
    device, dtype = tokens.device.type, tower.transformer.get_cast_dtype()
    # Groups of rows are written for the CPU, and no compiler sees through them.
    pack = pack_rows if device == "cpu" and not compiled else pack_tiles
    packing = pack(ends + 1, torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else dtype)
    ids = tokens[packing.texts, packing.positions]  # (N,)
    x = tower.token_embedding(ids).to(dtype) + tower.positional_embedding[packing.positions].to(dtype)  # (N, W)
    for block in tower.transformer.resblocks:
        if tower.transformer.grad_checkpointing and torch.is_grad_enabled():
            x = checkpoint(through, block, x, packing, use_reentrant=False)
        else:
            x = through(block, x, packing)
    return tower.ln_final(x[packing.last])  # (B, W)


@cache
def _compiled_block() -> Callable[[ResidualAttentionBlock, Tensor, Packing], Tensor]:
    """One graph for all blocks and lengths."""
    return torch.compile(_block, dynamic=True)


def _block(block: ResidualAttentionBlock, x: Tensor, packing: Packing) -> Tensor:
    """One residual block on packed tokens (N, W)."""
    x = x + block.ls_1(_attention(block.attn, block.ln_1(x), packing))
    return x + block.ls_2(block.mlp(block.ln_2(x)))


def _attention(attention: nn.MultiheadAttention, x: Tensor, packing: Packing) -> Tensor:
    """What the layer makes of packed tokens (N, W), with each text attending to itself alone."""
    qkv = F.linear(x, attention.in_proj_weight, attention.in_proj_bias)  # (N, 3W)
    with torch.autocast(x.device.type, enabled=False):
        mixed = packing.attend(qkv, attention.num_heads)  # (N, W)
    return F.linear(mixed, attention.out_proj.weight, attention.out_proj.bias)
