"""Conditions of a query on what the index knows: `after:2023-05`, `width>2000`, `folder:italy`."""

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import date, timedelta
from typing import Literal, cast

from semclip.core.query import Filter

Op = Literal["<", "<=", "=", ">=", ">"]
DATE_FIX = "Write a year, a month or a day, as in 2023, 2023-05, 2023-05-17; or today, yesterday, 7d, 2w, 6m, 1y."
UNITS = {"b": 1.0, "kb": 1e3, "mb": 1e6, "gb": 1e9, "kib": 2.0**10, "mib": 2.0**20, "gib": 2.0**30}


class BadValueError(ValueError):
    """A filter whose value or sign can't be read. The second argument says what to type."""


def condition(field: str, op: str, value: str, today: date) -> Filter:
    """The filter that was typed as `field`, `op` (`:`, `=`, `<`, ...) and `value`.

    `after:D` is from the first day of D on and `before:D` up to the day before it, so that `after:2023 before:2024` is
    the year 2023. `taken:D` is any time in D: its value is a prefix of the photo's time.
    """
    if not value.strip():
        raise BadValueError("The filter has no value.", "Write one after it, as in folder:holidays.")
    return FIELDS[field](field, cast(Op, "=" if op == ":" else op), value, today)


def _after(field: str, op: Op, value: str, today: date) -> Filter:
    _only_colon(field, op, "2023-05")
    return Filter("taken", ">=", _first_day(value, today).isoformat())


def _before(field: str, op: Op, value: str, today: date) -> Filter:
    _only_colon(field, op, "2023-05")
    return Filter("taken", "<", _first_day(value, today).isoformat())


def _taken(field: str, op: Op, value: str, today: date) -> Filter:
    first = _first_day(value, today).isoformat()
    # As much of a photo's time as is named is compared: 2023-05-17 is up to 2023, and not after it.
    whole = op in ("=", "<=", ">") and first.startswith(value)
    return Filter(field, op, value if whole else first)


def _text(field: str, op: Op, value: str, today: date) -> Filter:
    _only_colon(field, op, {"type": "png", "camera": '"Canon EOS"'}.get(field, "holidays"))
    if field == "type":
        value = value.lower().lstrip(".")
        if not value.isalnum():
            raise BadValueError(f"`{value}` is no type of file.", "Give one type, as in type:png.")
    return Filter(field, "=", value)


def _pixels(field: str, op: Op, value: str, today: date) -> Filter:
    digits = re.sub(r" ?(px|pixels)$", "", value.lower())
    if not re.fullmatch(r"[0-9]{1,9}", digits):
        raise BadValueError(f"`{value}` is no number of pixels.", f"Write a whole number, as in {field}>2000.")
    return Filter(field, op, float(digits))


def _size(field: str, op: Op, value: str, today: date) -> Filter:
    match = re.fullmatch(r"([0-9]{1,12}(?:\.[0-9]+)?) ?([a-z]*)", value.lower())
    if match is None or (match[2] or "b") not in UNITS:
        raise BadValueError(f"`{value}` is no size of a file.", "Write a number and B, KB, MB or GB, as in size>2MB.")
    return Filter(field, op, float(round(float(match[1]) * UNITS[match[2] or "b"])))


def _only_colon(field: str, op: Op, example: str) -> None:
    if op != "=":
        raise BadValueError(f"`{field}` can't be compared with `{op}`.", f"Write {field}:{example}.")


def _first_day(value: str, today: date) -> date:
    """The first day of the year, month or day, or the day so long ago."""
    if value.lower() in ("today", "yesterday"):
        return today - timedelta(days=value.lower() == "yesterday")
    try:
        if match := re.fullmatch(r"([0-9]{1,4})([dwmy])", value.lower()):
            return _ago(int(match[1]), match[2], today)
        if re.fullmatch(r"[0-9]{4}(-[0-9]{2}){0,2}", value):
            return date.fromisoformat(value + "-01-01"[len(value) - 4 :] if len(value) < 10 else value)
    except (ValueError, OverflowError) as error:
        raise BadValueError(f"`{value}` is no date: {error}.", DATE_FIX) from error
    raise BadValueError(f"`{value}` is no date.", DATE_FIX)


def _ago(count: int, unit: str, today: date) -> date:
    if unit in "dw":
        return today - timedelta(days=count * (7 if unit == "w" else 1))
    months = today.year * 12 + today.month - 1 - count * (12 if unit == "y" else 1)
    year, month = months // 12, months % 12 + 1
    return date(year, month, min(today.day, monthrange(max(year, 1), month)[1]))


FIELDS: dict[str, Callable[[str, Op, str, date], Filter]] = {
    "after": _after,
    "before": _before,
    "taken": _taken,
    "folder": _text,
    "type": _text,
    "camera": _text,
    "width": _pixels,
    "height": _pixels,
    "size": _size,
}
