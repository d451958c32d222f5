"""The promise of a caption writer: an example and a view in, candidate texts out."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from semclip.core.example import Example
from semclip.core.registry import FAMILIES


@dataclass(frozen=True, slots=True)
class Candidate:
    """A text that a writer proposes.

    kind: what was done ("attribute_swapped"), for slices.
    of:   index into [caption, *paraphrases] of the text it was made from.
    """

    text: str
    kind: str
    of: int


class Writer(ABC):
    """Writes texts of some views for examples.

    version: changes whenever equal input and seed may give other texts. views: what it can write.
    refused: how many captions gave nothing, by (view, reason); `write` counts them, nothing is skipped unseen.
    """

    name: ClassVar[str]
    version: ClassVar[str]
    views: ClassVar[tuple[str, ...]]

    def __init__(self, examples: Iterable[Example]) -> None:
        """examples: the whole input, so that a writer may count on it what occurs together."""
        self.refused: Counter[tuple[str, str]] = Counter()

    @abstractmethod
    def write(self, example: Example, view: str, seed: int) -> list[Candidate]:
        """Texts of `view` for one of the examples given at the start; equal for equal input, view and seed."""


def create(name: str, examples: Iterable[Example]) -> Writer:
    """The writer called `name` (or `file.py:Class`), looking over `examples`. Raises UserError for an unknown name."""
    writer: Writer = FAMILIES["writers"].get(name)(examples)
    return writer
