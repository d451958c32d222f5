"""The interface of a benchmark: the inputs it asks a model for, how it scores them, and how it describes the result."""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self, TypeVar

from semclip.core.config import parse
from semclip.core.errors import UserError
from semclip.core.example import Example, ImageRef
from semclip.core.protocols import DualEncoder
from semclip.core.registry import FAMILIES
from semclip.core.run_info import versions
from semclip.core.seeds import generator
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.metrics.result import Metric, Result

_Item = TypeVar("_Item")


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Where benchmarks read.

    examples: of a data file; None without one. data: what results say of that file (path, split, sha256).
    root: the folder of public benchmarks. allow_missing: leave out, and count, public items without their images.
    limit: score only so many items of each benchmark, drawn at random but always the same; 0: all.
    """

    examples: Sequence[Example] | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    root: Path | None = None
    allow_missing: bool = False
    limit: int = 0


@dataclass(frozen=True, kw_only=True)
class Items:
    """What a benchmark found in its source. items: of the benchmark's own type.

    images, texts: everything that scoring will ask the encodings for. defects: known faults found in the data.
    left_out: what is not scored, and why.
    """

    items: Sequence[Any]
    images: Sequence[ImageRef]
    texts: Sequence[str]
    defects: Sequence[str] = ()
    left_out: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Scores:
    """What `Benchmark.score` returns; the fields are those of `Result`."""

    metrics: Sequence[Metric]
    items: Mapping[str, Mapping[str, Sequence[Any]]] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    notes: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Task:
    """A benchmark ready to be scored. images, texts: all it will ask for. data: what the result will say of the data.

    version: of the benchmark. items: what is scored. preprocessing: settings of images that differ from the model's.
    run: (encodings, name of the model) -> Result.
    """

    name: str
    data: Mapping[str, Any]
    images: Sequence[ImageRef]
    texts: Sequence[str]
    run: Callable[[Encodings, str], Result]
    version: int = 1
    items: Sequence[Any] = ()
    preprocessing: Mapping[str, Any] = field(default_factory=dict)


class Benchmark(ABC):
    """Base of all benchmarks; `own.base.DataBenchmark` and `public.base.PublicBenchmark` say where the items come from.

    kind:    own or public, as `semclip list benchmarks` says.
    primary: the metric that stands for the benchmark.
    version: raised when a change moves the numbers.
    options: what the YAML section or `--option` gave; `config` is the same, checked and with its defaults.
    """

    kind: ClassVar[str] = ""
    name: ClassVar[str] = ""
    version: ClassVar[int] = 1
    primary: ClassVar[str]
    config: Any

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """Options, as the YAML section names them."""

    def __init__(self, options: Mapping[str, Any] | None = None) -> None:
        self.options = dict(options or {})
        self.config = parse(self.Config, self.options, where=f"benchmark '{self.name}'")

    @classmethod
    def create(cls, name: str, options: Mapping[str, Any] | None = None) -> Self:
        """The benchmark called `name`, or `path/to/file.py:Class`. Raises UserError for one that is no such kind."""
        benchmark = FAMILIES["benchmarks"].get(name)(options)
        if not isinstance(benchmark, cls):
            fix = "`semclip list benchmarks` says which are own (on a data file) and which public (on a folder)"
            raise UserError(f"'{name}' is no {cls.kind} benchmark", where=f"benchmark '{name}'", fix=fix)
        return benchmark

    @abstractmethod
    def task(self, encoder: DualEncoder, sources: Sources) -> Task:
        """This benchmark, ready to be scored. Raises UserError, before anything is encoded, where it cannot be."""

    @abstractmethod
    def score(self, items: Sequence[Any], encodings: Encodings) -> Scores:
        """Score the items that were read; `encodings` hold the inputs that were asked for."""

    @property
    def main(self) -> str:
        """The metric that stands for the benchmark with these options: `primary`, unless an option changes that."""
        return self.primary

    @property
    def preprocessing(self) -> Mapping[str, Any]:
        """Settings of images that these options ask for in place of the model's own; none unless an option says so."""
        return {}

    def said_of(self, items: Sequence[Any]) -> Mapping[str, Any]:
        """What a result says of the items that changes its number, such as templates and class names."""
        return {}

    def drawn(self, items: Sequence[_Item], limit: int) -> tuple[Sequence[_Item], list[str]]:
        """At most `limit` items, in their order, always the same ones; and a note on it. 0: all."""
        if not limit or limit >= len(items):
            return items, []
        kept = sorted(generator("limit", self.name).permutation(len(items))[:limit].tolist())
        note = f"limited: {limit:,} of {len(items):,} items, drawn at random: not the number of this benchmark"
        return [items[i] for i in kept], [note]

    def _task(self, read: Items, data: Mapping[str, Any], remarks: Sequence[str] = ()) -> Task:
        """What was read, as a task. data: its description in the result. remarks: notes that come last."""
        settings = json.loads(json.dumps(asdict(self.config), default=str))
        data = {**data, "settings": settings, **self.said_of(read.items)}

        def run(encodings: Encodings, model: str) -> Result:
            scores = self.score(read.items, encodings)
            if data.get("limit") and self.main not in {metric.name for metric in scores.metrics}:
                fix = "give a higher --limit"
                raise UserError(f"{len(read.items):,} items are too few for '{self.main}'", where=self.name, fix=fix)
            return Result(
                benchmark=self.name,
                version=self.version,
                model=model,
                data=data,
                metrics=list(scores.metrics),
                primary=self.main,
                items=scores.items,
                extra=scores.extra,
                notes=[*read.left_out, *read.defects, *encodings.notes(read.texts), *scores.notes, *remarks],
                versions=versions(),
            )

        return Task(
            name=self.name,
            data=data,
            images=read.images,
            texts=read.texts,
            run=run,
            version=self.version,
            items=read.items,
            preprocessing=self.preprocessing,
        )
