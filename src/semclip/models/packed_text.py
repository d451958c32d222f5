"""The text pass without padding: the tokens of all texts in one long row, each text attending to itself alone."""

from collections import Counter
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from open_clip.model import CLIP
from open_clip.transformer import ResidualAttentionBlock, TextTransformer
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from semclip.models.packed_attention import Group, packed_attention

#: Texts attend in groups padded to the next multiple of this many tokens: few enough calls, little enough padding.
GROUP = 8


def can_pack(tower: nn.Module) -> bool:
    """Whether a tower that can be trimmed is made of blocks whose formula `encode_text_packed` follows.

    Compiled blocks are called whole, so they are not packed.
    """
    blocks = getattr(getattr(tower, "transformer", None), "resblocks", ())
    return len(blocks) > 0 and all(
        type(block) is ResidualAttentionBlock
        and not hasattr(block, "ln_1_kv")
        and block.attn.dropout == 0
        and block._compiled_call_impl is None
        for block in blocks
    )


def encode_text_packed(tower: CLIP | TextTransformer, tokens: Tensor, ends: Tensor) -> Tensor:
    """(B, W) read-out rows before the projection, equal to the tower's own pass over all L tokens.

    Shapes: B texts, tokens (B, L), ends (B,) position of each end-of-text, N = sum(ends + 1) tokens, W tower width.
    Linear layers and norms see (N, W): no padding is computed. Attention is block-diagonal and causal; it pads texts of
    like length to a multiple of 8, behind their last token, where no causal query looks.
    Use where `can_trim(tower)` and `can_pack(tower)` hold and B > 0.
    """
    packing = pack(ends + 1)
    dtype = tower.transformer.get_cast_dtype()
    ids = tokens[packing.texts, packing.positions]  # (N,)
    x = tower.token_embedding(ids).to(dtype) + tower.positional_embedding[packing.positions].to(dtype)  # (N, W)
    for block in tower.transformer.resblocks:
        if tower.transformer.grad_checkpointing and torch.is_grad_enabled():
            x = checkpoint(_block, block, x, packing, use_reentrant=False)
        else:
            x = _block(block, x, packing)
    return tower.ln_final(x[packing.last])  # (B, W)


@dataclass(frozen=True)
class Packing:
    """Where the tokens of texts lie in one row, shorter texts first.

    texts, positions: (N,) text and position that each place holds. last: (B,) place of each text's last token.
    groups: texts of like length, which attend together.
    """

    texts: Tensor
    positions: Tensor
    last: Tensor
    groups: tuple[Group, ...]


def pack(lengths: Tensor) -> Packing:
    """Lay texts of these lengths (B,), each at least 1, behind one another; one transfer from the device."""
    device = lengths.device
    lengths = lengths.cpu()
    order = lengths.argsort(stable=True)  # (B,)
    ordered = lengths[order]
    starts = ordered.cumsum(0) - ordered  # (B,)
    row = torch.repeat_interleave(torch.arange(len(ordered)), ordered)  # (N,)
    positions = torch.arange(len(row)) - starts[row]  # (N,)

    padded = (ordered + GROUP - 1) // GROUP * GROUP
    groups, first = [], 0
    for size, count in Counter(padded.tolist()).items():  # ascending, as the texts are
        inside = (row >= first) & (row < first + count)
        places = (row[inside] - first) * size + positions[inside]
        groups.append(Group(len(places), count, size, places.to(device)))
        first += count
    last = torch.empty_like(starts).scatter(0, order, starts + ordered - 1)  # (B,)
    return Packing(order[row].to(device), positions.to(device), last.to(device), tuple(groups))


def _block(block: ResidualAttentionBlock, x: Tensor, packing: Packing) -> Tensor:
    """One residual block on packed tokens (N, W)."""
    x = x + block.ls_1(_attention(block.attn, block.ln_1(x), packing))
    return x + block.ls_2(block.mlp(block.ln_2(x)))


def _attention(attention: nn.MultiheadAttention, x: Tensor, packing: Packing) -> Tensor:
    """What the layer makes of packed tokens (N, W), with each text attending to itself alone."""
    qkv = F.linear(x, attention.in_proj_weight, attention.in_proj_bias)  # (N, 3W)
    with torch.autocast(x.device.type, enabled=False):
        mixed = packed_attention(qkv, packing.groups, attention.num_heads)  # (N, W)
    return F.linear(mixed, attention.out_proj.weight, attention.out_proj.bias)
