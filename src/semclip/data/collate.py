"""Samples -> one batch of tensors; every text is tokenized once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from semclip.data.dataset import Sample

#: Texts whose tokens are kept: at 77 tokens about 120 MB.
_CACHED_TEXTS = 200_000


@dataclass
class Batch:
    """Shapes: B samples, L context length.

    indices (B,) int64 places in the data set; images[view] (B, ...); tokens[view] (B, L) int64; groups (B,) int64.
    """

    indices: Tensor
    images: dict[str, Tensor]
    tokens: dict[str, Tensor]
    groups: Tensor

    def __len__(self) -> int:
        return len(self.indices)

    def to(self, device: torch.device | str, non_blocking: bool = False) -> "Batch":
        """The same batch on another device."""
        return self._each(lambda tensor: tensor.to(device, non_blocking=non_blocking))

    def pin_memory(self) -> "Batch":
        """The same batch in page-locked memory; the data loader calls this."""
        return self._each(Tensor.pin_memory)

    def _each(self, change: Callable[[Tensor], Tensor]) -> "Batch":
        return Batch(
            indices=change(self.indices),
            images={view: change(x) for view, x in self.images.items()},
            tokens={view: change(x) for view, x in self.tokens.items()},
            groups=change(self.groups),
        )


class Collate:
    """Callable for a data loader. tokenize: texts -> (B, L) int64."""

    def __init__(self, tokenize: Callable[[Sequence[str]], Tensor]) -> None:
        self.tokenize = tokenize
        self._cache: dict[str, Tensor] = {}

    def __call__(self, samples: Sequence[Sample]) -> Batch:
        first = samples[0]
        return Batch(
            indices=torch.tensor([s.index for s in samples], dtype=torch.int64),  # (B,)
            images={view: torch.stack([s.images[view] for s in samples]) for view in first.images},  # (B, ...)
            tokens={view: self._tokens([s.texts[view] for s in samples]) for view in first.texts},  # (B, L)
            groups=torch.tensor([s.group for s in samples], dtype=torch.int64),  # (B,)
        )

    def _tokens(self, texts: Sequence[str]) -> Tensor:
        new = [text for text in dict.fromkeys(texts) if text not in self._cache]
        rows = dict(zip(new, self.tokenize(new), strict=True)) if new else {}
        result = torch.stack([rows[text] if text in rows else self._cache[text] for text in texts])  # (B, L)
        if len(self._cache) < _CACHED_TEXTS:
            # Rows are copied: a view of the tokenizer's output would keep all of it in memory.
            self._cache.update({text: row.clone() for text, row in rows.items()})
        return result
