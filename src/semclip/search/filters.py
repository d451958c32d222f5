"""Filters of a query on what the index knows: dates, folders, types, cameras, sizes."""

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from semclip.core.errors import UserError, did_you_mean
from semclip.core.query import Filter

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt, "<=": operator.le, "=": operator.eq, ">=": operator.ge, ">": operator.gt
}  # fmt: skip
_NUMBERS = ("width", "height", "size")
_TEXTS = ("folder", "type", "camera")
#: Other names of types; the index has Pillow's, and the suffix of RAW files.
_TYPES = {"jpg": "jpeg", "tif": "tiff", "heic": "heif"}


def meeting(filters: Sequence[Filter], columns: pa.Table) -> np.ndarray:
    """(N,) bool: which photos meet all filters. columns: those of `Rows`.

    taken:   as much of the time as the value gives: `2023-05` is compared with year and month.
    folder:  one or several folders of the path, whatever lies around them: `folder:italy/rome`.
    camera:  part of its name. type: the format, such as `jpeg`. Neither minds upper case.
    A photo without the fact, such as one without a time, does not meet a filter, and meets its negation.
    Raises UserError for an unknown field, and for a value or operator that the field cannot have.
    """
    kept = np.ones(len(columns), dtype=bool)
    for condition in filters:
        met = _met(condition, columns)
        kept &= ~met if condition.negated else met
    return kept


def _met(condition: Filter, columns: pa.Table) -> np.ndarray:
    field, value = condition.field, condition.value
    if field == "taken":
        return _taken(condition, columns["taken"])
    if field in _NUMBERS:
        try:
            return np.asarray(_OPERATORS[condition.op](columns[field].to_numpy(), float(value)))
        except ValueError:
            raise _wrong(condition, f"{field} is a number", f"{field}>2000") from None
    if field not in _TEXTS:
        raise UserError(
            f"unknown filter '{field}'", where=f"{field}{condition.op}{value}",
            fix=did_you_mean(field, ("taken", *_TEXTS, *_NUMBERS)),
        )  # fmt: skip
    if condition.op != "=":
        raise _wrong(condition, f"{field} has no order", f"{field}:{value}")
    wanted = str(value).lower()
    if field == "type":
        wanted = wanted.removeprefix(".")
        return np.asarray(pc.equal(columns["type"], _TYPES.get(wanted, wanted)).to_numpy())
    pattern = f"/{wanted.strip('/')}/" if field == "folder" and wanted.strip("/") else wanted
    return np.asarray(pc.match_substring(columns[field], pattern, ignore_case=field == "camera").to_numpy())


def _taken(condition: Filter, taken: pa.ChunkedArray) -> np.ndarray:
    value = str(condition.value)
    given = pc.utf8_slice_codeunits(taken, 0, len(value))
    compare = {"<": pc.less, "<=": pc.less_equal, "=": pc.equal, ">=": pc.greater_equal, ">": pc.greater}[condition.op]
    return np.asarray(pc.and_(compare(given, value), pc.not_equal(taken, "")).to_numpy())


def _wrong(condition: Filter, what: str, example: str) -> UserError:
    return UserError(what, where=f"{condition.field}{condition.op}{condition.value}", fix=f"write it as in {example}")
