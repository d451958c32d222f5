"""Public benchmarks below a folder of the user's, made ready to be scored together with others."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from semclip.core.protocols import DualEncoder
from semclip.evaluation.metrics.result import Result
from semclip.evaluation.own import Encodings, Task
from semclip.evaluation.public.base import create


@runtime_checkable
class _SaysWhatItReads(Protocol):
    """An encoder that may know images by name alone."""

    reads_pixels: bool


def published_task(
    encoder: DualEncoder, name: str, options: Mapping[str, Any], root: Path, allow_missing: bool = False
) -> Task:
    """The public benchmark called `name`, read from ROOT/NAME and ready to be scored.

    Raises UserError for missing files, missing images (unless allowed) and malformed rows, before anything is encoded.
    """
    benchmark = create(name, options)
    opens_images = not isinstance(encoder, _SaysWhatItReads) or encoder.reads_pixels
    read = benchmark.prepare(root, allow_missing, opens_images)
    data, notes = benchmark.described(root)
    data = {**data, "options": dict(options), "allow_missing": allow_missing, "pixels": opens_images}
    if benchmark.pictures:
        data["pictures"] = str(root / benchmark.pictures.folder)  # for reports, which show items

    def run(encodings: Encodings, model: str) -> Result:
        result = benchmark.run(read, encodings, model, data)
        return replace(result, notes=[*result.notes, *notes])

    return Task(name=name, data=data, images=read.images, texts=read.texts, run=run)
