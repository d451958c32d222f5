"""Which models `semclip evaluate` measures and where their results go; nothing is written over."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from semclip.core.errors import UserError, did_you_mean

if TYPE_CHECKING:
    from semclip.evaluation.base import Task

_PRECISIONS = {
    "": "", "model": "", "fp32": "", "float32": "",
    "bf16": "bfloat16", "bfloat16": "bfloat16", "fp16": "float16", "float16": "float16", "amp": "float16",
}  # fmt: skip


def named_models(models: Sequence[str], listed: Path | None) -> list[str]:
    """The models that were named, and those of a file with one a line; `#` begins a comment."""
    lines = listed.read_text("utf-8").splitlines() if listed else []
    found = [*models, *(line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#"))]
    if not found:
        raise UserError(
            "no model was named", where="semclip evaluate", fix="name one or several, or give --models FILE"
        )
    twice = next((m for m in found if found.count(m) > 1), None)
    if twice is not None:
        raise UserError(f"the model '{twice}' is named twice", where="semclip evaluate", fix="name each model once")
    return found


def result_folders(models: Sequence[str], out: Path | None) -> dict[str, Path | None]:
    """Where each model's results go: --out for one, OUT/MODEL/results for several, else a run's own; None: nowhere."""
    from semclip.evaluation.selection import is_run

    if out is None or len(models) == 1:
        return {model: out or (Path(model) / "results" if is_run(model) else None) for model in models}
    folders: dict[str, Path | None] = {}
    for model in models:
        name = re.sub(r"[^\w.+-]+", "-", model).strip("-.") or "model"
        taken = {folder.parent.name for folder in folders.values() if folder}
        name = next(n for n in (name, *(f"{name}-{i}" for i in range(2, len(models) + 2))) if n not in taken)
        folders[model] = out / name / "results"
    return folders


def result_file(folder: Path, benchmark: str) -> Path:
    """`path/to/file.py:Class` is saved as `Class.json`."""
    return folder / f"{benchmark.rpartition(':')[2]}.json"


def stands_already(path: Path, task: "Task", model: str, who: Mapping[str, Any]) -> bool:
    """Whether this very result is there. Raises UserError where another one is: it is never written over.

    model, who: what results of this model will call it, and say of it; see `metrics.identity`.
    """
    from semclip.evaluation.metrics.identity import differences, in_words
    from semclip.evaluation.metrics.result import Result

    if not path.exists():
        return False
    coming = Result(
        benchmark=task.name, version=task.version, model=model, data=task.data, metrics=(), primary="", encoder=who
    )
    there = Result.load(path)
    differing = differences(there, coming, models=True)
    if differing:
        raise UserError(
            f"this would replace results of another measurement or model: {in_words(differing)}",
            where=str(path),
            fix="give another folder: --out FOLDER; several models named in one call get a folder each",
        )
    return bool(there.encoder.get("weights_sha256") and who.get("weights_sha256"))


def precision_of(name: str) -> str:
    """bfloat16, float16, or "" for the model's own."""
    if name not in _PRECISIONS:
        raise UserError(
            f"no precision '{name}'", where="--precision", fix=did_you_mean(name, [p for p in _PRECISIONS if p])
        )
    return _PRECISIONS[name]
