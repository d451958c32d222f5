"""What a benchmark is: items and their scoring. The base does ties, intervals, slices, skipped rows and the JSON."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from semclip.core.config import parse
from semclip.core.errors import UserError
from semclip.core.example import VIEWS, Example, ImageRef
from semclip.core.protocols import DualEncoder
from semclip.core.registry import FAMILIES
from semclip.core.run_info import versions
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.metrics.intervals import Interval, bootstrap_mean, share_interval
from semclip.evaluation.metrics.outcomes import Outcomes, mean
from semclip.evaluation.metrics.result import Metric, Result

#: Items of which the texts are kept beside the outcomes: a record of 300,000 would have hundreds of MB.
_MOST_SHOWN = 50_000


@dataclass(frozen=True, kw_only=True)
class Scores:
    """What `Benchmark.score` returns; the fields are those of `Result`."""

    metrics: Sequence[Metric]
    items: Mapping[str, Mapping[str, Sequence[Any]]] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    notes: Sequence[str] = ()


class Benchmark(ABC):
    """Base of all benchmarks. A new one is a file in this folder with one subclass: no other file changes.

    needs:   views, or other columns of the data, that an example must have to be scored. Examples lacking one are left
             out and counted in the notes; when none is left, that is a UserError.
    primary: the metric that stands for the benchmark.
    version: raised when a change moves the numbers.
    """

    name: ClassVar[str] = ""
    version: ClassVar[int] = 1
    needs: ClassVar[frozenset[str]]
    primary: ClassVar[str]

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """Options, as the YAML section names them."""

    def __init__(self, config: Any) -> None:
        self.config = config

    @abstractmethod
    def texts(self, examples: Sequence[Example]) -> list[str]:
        """Every text that `score` will ask the encodings for."""

    @abstractmethod
    def score(self, examples: Sequence[Example], encodings: Encodings) -> Scores:
        """Score the examples; each of them has all that `needs` names."""

    def images(self, examples: Sequence[Example]) -> list[ImageRef]:
        """Every image that `score` will ask the encodings for."""
        return [e.image for e in examples]

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

    def why_not(self, encoder: DualEncoder) -> str:
        """Why this model cannot be measured, in a few words; "" where it can. Most benchmarks measure any."""
        return ""

    def run(self, examples: Sequence[Example], encodings: Encodings, model: str, data: Mapping[str, Any]) -> Result:
        """Score and describe. `examples`: all of the data; `encodings` hold at least what this benchmark asks for."""
        kept = self.usable(examples)
        scores = self.score(kept, encodings)
        return Result(
            benchmark=self.name,
            version=self.version,
            model=model,
            data={**data, "examples": len(kept), "images": len({e.image for e in kept})},
            metrics=list(scores.metrics),
            primary=self.primary,
            items=scores.items,
            extra=scores.extra,
            notes=[*self._left_out(examples), *encodings.notes(self.texts(kept)), *scores.notes],
            versions=versions(),
        )

    def _left_out(self, examples: Sequence[Example]) -> list[str]:
        counts = {c: sum(not _has(e, c) for e in examples) for c in sorted(self.needs)}
        return [f"left out: {n:,} of {len(examples):,} examples have no {c}" for c, n in counts.items() if n]


def create(name: str, config: Mapping[str, Any] | None = None) -> Benchmark:
    """The benchmark called `name`, or `path/to/file.py:Class`, with the options of a YAML section."""
    cls = FAMILIES["benchmarks"].get(name)
    benchmark: Benchmark = cls(parse(cls.Config, config, where=f"benchmark '{name}'"))
    return benchmark


def cluster(example: Example) -> str:
    """What items must share to be no independent evidence: the example's group, which is its image unless told else."""
    return example.group or example.image.name


def share(
    name: str,
    description: str,
    outcomes: Outcomes,
    clusters: Sequence[str],
    chance: ArrayLike,
    slices: Sequence[str] = (),
    kind: str = "model",
    higher_is_better: bool = True,
) -> Metric:
    """A share of items as a Metric, with its slices.

    The interval is Wilson's; several items of one example are no independent evidence, so its n is the effective size
    (`metrics.intervals.effective_size`), which is n itself when every item has an example of its own.
    chance: one number, or one per item. slices: one name per item, or none.
    """
    per_item = np.broadcast_to(np.asarray(chance, dtype=np.float64), (len(outcomes),))
    names = np.asarray(slices)
    return Metric(
        name=name,
        value=outcomes.value,
        n=len(outcomes),
        description=description,
        ties=outcomes.ties,
        strict=mean(outcomes.strict),
        optimistic=mean(outcomes.optimistic),
        interval=share_interval(outcomes.expected, clusters),
        chance=mean(per_item),
        kind=kind,
        higher_is_better=higher_is_better,
        per_slice={
            str(s): share(
                name,
                f"{description}; only {s}",
                outcomes[names == s],
                list(compress(clusters, names == s)),
                per_item[names == s],
                kind=kind,
                higher_is_better=higher_is_better,
            )
            for s in sorted(set(slices))
        },
    )


def average(
    name: str, description: str, values: ArrayLike, clusters: Sequence[str], unit: str, chance: float | None = None
) -> Metric:
    """A mean that is no share of items, such as a margin, with a bootstrap interval over clusters."""
    interval: Interval = bootstrap_mean(values, clusters)
    return Metric(
        name=name,
        value=mean(values),
        n=len(clusters),
        description=description,
        interval=interval,
        chance=chance,
        unit=unit,
    )


def item_record(
    ids: Sequence[str],
    outcomes: Outcomes,
    clusters: Sequence[str],
    slices: Sequence[str] = (),
    texts: Sequence[tuple[str, Sequence[str]]] = (),
) -> dict[str, Sequence[Any]]:
    """Per-item outcomes as `Result.items` holds them; `metrics.paired.compare` reads two of these.

    texts: the right one and the wrong ones of each item, for people who look at it; left out of a large record.
    """
    shown = texts if len(texts) <= _MOST_SHOWN else ()
    return {
        "id": list(ids),
        "outcome": [float(o) for o in outcomes.expected],
        "slice": list(slices) or [""] * len(ids),
        "cluster": list(clusters),
        **({"right": [r for r, _ in shown], "wrong": [list(w) for _, w in shown]} if shown else {}),
    }


def _has(example: Example, column: str) -> bool:
    return example.has(column) if column in VIEWS else example.meta.get(column) not in (None, "")
