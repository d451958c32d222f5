"""JSON and YAML from outside, read within bounds: what is refused here would break or mislead what reads it next."""

import json
import math
import re
from collections.abc import Iterable
from typing import Any, NoReturn

import yaml

from semclip.core.errors import UserError

#: Levels of lists and mappings in each other. Ours have five; Python gives up below a thousand, in the middle of work.
MAX_DEPTH = 64

#: Values that a YAML file may make, where `&name` and `*name` repeat some. Nine lines can make a billion.
MAX_YAML_NODES = 100_000

_HALF_CHARACTER = re.compile("[\ud800-\udfff]")


class _RefusedError(ValueError):
    """The reason why a text is not read, without its place."""


class UniqueKeyLoader(yaml.SafeLoader):
    """PyYAML's safe loader, which refuses a key that a mapping has twice, and numbers that are not finite.

    As in YAML 1.2, `true` and `false` alone are truth values: `off`, `no` and `on` are texts, such as a guard's `off`.
    """

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen: dict[tuple[str, str], Any] = {}
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            if not isinstance(key, yaml.ScalarNode):
                continue
            first = seen.setdefault((key.tag, key.value), key)
            if first is not key:
                problem = f"the key {key.value[:60]!r} is given twice, first at line {first.start_mark.line + 1}"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
        return super().construct_mapping(node, deep)

    def construct_yaml_float(self, node: Any) -> float:
        value: float = super().construct_yaml_float(node)
        if not math.isfinite(value):
            problem = f"{node.value[:20]} is no finite number; give one, or leave the key out"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
        return value


UniqueKeyLoader.add_constructor("tag:yaml.org,2002:float", UniqueKeyLoader.construct_yaml_float)
UniqueKeyLoader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in kinds if tag != "tag:yaml.org,2002:bool" or first in "tTfF"]
    for first, kinds in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def parse_json(text: str | bytes, where: str, fix: str = "write the file again", halves: bool = False) -> Any:
    """The value that a JSON text stands for.

    where: the file, or `file:row`, for messages. halves: let half a surrogate pair pass. Raises UserError for anything
    but JSON, and for what Python alone lets through or stumbles over: NaN and Infinity, numbers too large, a key given
    twice, half a surrogate pair, texts that are not UTF-8, and values nested more than `MAX_DEPTH` deep.
    """
    try:
        text = text.decode("utf-8-sig") if isinstance(text, bytes) else text
        value = _DECODER.decode(text)
        if text.count("[") + text.count("{") > MAX_DEPTH:
            _refuse_depth(value)
        if "\\u" in text and not halves:
            _refuse_half_characters(value)
    except json.JSONDecodeError as found:
        # Where the text ends too early the decoder is behind the last line break, in a line that nobody sees.
        error = json.JSONDecodeError(found.msg, found.doc, min(found.pos, len(found.doc.rstrip())))
        line = f"line {error.lineno}, " if "\n" in text.strip() else ""
        what = error.msg.removesuffix(" at")
        raise UserError(f"not valid JSON: {what} at {line}character {error.colno}", where, fix) from None
    except UnicodeDecodeError as error:
        raise UserError(f"not valid JSON: not UTF-8 at byte {error.start + 1:,}", where, fix) from None
    except RecursionError:
        raise UserError(f"not valid JSON: {_TOO_DEEP}", where, fix) from None
    except _RefusedError as error:
        raise UserError(f"not valid JSON: {error}", where, fix) from None
    return value


def parse_json_at(text: str, at: int) -> tuple[Any, int]:
    """(value, where it ends) of the JSON value that starts at a place in a text, under the rules of `parse_json`.

    Raises json.JSONDecodeError where the text is none, which more of it may mend, and ValueError, with the reason, for
    what is refused.
    """
    try:
        value, end = _DECODER.raw_decode(text, at)
        if text.count("[", at, end) + text.count("{", at, end) > MAX_DEPTH:
            _refuse_depth(value)
    except RecursionError:
        raise _RefusedError(_TOO_DEEP) from None
    if text.find("\\u", at, end) >= 0:
        _refuse_half_characters(value)
    return value, end


