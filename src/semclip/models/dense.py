"""Dense features of a CLIP: its last attention layer read without pooling, one vector per position (MaskCLIP)."""

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from open_clip.modified_resnet import AttentionPool2d, ModifiedResNet
from open_clip.transformer import ResidualAttentionBlock, VisionTransformer
from torch import Tensor, nn

from semclip.core.errors import UserError, did_you_mean

#: Positions of a ResNet's last layer are this many pixels apart.
_RESNET_STRIDE = 32


@dataclass(frozen=True)
class LastBlock:
    """What the last block of a vision transformer does for dense reading.

    attention: `own` softmax(q k^T) v; `values` v itself; `queries` softmax(q q^T) v.
    """

    attention: Literal["own", "values", "queries"]
    residual: bool
    mlp: bool


#: Name of a variant -> what it does with the last block.
VARIANTS = {
    "clip": LastBlock("own", residual=True, mlp=True),
    "official": LastBlock("values", residual=True, mlp=True),
    "paper": LastBlock("values", residual=False, mlp=False),
    "paper+residual": LastBlock("values", residual=True, mlp=False),
    "paper+mlp": LastBlock("values", residual=False, mlp=True),
    "clearclip": LastBlock("queries", residual=False, mlp=False),
}
#: Those that a ResNet has: its attention pool has neither residual nor MLP, so `official` and `paper` are one there.
RESNET_VARIANTS = ("clip", "official", "paper")


@dataclass(frozen=True)
class DenseMap:
    """Shapes: B images, h x w positions, D embed_dim, C width of the attention layer.

    features:     (B, h, w, D) in the space of the texts, raw (not normalised).
    keys:         (B, h, w, C) keys of the last attention layer, all heads side by side.
    released_keys: (B, h, w, C') what the released code smooths by: a transformer's keys after its output projection.
    """

    features: Tensor
    keys: Tensor
    released_keys: Tensor


def why_not_dense(visual: nn.Module) -> str:
    """Why dense features of an image tower would not be exact, in a few words; "" where they are."""
    if isinstance(visual, ModifiedResNet):
        return "" if isinstance(visual.attnpool, AttentionPool2d) else "its attention pool was taken away"
    if not isinstance(visual, VisionTransformer):
        return f"its image tower is a {type(visual).__name__}; only open_clip's own towers are read densely"
    last = visual.transformer.resblocks[-1]
    if visual.attn_pool is not None:
        return "it pools with an attention pooler, whose values are not those of the last block"
    if visual.pool_type != "tok":
        return f"it pools by '{visual.pool_type}', so its space is that of a mean, not of the class token"
    if type(last) is not ResidualAttentionBlock or not isinstance(last.attn, nn.MultiheadAttention):
        return "its attention is a custom one, with scales or norms of its own"
    return ""


def dense_stride(visual: nn.Module) -> tuple[int, int]:
    """Pixels between two positions: down, across."""
    if isinstance(visual, VisionTransformer):
        return int(visual.patch_size[0]), int(visual.patch_size[1])
    return _RESNET_STRIDE, _RESNET_STRIDE


def dense_map(visual: nn.Module, inputs: Tensor, variant: str) -> DenseMap:
    """Features and keys of every position of images (B, 3, H, W).

    z: input of the last block, a = ln_1(z), W_v, W_out of its attention:
        v = W_out (W_v a + b_v) + b_out                the attention matrix replaced by the identity
        official        f = proj ln_post(u + MLP(ln_2(u))), u = z + v       the released code (ViT)
        paper           f = proj ln_post(v)                                 the paper's text
        paper+residual  f = proj ln_post(z + v)        paper+mlp  f = proj ln_post(v + MLP(ln_2(v)))
        clearclip       as `paper`, with softmax(q q^T / sqrt(d)) W_v a for W_v a   (arXiv 2407.12442)
        clip            the last block as it is: what a plain CLIP says of its patches, the baseline
    LayerScale acts where the block has it. ResNet: x the last layer's output, f = W_c (W_v x + b_v) + b_c for
    `official` and `paper`; `clip` runs the attention pool at every position, without its positional embedding.

    Any H and W: sides that are no multiple of `dense_stride` are padded with zeros at the bottom and right, so that
    h = ceil(H / stride); `refine.upsample` cuts the padding off again. Another grid than the one of training: the
    positional embedding is resized, bicubic, align_corners=False, without antialiasing, as the released code does
    (open_clip's loader antialiases).

    Call it where `why_not_dense(visual)` is "". Raises UserError for an unknown variant.
    Paper: arXiv 2112.01071, section 3.2.
    """
    known = VARIANTS if isinstance(visual, VisionTransformer) else RESNET_VARIANTS
    if variant not in known:
        raise UserError(
            f"no variant '{variant}' of dense features for a {type(visual).__name__}",
            where="variant",
            fix=did_you_mean(variant, known),
        )
    down, across = dense_stride(visual)
    height, width = inputs.shape[-2:]
    inputs = F.pad(inputs, (0, -width % across, 0, -height % down))  # (B, 3, h * down, w * across)
    if isinstance(visual, VisionTransformer):
        return _vision_transformer(visual, inputs, VARIANTS[variant])
    assert isinstance(visual, ModifiedResNet)
    return _resnet(visual, inputs, everywhere=variant == "clip")


