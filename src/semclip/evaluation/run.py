"""Several benchmarks on one model: every image and text that they need is encoded once for all of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
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


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """How benchmarks are run on a model.

    model: what to call it; its own label when empty. precision: bfloat16 or float16 (autocast); "": as the model is.
    cache: a folder that keeps embeddings for the next time; see `embedding_cache`.
    identify: hash pictures, texts and weights, so that results of other ones are not mixed up with these; False where
    many results of one run are only compared with each other.
    """

    model: str = ""
    device: Any = "cpu"
    batch_size: int = 256
    precision: str = ""
    cache: Path | None = None
    progress: bool = False
    identify: bool = True


_PLAIN = RunOptions()


def evaluate(
    encoder: DualEncoder,
    names: Sequence[str] | Mapping[str, Mapping[str, Any]],
    examples: Sequence[Example] | None = None,
    data: Mapping[str, Any] | None = None,
    options: RunOptions = _PLAIN,
    *,
    root: Path | str | None = None,
    allow_missing: bool = False,
    limit: int = 0,
) -> dict[str, Result]:
    """Run benchmarks on one model, encoding every distinct image and text once for all of them. Results by name.

    names: benchmark names, or name -> its own options.
    examples: what benchmarks of a data file are measured on; data: what their results say of it (path, split, sha256).
    root: the folder that public benchmarks are read from; allow_missing: leave out, and count, items without images.
    limit: score only so many items of each.
    Raises UserError, before anything is encoded, for an unknown name or option, for files or views that are missing,
    and for a benchmark that cannot measure this model.
    """
    if not names:
        raise UserError("no benchmark was named", where="evaluate", fix="`semclip list benchmarks` shows all")
    named: Mapping[str, Mapping[str, Any]] = names if isinstance(names, Mapping) else {name: {} for name in names}
    folder = None if root is None else Path(root)
    sources = Sources(examples=examples, data=data or {}, root=folder, allow_missing=allow_missing, limit=limit)
    benchmarks = [Benchmark.create(name, own) for name, own in named.items()]
    return run_tasks(encoder, [benchmark.task(encoder, sources) for benchmark in benchmarks], options)


def run_tasks(encoder: DualEncoder, tasks: Sequence[Task], options: RunOptions = _PLAIN) -> dict[str, Result]:
    """Results of tasks by name. Raises the first UserError there is."""
    tasks = [with_identity(task) for task in tasks] if options.identify else tasks
    found = {}
    for task, result in run_each(encoder, tasks, options):
        if isinstance(result, UserError):
            raise result
        found[task.name] = result
    return found


def run_each(
    encoder: DualEncoder, tasks: Sequence[Task], options: RunOptions = _PLAIN
) -> Iterator[tuple[Task, Result | UserError]]:
    """Each task with its result, or with what stopped it, as soon as it ends.

    A broken picture stops only the benchmarks that need it, and what was encoded before is kept for the others.
    """
    called = options.model or label(encoder)
    who = identified_model(encoder) if options.identify else {}
    kept: dict[str, Kept] = {}
    for task in tasks:
        try:
            encodings = Encodings.compute(
                with_preprocessing(encoder, task.preprocessing),
                task.images,
                task.texts,
                options.device,
                options.batch_size,
                options.progress,
                options.cache,
                options.precision,
                kept.setdefault(repr(sorted(task.preprocessing.items())), Kept()),
            )
            result = task.run(encodings, called)
        except UserError as error:
            yield task, error
            continue
        random = untrained(encoder)
        said = [f"{random}: these numbers say nothing about a trained model"] if random else []
        yield task, replace(result, encoder={**encodings.facts, **who}, made=made(), notes=[*said, *result.notes])