def parse_yaml(
    text: str | bytes, where: str, fix: str = "mend the line named above", loader: type[Any] = UniqueKeyLoader
) -> Any:
    """The value that a YAML text stands for; None for an empty one.

    loader: a safe loader of PyYAML's. Raises UserError for anything but YAML, values nested more than `MAX_DEPTH` deep
    or in themselves, aliases that stand for more than `MAX_YAML_NODES` values in all, integers of thousands of digits,
    NaN and infinity, and a key given twice.
    """
    try:
        text = text.decode("utf-8-sig") if isinstance(text, bytes) else text
        # Depth and aliases are known from the events, before any value is made.
        _refuse_large_yaml(yaml.parse(text, Loader=loader))
        value = _loaded(text, loader)
        _refuse_half_characters(value)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        said = ", ".join(part for part in (error.context, error.problem) if part)
        raise UserError(f"not valid YAML: {said}{place}", where, fix) from None
    except yaml.YAMLError as error:  # a character that YAML does not know
        raise UserError(f"not valid YAML: {' '.join(str(error).split())}", where, fix) from None
    except UnicodeDecodeError as error:
        raise UserError(f"not valid YAML: not UTF-8 at byte {error.start + 1:,}", where, fix) from None
    except RecursionError:
        raise UserError(f"not valid YAML: {_TOO_DEEP}", where, fix) from None
    except (_RefusedError, ValueError, OverflowError) as error:  # a date such as 2024-99-99
        raise UserError(f"not valid YAML: {error}", where, fix) from None
    return value


def _loaded(text: str, loader: type[Any]) -> Any:
    try:
        return yaml.load(text, Loader=loader)  # the loader is a safe one
    except (AttributeError, KeyError, IndexError) as error:  # PyYAML's own, on `!!bool perhaps` or `!!int ""`
        raise _RefusedError("a value that is not what its tag (!!int, !!bool, ...) says") from error


_TOO_DEEP = f"nested more than {MAX_DEPTH} levels deep"


def _no_number(name: str) -> NoReturn:
    raise _RefusedError(f"{name} is no finite number; write null where a value is missing")


def _float(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise _RefusedError(f"the number {digits[:20]} is too large")
    return value


def _int(digits: str) -> int:
    if len(digits) > 1000:  # Python itself stops at 4,300, with advice for programmers
        raise _RefusedError(f"a number of {len(digits):,} digits, which starts with {digits[:20]}")
    return int(digits)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _RefusedError(f"the key {twice[:60]!r} is given twice")
    return found


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_float, parse_int=_int, parse_constant=_no_number, strict=True
)


def _refuse_depth(value: Any) -> None:
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _inner(outer)]
        if not level:
            return
    raise _RefusedError(_TOO_DEEP)


def _inner(value: Any) -> Iterable[Any]:
    """The lists and mappings directly in a value."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [one for one in inner if isinstance(one, dict | list)]


def _refuse_half_characters(value: Any) -> None:
    """Half a surrogate pair can be in a Python text, but it is no character: it can be neither printed nor saved."""
    todo = [value]
    seen: set[int] = set()
    while todo:
        one = todo.pop()
        if isinstance(one, str):
            if _HALF_CHARACTER.search(one):
                raise _RefusedError(f"half of a surrogate pair, which is no character, in {one[:60]!r}")
        elif isinstance(one, dict | list) and id(one) not in seen:
            seen.add(id(one))
            todo += [*one, *one.values()] if isinstance(one, dict) else one


def _refuse_large_yaml(events: Iterable[Any]) -> None:
    """Count the values that the events make, aliases written out, without making them."""
    sizes: dict[str, int] = {}  # values below an anchor that is complete
    open_nodes: list[tuple[str | None, int]] = [(None, 0)]  # anchor and values so far of what is being read

    def add(count: int) -> None:
        anchor, size = open_nodes[-1]
        open_nodes[-1] = anchor, size + count
        if size + count > MAX_YAML_NODES and sizes:
            raise _RefusedError(f"its aliases stand for more than {MAX_YAML_NODES:,} values")

    for event in events:
        if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            open_nodes.append((event.anchor, 1))
            if len(open_nodes) > MAX_DEPTH + 1:
                raise _RefusedError(_TOO_DEEP)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            anchor, size = open_nodes.pop()
            if anchor:
                sizes[anchor] = size
            add(size)
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor in sizes:
                add(sizes[event.anchor])
            elif any(anchor == event.anchor for anchor, _ in open_nodes):
                raise _RefusedError(f"*{event.anchor} stands inside &{event.anchor}, so the value holds itself")
        elif isinstance(event, yaml.ScalarEvent):
            if event.anchor:
                sizes[event.anchor] = 1
            if len(event.value) > 1000 and event.implicit[0] and event.value.lstrip("+-")[:1].isdigit():
                _refuse_long_number(event.value)
            add(1)


def _refuse_long_number(text: str) -> None:
    if re.fullmatch(r"[-+]?[0-9a-fA-Fx_:.oO]+", text):
        raise _RefusedError(f"a number of {len(text):,} digits, which starts with {text[:20]}")
