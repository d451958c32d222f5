"""Benchmarks on any data: they score the examples of a data file that have all they need, and count the others."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from semclip.core.errors import UserError
from semclip.core.example import VIEWS, Example, ImageRef
from semclip.core.protocols import DualEncoder
from semclip.evaluation.base import Benchmark, Items, Sources, Task
from semclip.evaluation.encodings import label


class DataBenchmark(Benchmark):
    """Base of all benchmarks on data files. A new one is a file in this folder with one subclass; nothing else changes.

    needs: views, or other columns of the data, that an example must have to be scored. Examples lacking one are left
           out and counted in the notes; when none is left, that is a UserError.
    """

    kind = "own"
    needs: ClassVar[frozenset[str]]

    @abstractmethod
    def texts(self, examples: Sequence[Example]) -> list[str]:
        """Every text that `score` will ask the encodings for."""

    def images(self, examples: Sequence[Example]) -> list[ImageRef]:
        """Every image that `score` will ask the encodings for."""
        return [e.image for e in examples]

    def open(self, examples: Sequence[Example]) -> None:
        """Open what `score` will read besides images, such as masks, so that what is broken is known before training.

        Raises UserError. Most benchmarks read nothing else.
        """

    def why_not(self, encoder: DualEncoder) -> str:
        """Why this model cannot be measured, in a few words; "" where it can. Most benchmarks measure any."""
        return ""

    def usable(self, examples: Sequence[Example]) -> list[Example]:
        """The examples that have all this benchmark needs. Raises UserError, before any model runs, if none has."""
        if not examples:
            raise UserError(
                f"benchmark '{self.name}' has no examples", where="the chosen split", fix="choose another split"
            )
        kept = [e for e in examples if all(_has(e, column) for column in self.needs)]
        if not kept:
            lacking = {c: sum(not _has(e, c) for e in examples) for c in sorted(self.needs)}
            raise UserError(
                f"benchmark '{self.name}' cannot run: "
                + ", ".join(f"{n:,} of {len(examples):,} examples lack '{c}'" for c, n in lacking.items() if n),
                where=examples[0].where,
                fix="add the column to the data (`semclip data check FILE` shows what is there), "
                "or leave this benchmark out",
            )
        return kept

    def task(self, encoder: DualEncoder, sources: Sources) -> Task:
        if sources.examples is None:
            raise UserError("no data file: give --data FILE", where=f"benchmark '{self.name}'", fix="name a data file")
        kept, limited = self.drawn(self.usable(sources.examples), sources.limit)
        if why := self.why_not(encoder):
            what = f"benchmark '{self.name}' cannot measure this model: {why}"
            raise UserError(what, where=label(encoder), fix="leave it out")
        lacking = {c: sum(not _has(e, c) for e in sources.examples) for c in sorted(self.needs)}
        of = len(sources.examples)
        read = Items(
            items=kept,
            images=self.images(kept),
            texts=self.texts(kept),
            left_out=[*(f"left out: {n:,} of {of:,} examples have no {c}" for c, n in lacking.items() if n), *limited],
        )
        data = {**sources.data, "limit": sources.limit, "examples": len(kept), "images": len({e.image for e in kept})}
        return self._task(read, data)


create = DataBenchmark.create


def cluster(example: Example) -> str:
    """What items must share to be no independent evidence: the example's group, by default its image."""
    return example.group or example.image.name


def _has(example: Example, column: str) -> bool:
    return example.has(column) if column in VIEWS else example.meta.get(column) not in (None, "")
