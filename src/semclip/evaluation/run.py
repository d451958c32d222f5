"""Several benchmarks on one model: every image and text that they need is encoded once for all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from semclip.core.errors import UserError
from semclip.core.example import Example
from semclip.core.protocols import DualEncoder
from semclip.evaluation.base import Benchmark, Sources, Task
from semclip.evaluation.encodings import Encodings, label
from semclip.evaluation.metrics.result import Result


def evaluate(
    encoder: DualEncoder,
    names: Sequence[str] | Mapping[str, Mapping[str, Any]],
    examples: Sequence[Example] | None = None,
    data: Mapping[str, Any] | None = None,
    *,
    root: Path | str | None = None,
    allow_missing: bool = False,
    device: Any = "cpu",
    batch_size: int = 256,
    model: str = "",
    progress: bool = False,
    cache: Path | None = None,
) -> dict[str, Result]:
    """Run benchmarks on one model, encoding every distinct image and text once for all of them. Results by name.

    names: benchmark names, or name -> options. model: what to call the model; its own label when empty.
    examples: what benchmarks of a data file are measured on; data: what their results say of it (path, split, sha256).
    root: the folder that public benchmarks are read from; allow_missing: leave out, and count, items without images.
    cache: a folder that keeps embeddings for the next time; see `embedding_cache`.
    Raises UserError, before anything is encoded, for an unknown name or option, for files or views that are missing,
    and for a benchmark that cannot measure this model.
    """
    if not names:
        raise UserError("no benchmark was named", where="evaluate", fix="`semclip list benchmarks` shows all")
    options: Mapping[str, Mapping[str, Any]] = names if isinstance(names, Mapping) else {name: {} for name in names}
    folder = None if root is None else Path(root)
    sources = Sources(examples=examples, data=data or {}, root=folder, allow_missing=allow_missing)
    benchmarks = [Benchmark.create(name, own) for name, own in options.items()]
    tasks = [benchmark.task(encoder, sources) for benchmark in benchmarks]
    return run_tasks(encoder, tasks, device, batch_size, model, progress, cache)


def run_tasks(
    encoder: DualEncoder,
    tasks: Sequence[Task],
    device: Any = "cpu",
    batch_size: int = 256,
    model: str = "",
    progress: bool = False,
    cache: Path | None = None,
) -> dict[str, Result]:
    """Results of tasks by name; the other arguments are those of `evaluate`."""
    images = [ref for task in tasks for ref in task.images]
    texts = [text for task in tasks for text in task.texts]
    encodings = Encodings.compute(encoder, images, texts, device, batch_size, progress, cache)
    called = model or label(encoder)
    return {task.name: replace(task.run(encodings, called), encoder=encodings.facts) for task in tasks}
