"""What a model can do, measured: one file per benchmark. `evaluate` runs several on one model."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from semclip.core.errors import UserError
from semclip.core.example import Example
from semclip.core.protocols import DualEncoder
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.metrics.result import Result
from semclip.evaluation.own.base import Benchmark, create
from semclip.evaluation.tasks import Task, called, run_tasks

__all__ = ["Benchmark", "Encodings", "Task", "create", "evaluate", "run_tasks", "tasks"]


def tasks(
    encoder: DualEncoder,
    examples: Sequence[Example],
    names: Sequence[str] | Mapping[str, Mapping[str, Any]],
    data: Mapping[str, Any],
    model: str = "",
) -> list[Task]:
    """The benchmarks, ready to be scored on the examples.

    names: benchmark names, or name -> options. data: what to say of the data in the results (path, split, sha256).
    Raises UserError for an unknown name or option, for a benchmark that none of the examples can serve, and for one
    that cannot measure this model.
    """
    options: Mapping[str, Mapping[str, Any]] = names if isinstance(names, Mapping) else {name: {} for name in names}
    benchmarks = {name: create(name, config) for name, config in options.items()}
    usable = {name: benchmark.usable(examples) for name, benchmark in benchmarks.items()}
    for name, benchmark in benchmarks.items():
        if why := benchmark.why_not(encoder):
            where = called(encoder, model)
            raise UserError(f"benchmark '{name}' cannot measure this model: {why}", where=where, fix="leave it out")
    return [_task(name, b, usable[name], examples, data) for name, b in benchmarks.items()]


def evaluate(
    encoder: DualEncoder,
    examples: Sequence[Example],
    names: Sequence[str] | Mapping[str, Mapping[str, Any]],
    data: Mapping[str, Any],
    device: Any = "cpu",
    batch_size: int = 256,
    model: str = "",
    progress: bool = False,
    cache: Path | None = None,
) -> dict[str, Result]:
    """Run benchmarks on one model, encoding every distinct image and text once for all of them.

    names, data: see `tasks`, which raises before anything is encoded. model: what to call the model; its own label when
    empty. cache: a folder that keeps embeddings for the next time.
    """
    if not names:
        raise UserError("no benchmark was named", where="evaluate", fix="`semclip list benchmarks` shows all")
    ready = tasks(encoder, examples, names, data, model)
    return run_tasks(encoder, ready, device, batch_size, model, progress, cache)


def _task(
    name: str, benchmark: Benchmark, usable: Sequence[Example], examples: Sequence[Example], data: Mapping[str, Any]
) -> Task:
    return Task(
        name=name,
        data=data,
        images=benchmark.images(usable),
        texts=benchmark.texts(usable),
        run=lambda encodings, model: benchmark.run(examples, encodings, model, data),
    )
