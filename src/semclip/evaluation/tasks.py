"""Several benchmarks on one model: whatever they ask for is encoded once for all of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from semclip.core.example import ImageRef
from semclip.core.protocols import DualEncoder
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.metrics.result import Result


@dataclass(frozen=True, kw_only=True)
class Task:
    """A benchmark ready to be scored. images, texts: all it will ask for. data: what the result will say of the data.

    run: (encodings, name of the model) -> Result.
    """

    name: str
    data: Mapping[str, Any]
    images: Sequence[ImageRef]
    texts: Sequence[str]
    run: Callable[[Encodings, str], Result]


@runtime_checkable
class _Labelled(Protocol):
    """An encoder that says which model it is, not only which backend."""

    label: str


def called(encoder: DualEncoder, model: str = "") -> str:
    """What to call the model in results."""
    return model or (encoder.label if isinstance(encoder, _Labelled) else "") or encoder.name


def run_tasks(
    encoder: DualEncoder,
    tasks: Sequence[Task],
    device: Any = "cpu",
    batch_size: int = 256,
    model: str = "",
    progress: bool = False,
    cache: Path | None = None,
) -> dict[str, Result]:
    """Results by name. cache: a folder that keeps embeddings for the next time; see `embedding_cache`."""
    encodings = Encodings.compute(
        encoder,
        [ref for task in tasks for ref in task.images],
        [text for task in tasks for text in task.texts],
        device,
        batch_size,
        progress,
        cache,
    )
    name = called(encoder, model)
    return {task.name: replace(task.run(encodings, name), encoder=encodings.facts) for task in tasks}
