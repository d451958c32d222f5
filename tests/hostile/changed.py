"""A file of ours that somebody changed: every value of it in turn replaced, removed, renamed or repeated."""

import copy
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from semclip.core.errors import UserError

Place = tuple[str | int, ...]

#: What stands in a value's place.
OTHERS: tuple[Any, ...] = (
    None, True, -1, 0, 10**30, 1.5e308, "", "x", "[/bold]\x1b[31m\u202e", "../../etc", "x" * 5000,
    [], [None], ["x", 1], [[[]]], {}, {"x": None}, {"name": 3}, {"0": {"0": []}},
)  # fmt: skip


def places(value: Any, here: Place = ()) -> Iterator[Place]:
    """Every place in a value; of long lists the first three."""
    yield here
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*here, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value[:3]):
            yield from places(inner, (*here, number))


def variants(value: Any, count: int, seed: int) -> Iterator[tuple[str, Any]]:
    """(what was done, the changed value), `count` of them, drawn from all there are; the same for a seed."""
    draw = random.Random(seed)
    where = list(places(value))
    for _ in range(count):
        place = draw.choice(where)
        how = draw.choice((*OTHERS, _remove, _remove, _rename, _twice))
        yield f"{place} -> {getattr(how, '__name__', repr(how)[:40])}", _changed(value, place, how)


def _changed(value: Any, place: Place, how: Any) -> Any:
    result = copy.deepcopy(value)
    if not place:
        return how if not callable(how) else {}
    holder = result
    for part in place[:-1]:
        holder = holder[part]
    if callable(how):
        how(holder, place[-1])
    else:
        holder[place[-1]] = how
    return result


def _remove(holder: Any, key: Any) -> None:
    del holder[key]


def _rename(holder: Any, key: Any) -> None:
    value = holder.pop(key)
    if isinstance(holder, dict):
        holder[f"{key}x"] = value


def _twice(holder: Any, key: Any) -> None:
    if isinstance(holder, list):
        holder.append(holder[key])
    else:
        holder[key] = [holder[key], holder[key]]


def ends_well(use: Callable[[], object], what: str, problems: list[str]) -> UserError | None:
    """Run it: a success and a UserError with its three parts are both good ends; anything else is noted."""
    try:
        use()
    except UserError as error:
        lacking = [part for part in ("what", "where", "fix") if not getattr(error, part).strip()]
        if lacking:
            problems.append(f"{what}: no {', '.join(lacking)} in: {error}")
        return error
    except Exception as error:  # noqa: BLE001 - this is what the test looks for
        import traceback

        last = traceback.extract_tb(error.__traceback__)[-1]
        problems.append(f"{what}: {type(error).__name__} at {Path(last.filename).name}:{last.lineno}: {error!s:.150}")
    return None


def report(problems: Sequence[str]) -> str:
    """The first problem of each kind, for an assertion's message."""
    kinds: dict[str, str] = {}
    for problem in problems:
        kinds.setdefault(problem.partition(": ")[2][:60], problem)
    return f"{len(problems)} bad ends:\n" + "\n".join(kinds.values())
