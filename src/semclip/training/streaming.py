"""A batch too large to lie in memory: its micro-batches, one after another, as often as GradCache reads them."""

from collections import Counter
from collections.abc import Iterator

import torch
from torch import Tensor

from semclip.data.collate import Batch

#: Passes of GradCache over a batch: one for the embeddings, one for the gradients.
PASSES = 2


class StreamedBatch:
    """What a Batch is to the training step, while only the micro-batch under work is in memory.

    loaded: micro-batches of this batch, PASSES times over, then those of the next; each comes to hand once. What is
    known of the whole batch (groups, counts) is known after the first pass.
    """

    #: A step that failed cannot be taken again: what was read is gone.
    can_be_read_again = False

    def __init__(self, loaded: Iterator[Batch], parts: int, rows: int) -> None:
        self._loaded, self._parts, self._rows = loaded, parts, rows
        self._indices: list[Tensor] = []
        self._groups: list[Tensor] = []
        self._unmade: Counter[str] = Counter()
        self._counts = (0, 0)
        self._passes = 0

    def __len__(self) -> int:
        return self._rows

    def parts(self, size: int) -> "StreamedBatch":
        """Itself: the micro-batches were cut where they are loaded."""
        return self

    def __iter__(self) -> Iterator[Batch]:
        self._passes += 1
        for _ in range(self._parts):
            part = next(self._loaded)
            if self._passes == 1:
                self._note(part)
            yield part

    @property
    def indices(self) -> Tensor:
        return torch.cat(self._indices)

    @property
    def groups(self) -> Tensor:
        return torch.cat(self._groups)

    @property
    def unmade(self) -> dict[str, int]:
        return dict(self._unmade)

    def counts(self) -> tuple[int, int]:
        return self._counts

    def _note(self, part: Batch) -> None:
        self._indices.append(part.indices)
        self._groups.append(part.groups)
        self._unmade.update(part.unmade)
        images, texts = part.counts()
        self._counts = (self._counts[0] + images, self._counts[1] + texts)
