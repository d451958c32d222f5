"""Texts packed without padding, each attending to itself alone: in one row on a CPU, in tiles on other devices."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

#: Texts attend in groups padded to the next multiple of this many tokens: few enough calls, little enough padding.
GROUP = 8
#: Tokens of a tile, where the longest text allows it. One kernel attends in all tiles at once. Kernels for texts of any
#: length take a block of 128 rows for each text and head, of which a caption fills an eighth: four times slower
#: (`perf/train_step.py` on a GPU).
TILE = 128


@dataclass(frozen=True)
class Packing(ABC):
    """Where the tokens of B texts lie in one row of N places.

    texts, positions: (N,) text and position that each place holds; a place that holds none repeats the first token of
    text 0, and nothing looks at it. last: (B,) place of each text's last token.
    """

    texts: Tensor
    positions: Tensor
    last: Tensor

    @abstractmethod
    def attend(self, qkv: Tensor, heads: int) -> Tensor:
        """softmax(q k^t / sqrt(d)) v within each text, looking back only: (N, 3W) -> (N, W) with W = heads * d."""


@dataclass(frozen=True)
class Tiles(Packing):
    """For GPUs: tiles of equal length T, several texts in each, kept apart by a mask.

    mask: (tiles, 1, T, T), 0 where a query may look and -inf elsewhere.
    """

    mask: Tensor

    def attend(self, qkv: Tensor, heads: int) -> Tensor:
        tiles, _, tile, _ = self.mask.shape
        q, k, v = qkv.view(tiles, tile, 3, heads, -1).permute(2, 0, 3, 1, 4)  # (tiles, heads, T, d)
        out = F.scaled_dot_product_attention(q, k, v, attn_mask=self.mask)
        return out.transpose(1, 2).reshape(tiles * tile, -1)


def pack_tiles(lengths: Tensor, dtype: torch.dtype, tile: int = TILE) -> Tiles:
    """Lay texts of these lengths (B,), each at least 1, into tiles; one transfer from the device and one back.

    dtype: of what will attend.
    """
    sizes = lengths.cpu().numpy()
    tile = max(tile, -(-int(sizes.max()) // 8) * 8)  # kernels want multiples of 8
    starts, tiles = places(sizes, tile)
    row = np.repeat(np.arange(len(sizes)), sizes)  # (tokens,)
    positions = np.arange(len(row)) - np.repeat(sizes.cumsum() - sizes, sizes)
    own = starts[row] + positions
    laid = np.zeros((3, tiles * tile), dtype=np.int64)  # text, position, owner
    laid[2] = -1
    laid[:, own] = row, positions, row
    there = torch.from_numpy(np.concatenate([laid.ravel(), starts + sizes - 1])).to(lengths.device)
    texts, positions, owner = there[: laid.size].view(3, -1)
    owner = owner.view(tiles, tile)
    own = (owner[:, :, None] == owner[:, None, :]).tril()[:, None]  # (tiles, 1, T, T)
    mask = torch.zeros_like(own, dtype=dtype).masked_fill_(~own, -torch.inf)
    return Tiles(texts, positions, there[laid.size :], mask)


def places(sizes: np.ndarray, tile: int) -> tuple[np.ndarray, int]:
    """Where each text begins in a row of tiles, and how many tiles that takes."""
    order = np.argsort(sizes, kind="stable")
    lengths, first = np.unique(sizes[order], return_index=True)
    unplaced = dict(zip(lengths.tolist(), first.tolist(), strict=True))  # length -> its next text in `order`
    starts, tiles = np.empty(len(sizes), dtype=np.int64), 0
    for pattern, times in patterns(Counter(sizes.tolist()), tile):
        begin = (tiles + np.arange(times)) * tile
        for length, count in pattern.items():
            for _ in range(count):
                at = unplaced[length]
                starts[order[at : at + times]] = begin
                unplaced[length], begin = at + times, begin + length
        tiles += times
    return starts, tiles


def patterns(left: Counter[int], tile: int) -> Iterator[tuple[dict[int, int], int]]:
    """Fillings of a tile, length -> texts, and how many tiles take each: the longest that still fit first."""
    while left:
        room, pattern = tile, dict[int, int]()
        for length in sorted(left, reverse=True):
            if count := min(left[length], room // length):
                pattern[length] = count
                room -= count * length
        times = min(left[length] // count for length, count in pattern.items())
        left = +(left - Counter({length: times * count for length, count in pattern.items()}))
        yield pattern, times


@dataclass(frozen=True)
class Group:
    """Texts of like length that attend together, each to itself, one after another in the row.

    size: their tokens; padded: tokens of each with padding; places: (size,) in the padded (texts * padded,). Padding
    stands behind a text's last token, where no causal query looks.
    """

    size: int
    texts: int
    padded: int
    places: Tensor


@dataclass(frozen=True)
class Rows(Packing):
    """For the CPU: shorter texts first, no place left empty (N is the number of tokens), and a backward of its own."""

    groups: tuple[Group, ...]

    def attend(self, qkv: Tensor, heads: int) -> Tensor:
        """In float32 or better: products this small gain nothing from bf16, and float32 is the more exact."""
        return _OnCPU.apply(qkv, self.groups, heads)


def pack_rows(lengths: Tensor, dtype: torch.dtype) -> Rows:
    """Lay texts of these lengths (B,), each at least 1, behind one another. dtype: as other layouts take it."""
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
        groups.append(Group(len(places), count, size, places))
        first += count
    last = torch.empty_like(starts).scatter(0, order, starts + ordered - 1)  # (B,)
    return Rows(order[row], positions, last, tuple(groups))


class _OnCPU(torch.autograd.Function):
    """Attention by plain products, written out so that every tensor is copied once on its way in and once out.

    With P = softmax(S), S = q k^t / sqrt(d) + mask and g the gradient of the output:
        dv = P^t g,  dS = P * (g v^t - rowsum(P * g v^t)),  dq = dS k / sqrt(d),  dk = dS^t q / sqrt(d)
    """

    @staticmethod
    def forward(ctx: Any, qkv: Tensor, groups: Sequence[Group], heads: int) -> Tensor:
        width = qkv.shape[1] // 3
        full = torch.promote_types(qkv.dtype, torch.float32)
        out = qkv.new_empty(len(qkv), width)  # (N, W)
        kept, start = [], 0
        for group in groups:
            n, length = group.texts, group.padded
            here = slice(start, start := start + group.size)
            spread = qkv.new_zeros(n * length, 3 * width).index_copy_(0, group.places, qkv[here])
            split = spread.new_empty(3, n, heads, length, width // heads, dtype=full)
            split.copy_(spread.view(n, length, 3, heads, -1).permute(2, 0, 3, 1, 4))
            q, k, v = split.flatten(1, 2)  # each (n * heads, length, d)
            future = torch.full((length, length), -torch.inf, dtype=full).triu(1)
            p = torch.baddbmm(future, q, k.mT, alpha=q.shape[-1] ** -0.5).softmax(-1)  # (n * heads, length, length)
            mixed = torch.bmm(p, v).view(n, heads, length, -1)
            joined = qkv.new_empty(n, length, heads, width // heads).copy_(mixed.transpose(1, 2))
            torch.index_select(joined.view(n * length, width), 0, group.places, out=out[here])
            kept += [q, k, v, p]
        ctx.save_for_backward(*kept)
        ctx.groups, ctx.heads = groups, heads
        return out

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        with torch.autocast("cpu", enabled=False):  # also where backward is called within one
            return _gradient(ctx, gradients[0]), None, None


def _gradient(ctx: Any, gradient: Tensor) -> Tensor:
    """(N, 3W) from that of the output (N, W)."""
    heads, width = ctx.heads, gradient.shape[1]
    result = gradient.new_empty(len(gradient), 3 * width)  # (N, 3W)
    kept, start = ctx.saved_tensors, 0
    for number, group in enumerate(ctx.groups):
        q, k, v, p = kept[4 * number : 4 * number + 4]
        n, length = group.texts, group.padded
        here = slice(start, start := start + group.size)
        spread = gradient.new_zeros(n * length, width).index_copy_(0, group.places, gradient[here])
        split = torch.empty(n, heads, length, width // heads, dtype=p.dtype)
        g = split.copy_(spread.view(n, length, heads, -1).transpose(1, 2)).flatten(0, 1)  # (n * heads, length, d)
        ds = torch.ops.aten._softmax_backward_data(torch.bmm(g, v.mT), p, -1, p.dtype).mul_(q.shape[-1] ** -0.5)
        dqkv = torch.empty(3, n * heads, length, width // heads, dtype=p.dtype)
        torch.bmm(ds, k, out=dqkv[0])
        torch.bmm(ds.mT, q, out=dqkv[1])
        torch.bmm(p.mT, g, out=dqkv[2])
        joined = gradient.new_empty(n, length, 3, heads, width // heads)
        joined.copy_(dqkv.view(3, n, heads, length, -1).permute(1, 3, 0, 2, 4))
        torch.index_select(joined.view(n * length, 3 * width), 0, group.places, out=result[here])
    return result
