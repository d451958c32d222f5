"""Packed texts for GPUs: tiles of equal length, several texts in each, kept apart by a mask."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from semclip.models.packing import Packing

#: Tokens of a tile, where the longest text allows it. One kernel attends in all tiles at once. Kernels for texts of any
#: length take a block of 128 rows for each text and head, of which a caption fills an eighth: four times slower
#: (`perf/train_step.py` on a GPU).
TILE = 128


@dataclass(frozen=True)
class Tiles(Packing):
    """mask: (tiles, 1, T, T), 0 where a query may look and -inf elsewhere."""

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
