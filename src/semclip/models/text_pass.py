"""One text pass that computes nothing behind end-of-text: the same embeddings for a fraction of the work."""

import torch
from open_clip.model import CLIP
from open_clip.transformer import TextTransformer
from torch import Tensor, nn

from semclip.models.packed_text import can_pack, encode_text_packed

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
    Computes each text up to its end-of-text where the blocks are known (`packed_text`), else all texts up to the
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
