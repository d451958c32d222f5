"""What a model can do, measured: one file per benchmark. `evaluate` runs several on one model."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from semclip.benchmarks._encodings import Encodings
from semclip.benchmarks.base import Benchmark, create
from semclip.core.errors import UserError
from semclip.core.example import Example
from semclip.core.protocols import DualEncoder
from semclip.metrics.result import Result

__all__ = ["Benchmark", "Encodings", "create", "evaluate"]


@runtime_checkable
class _Labelled(Protocol):
    """An encoder that says which model it is, not only which backend."""

    label: str


def evaluate(
    encoder: DualEncoder,
    examples: Sequence[Example],
    names: Sequence[str] | Mapping[str, Mapping[str, Any]],
    data: Mapping[str, Any],
    device: Any = "cpu",
    batch_size: int = 256,
    model: str = "",
    progress: bool = False,
) -> dict[str, Result]:
    """Run benchmarks on one model, encoding every distinct image and text once for all of them.

    names: benchmark names, or name -> options. data: what to say of the data in the results (path, split, sha256).
    model: what to call the model; its own label when empty. Raises UserError before anything is encoded for an unknown
    name or option, and for a benchmark that none of the examples can serve.
    """
    if not names:
        raise UserError("no benchmark was named", where="evaluate", fix="`semclip list benchmarks` shows all")
    options: Mapping[str, Mapping[str, Any]] = names if isinstance(names, Mapping) else {name: {} for name in names}
    benchmarks = {name: create(name, config) for name, config in options.items()}
    usable = {name: benchmark.usable(examples) for name, benchmark in benchmarks.items()}
    encodings = Encodings.compute(
        encoder,
        [ref for name, b in benchmarks.items() for ref in b.images(usable[name])],
        [text for name, b in benchmarks.items() for text in b.texts(usable[name])],
        device,
        batch_size,
        progress,
    )
    called = model or (encoder.label if isinstance(encoder, _Labelled) else "") or encoder.name
    return {name: b.run(examples, encodings, called, data) for name, b in benchmarks.items()}
