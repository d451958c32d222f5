"""The shape of a value that was read from a file: fields and types, or a sentence that names the one that is wrong."""

from collections.abc import Hashable
from functools import cache
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from semclip.core.errors import UserError

T = TypeVar("T")

_SHOWN = 3


def shaped(kind: type[T], value: Any, what: str, where: str, fix: str) -> T:
    """The value as a `kind`: a dataclass, a model of pydantic's, or a type such as `dict[str, list[int]]`.

    what: what the file should be, such as "a result file". Raises UserError that names the first fields that are
    missing or of another type.
    """
    try:
        found: T = _adapter(cast(Hashable, kind)).validate_python(value)
        return found
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False)
        said = "; ".join(_sentence(problem) for problem in problems[:_SHOWN])
        more = f"; and {len(problems) - _SHOWN:,} more" if len(problems) > _SHOWN else ""
        raise UserError(f"this is not {what}: {said}{more}", where=where, fix=fix) from None


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _sentence(problem: Any) -> str:
    place = ".".join(str(part)[:60] for part in problem["loc"]) or "the whole"
    if problem["type"] == "missing":
        return f"'{place}' is missing"
    found = repr(problem["input"])
    return f"'{place}': {problem['msg']}, found {found[:60]}{'...' if len(found) > 60 else ''}"
