"""Several benchmarks on one model: every image and text that they need is encoded once for all of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from semclip.core.errors import UserError
from semclip.core.example import Example
from semclip.core.protocols import DualEncoder
from semclip.core.run_info import made
from semclip.evaluation.base import Benchmark, Sources, Task
from semclip.evaluation.encodings import Encodings, Kept, label, with_preprocessing
from semclip.evaluation.identify import identified_model, untrained, with_identity
from semclip.evaluation.metrics.result import Result


def evaluate(
    encoder: DualEncoder,
    names: Sequence[str] | Mapping[str, Mapping[str, Any]],
    examples: Sequence[Example] | None = None,
    data: Mapping[str, Any] | None = None,
    *,
    root: Path | str | None = None,
    allow_missing: bool = False,
    limit: int = 0,
    device: Any = "cpu",
    batch_size: int = 256,
    model: str = "",
    progress: bool = False,
    cache: Path | None = None,
    precision: str = "",
    identify: bool = True,
) -> dict[str, Result]:
    """Run benchmarks on one model, encoding every distinct image and text once for all of them. Results by name.

    names: benchmark names, or name -> options. model: what to call the model; its own label when empty.
    examples: what benchmarks of a data file are measured on; data: what their results say of it (path, split, sha256).
    root: the folder that public benchmarks are read from; allow_missing: leave out, and count, items without images.
    limit: score only so many items of each. precision: bfloat16 or float16 (autocast); "": as the model is.
    cache: a folder that keeps embeddings for the next time; see `embedding_cache`.
    identify: hash pictures, texts and weights, so that results of other ones are not mixed up with these; False where
    many results of one run are only compared with each other.
    Raises UserError, before anything is encoded, for an unknown name or option, for files or views that are missing,
    and for a benchmark that cannot measure this model.
    """
    if not names:
        raise UserError("no benchmark was named", where="evaluate", fix="`semclip list benchmarks` shows all")
    options: Mapping[str, Mapping[str, Any]] = names if isinstance(names, Mapping) else {name: {} for name in names}
    folder = None if root is None else Path(root)
    sources = Sources(examples=examples, data=data or {}, root=folder, allow_missing=allow_missing, limit=limit)
    benchmarks = [Benchmark.create(name, own) for name, own in options.items()]
    tasks = [benchmark.task(encoder, sources) for benchmark in benchmarks]
    return run_tasks(encoder, tasks, device, batch_size, model, progress, cache, precision, identify)


def run_tasks(
    encoder: DualEncoder,
    tasks: Sequence[Task],
    device: Any = "cpu",
    batch_size: int = 256,
    model: str = "",
    progress: bool = False,
    cache: Path | None = None,
    precision: str = "",
    identify: bool = True,
) -> dict[str, Result]:
    """Results of tasks by name; the other arguments are those of `evaluate`. Raises the first UserError there is."""
    tasks = [with_identity(task) for task in tasks] if identify else tasks
    found = {}
    for task, result in run_each(encoder, tasks, device, batch_size, model, progress, cache, precision, identify):
        if isinstance(result, UserError):
            raise result
        found[task.name] = result
    return found


def run_each(
    encoder: DualEncoder,
    tasks: Sequence[Task],
    device: Any = "cpu",
    batch_size: int = 256,
    model: str = "",
    progress: bool = False,
    cache: Path | None = None,
    precision: str = "",
    identify: bool = True,
) -> Iterator[tuple[Task, Result | UserError]]:
    """Each task with its result, or with what stopped it, as soon as it ends; the arguments are those of `evaluate`.

    A broken picture stops only the benchmarks that need it, and what was encoded before is kept for the others.
    """
    called = model or label(encoder)
    who = identified_model(encoder) if identify else {}
    kept: dict[str, Kept] = {}
    for task in tasks:
        try:
            reading = with_preprocessing(encoder, task.preprocessing)
            own = kept.setdefault(repr(sorted(task.preprocessing.items())), Kept())
            encodings = Encodings.compute(
                reading, task.images, task.texts, device, batch_size, progress, cache, precision, own
            )
            result = task.run(encodings, called)
        except UserError as error:
            yield task, error
            continue
        random = untrained(encoder)
        said = [f"{random}: these numbers say nothing about a trained model"] if random else []
        yield task, replace(result, encoder={**encodings.facts, **who}, made=made(), notes=[*said, *result.notes])
