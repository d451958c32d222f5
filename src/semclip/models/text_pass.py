"""A text pass that skips every position after end-of-text: the same embeddings for a fraction of the work."""

from collections.abc import Callable
from functools import cache

import torch
import torch.nn.functional as F
from open_clip.model import CLIP
from open_clip.transformer import ResidualAttentionBlock, TextTransformer
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from semclip.models.packing import Packing, pack_rows, pack_tiles

#: How towers that can be trimmed read the caption out: at the largest token id, or at a given end-of-text id.
_POOLS_AT_END = ("argmax", "eos")


def can_trim(tower: nn.Module) -> bool:
    """Whether trimming is exact for a text tower: attention looks back only, and the output is read at end-of-text.

    Then no token after end-of-text can influence it. Towers that attend in both directions, append a class token
    (CoCa) or pool elsewhere run over all their tokens.
    """
    if isinstance(tower, CLIP):
        return tower.attn_mask is not None and tower.text_pool_type in _POOLS_AT_END
    if isinstance(tower, TextTransformer):
        return tower.attn_mask is not None and tower.cls_emb is None and tower.pool_type in _POOLS_AT_END
    return False


def encode_text(tower: CLIP | TextTransformer, tokens: Tensor) -> Tensor:
    """(B, D) raw embeddings of tokens (B, L), equal to the tower's own pass over all L tokens.

    Shapes: B texts, L tokens as given, W tower width, D embed_dim.
    Computes each text up to its end-of-text where the blocks are known (`can_pack`), else all texts up to the
    longest end-of-text among them. The final norm acts on each position alone, so it runs on the read-out rows.
    Use where `can_trim(tower)` holds.
    """
    ends = end_of_text(tower, tokens)  # (B,)
    packed = can_pack(tower) and len(tokens) > 0
    x = encode_text_packed(tower, tokens, ends) if packed else encode_text_trimmed(tower, tokens, ends)  # (B, W)
    projection = tower.text_projection
    if projection is None:
        return x
    return projection(x) if isinstance(projection, nn.Linear) else x @ projection  # (B, D)


def encode_text_trimmed(tower: CLIP | TextTransformer, tokens: Tensor, ends: Tensor) -> Tensor:
    """(B, W) read-out rows before the projection, of a pass over the T positions up to the longest of `ends` (B,)."""
    longest = int(ends.max()) + 1 if len(ends) else 1
    tokens = tokens[:, :longest]  # (B, T)
    dtype = tower.transformer.get_cast_dtype()
    x = tower.token_embedding(tokens).to(dtype) + tower.positional_embedding[:longest].to(dtype)  # (B, T, W)
    x = tower.transformer(x, attn_mask=tower.attn_mask[:longest, :longest])  # (B, T, W)
    return tower.ln_final(x[torch.arange(len(x), device=x.device), ends])  # (B, W)


def end_of_text(tower: CLIP | TextTransformer, tokens: Tensor) -> Tensor:
    """(B,) position at which each text is read out."""
    pool, eos = (
        (tower.text_pool_type, tower.text_eos_id) if isinstance(tower, CLIP) else (tower.pool_type, tower.eos_id)
    )
    return tokens.argmax(dim=-1) if pool == "argmax" else (tokens == eos).int().argmax(dim=-1)


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
    """One residual block on packed tokens (N, W), with each text attending to itself alone."""
    attention = block.attn
    qkv = F.linear(block.ln_1(x), attention.in_proj_weight, attention.in_proj_bias)  # (N, 3W)
    with torch.autocast(x.device.type, enabled=False):
        mixed = packing.attend(qkv, attention.num_heads)  # (N, W)
    x = x + block.ls_1(F.linear(mixed, attention.out_proj.weight, attention.out_proj.bias))
    return x + block.ls_2(block.mlp(block.ln_2(x)))