def _vision_transformer(visual: VisionTransformer, inputs: Tensor, how: LastBlock) -> DenseMap:
    x = visual.conv1(inputs)  # (B, W, h, w)
    count, width, h, w = x.shape
    x = x.flatten(2).transpose(1, 2)  # (B, h * w, W)
    x = torch.cat([visual.class_embedding.to(x.dtype).expand(count, 1, width), x], dim=1)  # (B, 1 + h * w, W)
    # No patch dropout: every position is asked for.
    x = visual.ln_pre(x + _positions(visual, h, w).to(x.dtype))
    for block in visual.transformer.resblocks[:-1]:
        x = block(x)
    last = visual.transformer.resblocks[-1]
    attention = last.attn
    q, k, v = F.linear(last.ln_1(x), attention.in_proj_weight, attention.in_proj_bias).chunk(3, dim=-1)
    if how.attention != "values":
        v = _attend(q, k if how.attention == "own" else q, v, attention.num_heads)
    y = last.ls_1(attention.out_proj(v))  # (B, 1 + h * w, W)
    if how.residual:
        y = x + y
    if how.mlp:
        y = y + last.ls_2(last.mlp(last.ln_2(y)))
    features = visual.ln_post(y)[:, 1:] @ visual.proj  # (B, h * w, D)
    keys = k[:, 1:]
    shape = (count, h, w, -1)
    return DenseMap(features.reshape(shape), keys.reshape(shape), attention.out_proj(keys).reshape(shape))


def _positions(visual: VisionTransformer, h: int, w: int) -> Tensor:
    """(1 + h * w, W): the class token's embedding, and those of the patches resized to the grid."""
    table = visual.positional_embedding
    if (h, w) == tuple(visual.grid_size):
        return table
    grid = table[1:].reshape(1, *visual.grid_size, -1).permute(0, 3, 1, 2)  # (1, W, h0, w0)
    resized = F.interpolate(grid, size=(h, w), mode="bicubic", align_corners=False)
    return torch.cat([table[:1], resized.flatten(2)[0].T])


def _resnet(visual: ModifiedResNet, inputs: Tensor, everywhere: bool) -> DenseMap:
    x = visual.layer4(visual.layer3(visual.layer2(visual.layer1(visual.stem(inputs)))))  # (B, C, h, w)
    x = x.permute(0, 2, 3, 1)  # (B, h, w, C)
    pool = visual.attnpool
    keys = pool.k_proj(x)
    if not everywhere:
        return DenseMap(pool.c_proj(pool.v_proj(x)), keys, keys)
    flat = x.flatten(1, 2)  # (B, h * w, C)
    flat = torch.cat([flat.mean(dim=1, keepdim=True), flat], dim=1)  # (B, 1 + h * w, C)
    mixed = _attend(pool.q_proj(flat), pool.k_proj(flat), pool.v_proj(flat), pool.num_heads)
    return DenseMap(pool.c_proj(mixed[:, 1:]).reshape(*x.shape[:3], -1), keys, keys)


def _attend(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """Multi-head attention of (B, N, C) rows."""
    q, k, v = (t.reshape(*t.shape[:2], heads, -1).transpose(1, 2) for t in (q, k, v))  # (B, heads, N, C / heads)
    return F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
