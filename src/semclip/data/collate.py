"""Samples -> one batch of tensors. Every text is tokenized once."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from semclip.core.errors import UserError
from semclip.data.dataset import Sample

#: Texts whose tokens are kept: at 77 tokens about 120 MB.
_CACHED_TEXTS = 200_000


@dataclass
class Batch:
    """Shapes: B samples, L context length, K texts of a view that has several per sample.

    indices (B,) int64 places in the data set; images[view] (B, ...); tokens[view] (B, L) or (B, K, L) int64;
    groups (B,) int64, rows of one are never each other's negatives (`Sample.contrast_group`); missing_texts: what data
    steps could not make -> of how many samples; facts[name] (B, ...) integers, what data steps tell the objective.
    """

    indices: Tensor
    images: dict[str, Tensor]
    tokens: dict[str, Tensor]
    groups: Tensor
    missing_texts: dict[str, int] = field(default_factory=dict)
    facts: dict[str, Tensor] = field(default_factory=dict)

    #: A step that failed can be taken again.
    can_be_read_again: ClassVar[bool] = True

    def __len__(self) -> int:
        return len(self.indices)

    def counts(self) -> tuple[int, int]:
        """Images and texts in it."""
        return sum(len(x) for x in self.images.values()), sum(x[..., 0].numel() for x in self.tokens.values())

    def parts(self, size: int) -> list["Batch"]:
        """The same rows, `size` at a time; the last part may be smaller."""
        cuts = [slice(start, start + size) for start in range(0, len(self), size)]
        return [self._each(itemgetter(rows)) for rows in cuts]

    def to(self, device: torch.device | str) -> "Batch":
        """The same batch on another device."""
        return self._each(lambda tensor: tensor.to(device))

    def _each(self, change: Callable[[Tensor], Tensor]) -> "Batch":
        return Batch(
            indices=change(self.indices),
            images={view: change(x) for view, x in self.images.items()},
            tokens={view: change(x) for view, x in self.tokens.items()},
            groups=change(self.groups),
            missing_texts=self.missing_texts,
            facts={name: change(x) for name, x in self.facts.items()},
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
            tokens={view: self._view(view, [s.texts[view] for s in samples]) for view in first.texts},
            groups=torch.tensor([s.contrast_group for s in samples], dtype=torch.int64),  # (B,)
            missing_texts=dict(Counter(what for s in samples for what in s.missing_texts)),
            facts={name: torch.from_numpy(np.stack([s.facts[name] for s in samples])) for name in first.facts},
        )

    def _view(self, view: str, texts: Sequence[str | tuple[str, ...]]) -> Tensor:
        """(B, L) where every sample has one text, (B, K, L) where every one has K."""
        single = [text for text in texts if isinstance(text, str)]
        if len(single) == len(texts):
            return self._tokens(single)  # (B, L)
        several = [text for text in texts if not isinstance(text, str)]
        counts = sorted({len(versions) for versions in several})
        if single or len(counts) != 1 or counts[0] == 0:
            raise UserError(
                f"the samples of a batch differ in their number of {view}s: {[1, *counts] if single else counts}",
                where="data steps",
                fix="a step must give all samples equally many texts of a view, one or more",
            )
        flat = self._tokens([text for versions in several for text in versions])  # (B * K, L)
        return flat.view(len(several), counts[0], -1)  # (B, K, L)

    def _tokens(self, texts: Sequence[str]) -> Tensor:
        new = [text for text in dict.fromkeys(texts) if text not in self._cache]
        rows = dict(zip(new, self.tokenize(new), strict=True)) if new else {}
        result = torch.stack([rows[text] if text in rows else self._cache[text] for text in texts])  # (B, L)
        if len(self._cache) < _CACHED_TEXTS:
            # Rows are copied: a view of the tokenizer's output would keep all of it in memory.
            self._cache.update({text: row.clone() for text, row in rows.items()})
        return result
