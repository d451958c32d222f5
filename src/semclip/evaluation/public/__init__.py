"""Public benchmarks, one file each, read from their official files. `evaluate` runs several on one model."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from semclip.core.errors import UserError
from semclip.core.protocols import DualEncoder
from semclip.evaluation.metrics.result import Result

__all__ = ["evaluate"]


def evaluate(
    encoder: DualEncoder,
    names: Sequence[str] | Mapping[str, Mapping[str, Any]],
    root: Path,
    allow_missing: bool = False,
    device: Any = "cpu",
    batch_size: int = 256,
    model: str = "",
    progress: bool = False,
    cache: Path | None = None,
) -> dict[str, Result]:
    """Public benchmarks below ROOT on one model, every distinct image and text encoded once for all of them.

    names: benchmark names, or name -> options. allow_missing: leave out, and count, items whose images are not there.
    model: what to call the model. cache: a folder that keeps embeddings for the next time.
    Raises UserError before anything is encoded for missing or malformed files.
    """
    from semclip.evaluation.own import run_tasks
    from semclip.evaluation.public._run import published_task

    if not names:
        raise UserError("no benchmark was named", where="evaluate", fix="`semclip list published` shows all")
    options: Mapping[str, Mapping[str, Any]] = names if isinstance(names, Mapping) else {name: {} for name in names}
    tasks = [published_task(encoder, name, own, Path(root), allow_missing) for name, own in options.items()]
    return run_tasks(encoder, tasks, device, batch_size, model, progress, cache)
