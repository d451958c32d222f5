"""The shape of a result file: what reports and scripts take for granted is checked once, as the file is read."""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from semclip.core.errors import UserError
from semclip.core.shape import shaped

T = TypeVar("T")

_FIX = "evaluate the model again, or put back the file as it was written"


def shaped_result(kind: type[T], values: Mapping[str, Any], path: Path) -> T:
    """The values of a result file as a `kind`, which is `Result`.

    Raises UserError for fields of another type, a primary metric that is not there, two metrics of one name, numbers of
    items that do not belong together, and values that are no finite numbers.
    """
    result: Any = shaped(kind, values, "a result file", str(path), _FIX)
    for fault in _faults(result):
        raise UserError(f"this is not a result file: {fault}", where=str(path), fix=_FIX)
    return result


def _faults(result: Any) -> Iterator[str]:
    names = [metric.name for metric in result.metrics]
    if len(set(names)) < len(names):
        yield "two of its metrics have one name"
    if result.primary not in names:
        yield f"it has no metric '{result.primary[:60]}', which `primary` names"
    for metric in (m for top in result.metrics for m in (top, *top.per_slice.values())):
        numbers = [metric.value, *(metric.interval or ()), metric.strict, metric.optimistic, metric.chance]
        if not all(number is None or math.isfinite(number) for number in numbers):
            yield f"'{metric.name}' holds a value that is no finite number"
        if metric.n < 0:
            yield f"'{metric.name}' was measured on {metric.n} items"
    for name, record in result.items.items():
        yield from _faults_of_record(name, record)
    yield from _faults_of_data(result.data)


def _faults_of_record(name: str, record: Mapping[str, Any]) -> Iterator[str]:
    """items: {"id": [...], "outcome": [...], "slice": [...], ...}: parallel lists."""
    lists = {key: value for key, value in record.items() if isinstance(value, list)}
    if not {"id", "outcome"} <= lists.keys():
        yield f"the items of '{name}' need lists `id` and `outcome`"
        return
    if len({len(values) for values in lists.values()}) > 1:
        yield f"the items of '{name}' are lists of different lengths"
    if not all(isinstance(o, int | float) and math.isfinite(o) for o in lists["outcome"]):
        yield f"the items of '{name}' hold an outcome that is no finite number"
    for key in lists.keys() & {"id", "slice", "cluster"}:
        if len({type(one) for one in lists[key]}) > 1 or not all(isinstance(one, str | int) for one in lists[key]):
            yield f"the items of '{name}' hold a {key} that is neither text nor number, or both"


def _faults_of_data(data: Mapping[str, Any]) -> Iterator[str]:
    for key in ("path", "sha256", "split"):
        if not isinstance(data.get(key), str | None):
            yield f"'data.{key}' is no text"
    files = data.get("files")
    if files is not None and not (
        isinstance(files, dict)
        and all(isinstance(f, dict) and isinstance(f.get("sha256"), str) for f in files.values())
    ):
        yield "'data.files' is no mapping of files to their sha256"
