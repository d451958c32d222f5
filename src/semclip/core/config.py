"""Config files: YAML with `a.b=value` overrides, parsed into frozen dataclasses. An unknown key fails with a hint."""

import copy
import dataclasses
import math
import re
import types
import typing
from collections.abc import Hashable, Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from semclip.core.addresses import refuse_address
from semclip.core.errors import UserError, did_you_mean, nearest
from semclip.core.files import is_file, read_bytes, write_text
from semclip.core.parsing import MAX_DEPTH, parse_yaml
from semclip.core.registry import FAMILIES

T = TypeVar("T")

#: Values of a config whose sections refer to each other; nine such lines can make a billion.
_MOST_VALUES = 100_000
#: Characters of a value in a message, and names that are offered for one that is not there.
_SHOWN, _NEAREST = 80, 3

#: Keys of one section that say the same thing in two ways: one that is set over another takes its place.
_INSTEAD = {"steps": "epochs", "epochs": "steps", "from": "backend", "backend": "from"}

#: pydantic names the member of a union inside the path of a key; a user never wrote that.
_TYPE_NAME = re.compile(r"int|float|str|bool|none|(literal|list|tuple|dict)\[.*")


def find_config(name: str, kind: str = "train") -> Path:
    """The YAML file at a path, or the shipped one: `scenes/semclip` is configs/train/scenes/semclip.yaml."""
    path = Path(name)
    if is_file(path):
        return path
    refuse_address(name, where=f"the {kind} config")
    folder = Path(str(resources.files("semclip"))) / "configs" / kind
    shipped = {str(p.relative_to(folder).with_suffix("")): p for p in folder.rglob("*.yaml")}
    if name in shipped:
        return shipped[name]
    inside = sorted(known for known in shipped if known.endswith(f"/{name}"))  # `base` of `scenes/base`
    near = inside[:_NEAREST] or nearest(name, shipped)
    raise UserError(
        f"no config file '{name[:200]}'",
        where=f"neither a file nor one of the shipped {kind} configs",
        fix=(f"Did you mean {', '.join(near)}? " if near else "")
        + f"The {len(shipped)} shipped ones are the files of {folder}",
    )


def parse_config(cls: type[T], path: str | Path, overrides: Sequence[str] = (), kind: str = "train") -> T:
    """`load_config`, then `parse`. Messages name the file, and the command line where that says something, too."""
    where = f"{path}, or the command line" if overrides else str(path)
    return parse(cls, load_config(path, overrides, kind), where=where)


def load_config(path: str | Path, overrides: Sequence[str] = (), kind: str = "train") -> dict[str, Any]:
    """Read a YAML mapping, apply `a.b=value` overrides (values are YAML too), then fill in `${a.b}` references.

    `extends: scenes/semclip` starts from another config: a shipped one, or a file beside this one. Sections are merged
    key by key, and what this file says wins; lists and single values are replaced whole. kind: of the shipped configs.
    """
    path = Path(path)
    return interpolate(apply_overrides(_read(path, (), kind), overrides), where=str(path))


def resolve_config(values: Mapping[str, Any], overrides: Sequence[str] = (), kind: str = "train") -> dict[str, Any]:
    """The same for a mapping that is there already. What it `extends` is a shipped config, or a file by its path."""
    return interpolate(apply_overrides(_extended(values, Path(), (), kind), overrides), where="config")


def _read(path: Path, inner: tuple[Path, ...], kind: str) -> dict[str, Any]:
    """The mapping in a file on top of the ones it extends. inner: the files that led here, to refuse a circle."""
    circle = (*inner, path.resolve())
    if path.resolve() in inner:
        raise UserError(
            f"configs extend each other in a circle: {' -> '.join(p.name for p in circle)}",
            where=str(path),
            fix="remove one `extends:` line",
        )
    if not is_file(path):
        raise UserError("no such config file", where=str(path), fix="check the path")
    config = parse_yaml(read_bytes(path), where=str(path))
    if not isinstance(config, dict):
        raise UserError("a config is a mapping of keys to values", where=str(path), fix="write `key: value` lines")
    return _extended(config, path.parent, circle, kind)


def _extended(config: Mapping[str, Any], folder: Path, inner: tuple[Path, ...], kind: str) -> dict[str, Any]:
    """A mapping on top of the config that it extends, which is looked for in `folder` first."""
    own = dict(config)
    base = own.pop("extends", None)
    if base is None:
        return own
    beside = folder / str(base)
    return _merged(_read(beside if is_file(beside) else find_config(str(base), kind), inner, kind), own)


def _merged(base: Mapping[str, Any], nearer: Mapping[str, Any]) -> dict[str, Any]:
    """Both mappings in one, recursively; where both have a value, the nearer one's."""
    merged = {**_without_alternatives(base, nearer), **nearer}
    for key in base.keys() & nearer.keys():
        if isinstance(base[key], Mapping) and isinstance(nearer[key], Mapping):
            merged[key] = _merged(base[key], nearer[key])
    return merged


def _without_alternatives(section: Mapping[str, Any], nearer: Mapping[str, Any]) -> dict[str, Any]:
    """A section without the keys that `nearer` says in another way, and without the options of a backend that goes."""
    gone = {_INSTEAD[key] for key in nearer if key in _INSTEAD and _INSTEAD[key] not in nearer}
    kept = {key: value for key, value in section.items() if key not in gone}
    backend = section.get("backend")
    if "backend" in gone and backend in FAMILIES["backends"].names():
        options = {field.name for field in dataclasses.fields(FAMILIES["backends"].get(backend).Config)}
        kept = {key: value for key, value in kept.items() if key not in options}
    return kept


def interpolate(config: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Replace `${a.b}` inside texts by the value of key a.b: `features: ${data.root}/features.npy`.

    A text that is nothing but `${a.b}` may refer to a whole section or list.
    """

    def found(key: str) -> Any:
        value: Any = config
        for part in key.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        return value

    def value_of(match: re.Match[str]) -> str:
        value = found(match[1])
        if not isinstance(value, str | int | float):
            raise UserError(
                f"'{match[1]}' is required: another key refers to it as {match[0]}",
                where=where,
                fix=f"give it on the command line: {match[1]}=...",
            )
        return str(value)

    values = 0

    def walk(node: Any, inner: tuple[str, ...] = ()) -> Any:
        """inner: the references that led here, to refuse a circle."""
        nonlocal values
        values += 1
        if values > _MOST_VALUES:
            raise UserError(
                f"its references make more than {_MOST_VALUES:,} values", where=where, fix="write the sections out"
            )
        if isinstance(node, Mapping):
            return {key: walk(child, inner) for key, child in node.items()}
        if isinstance(node, list):
            return [walk(child, inner) for child in node]
        if not isinstance(node, str):
            return node
        whole = re.fullmatch(r"\$\{([\w.]+)\}", node)
        if whole is None or not isinstance(found(whole[1]), Mapping | list):
            return re.sub(r"\$\{([\w.]+)\}", value_of, node)
        if whole[1] in inner or len(inner) > MAX_DEPTH:
            raise UserError(
                f"{node} refers to itself, or to what refers further and further",
                where=where,
                fix="write the section out",
            )
        return walk(found(whole[1]), (*inner, whole[1]))

    return walk(config)


def refuse_given_twice(overrides: Sequence[str]) -> None:
    """Raise UserError where one override would silently undo another: the last of several never wins unseen."""
    given: dict[str, str] = {}
    for override in overrides:
        key, _, text = override.partition("=")
        parts = key.split(".")
        above = [".".join(parts[:end]) for end in range(1, len(parts))]
        below = [other for other in given if other.startswith(f"{key}.")]
        other = next((k for k in (key, *below) if k in given), None)
        for section in above:  # `train={steps: 3} train.eps=1e-8` adds to the section; `train.steps=4` would undo it
            inside = _value(given[section]) if section in given else None
            for part in parts[len(section.split(".")) :]:
                inside = inside.get(part, _ABSENT) if isinstance(inside, Mapping) else _ABSENT
            other = other or (section if section in given and inside is not _ABSENT else None)
        if other is not None:
            raise UserError(
                f"'{key}' is given twice: {other}={given[other][:100]} and {key}={text[:100]}",
                where="command line",
                fix=f"give it once; quotes keep the shell from making several of one pattern: '{key}=a{{0..9}}.tar'",
            )
        given[key] = text


_ABSENT = object()


def _value(text: str) -> Any:
    return parse_yaml(text, where="command line") if text else ""


def apply_overrides(config: Mapping[str, Any], overrides: Sequence[str]) -> dict[str, Any]:
    """A copy of `config` with each `a.b=value` set. Raises UserError where one of them would undo another."""
    refuse_given_twice(overrides)
    result = copy.deepcopy(dict(config))
    for override in overrides:
        key, equals, text = override.partition("=")
        if not equals or not all(key.split(".")):
            raise UserError(f"'{override}' is no override", where="command line", fix="write a.b=value")
        try:
            value = parse_yaml(text, where="command line") if text else ""
        except UserError as error:
            what = f"the value of '{override[:200]}' is {error.what}"
            fix = "write a finite number, or null for none" if "no finite number" in error.what else "quote it"
            raise UserError(what, where="command line", fix=fix) from error
        target = result
        *parents, last = key.split(".")
        for parent in parents:
            if not isinstance(target.setdefault(parent, {}), dict):
                raise UserError(
                    f"'{parent}' in '{override}' is a value, not a section",
                    where="command line",
                    fix=f"set {parent} itself",
                )
            target = target[parent]
        if last in _INSTEAD:
            kept = _without_alternatives(target, {last: value})
            target.clear()
            target.update(kept)
        target[last] = value
    return result


def parse(cls: type[T], values: Mapping[str, Any] | None, where: str, saved: bool = False, section: str = "") -> T:
    """Build the dataclass `cls` from a mapping, recursively; types are checked and converted as pydantic does.

    where: the file or section, for messages. saved: the values are from a file that this program wrote, such as the
    config of a run; keys that have been renamed since are read under their old names. section: the key that the values
    stand under on the command line, such as "writer".
    Raises UserError for an unknown key (with its new name, or the closest known one), a missing required key, or a
    value of the wrong type; the message holds the full path of the key.

    A key is renamed in the dataclass itself: `renamed: ClassVar[Mapping[str, str]] = {"old": "new"}`.
    """
    values = {} if values is None else values
    if saved:
        values = with_new_names(cls, values)
    _refuse_unknown(cls, values, "", where)
    try:
        parsed: T = _adapter(typing.cast(Hashable, cls)).validate_python(dict(values))
    except ValidationError as error:
        lines, missing, fixes = [], [], []
        for problem in error.errors():
            key = ".".join(str(p) for p in problem["loc"] if not _TYPE_NAME.fullmatch(str(p))) or "(the whole section)"
            if problem["type"] == "missing":
                lines.append(f"'{key}' is required")
                if isinstance(problem["loc"][-1], int):  # a place of a list, which no override can set
                    fixes.append(f"give {key.rpartition('.')[0]} that value, too")
                else:
                    missing.append(f"{section}.{key}=..." if section else f"{key}=...")
            else:
                lines.append(f"'{key}': {problem['msg']}, found {_short(problem['input'])}")
                fixes.append(_instead_of(problem["input"], problem["type"]))
        if missing:
            fixes.append(f"set it, for example on the command line: {' '.join(missing)}")
        raise UserError("; ".join(lines), where=where, fix="; ".join(dict.fromkeys(fixes))) from error
    except UserError as error:  # of a section's own check, which knows its key and not the file
        at = error.where if where in error.where else f"{where}: {error.where}"
        raise UserError(error.what, where=at, fix=error.fix) from error
    for key, value in _numbers(parsed):  # pydantic makes a number of the texts "nan" and "1e999"
        if not math.isfinite(value):
            raise UserError(f"'{key}' is {value}, no finite number", where=where, fix=f"give {key} a finite number")
    return parsed


def _instead_of(value: Any, problem: str) -> str:
    """What to write in place of a value of the wrong kind."""
    if problem == "dict_type" and isinstance(value, str):  # a name, where it is one of several keys
        return f"write '{{name: {value}}}' in its place"
    if problem == "dict_type":
        return "write a mapping in its place, {key: value}"
    if problem in ("tuple_type", "list_type"):
        return "write a list in its place, [...] with the value in it"
    return "mend the value"


@cache
def _adapter(cls: Any) -> TypeAdapter[Any]:
    return TypeAdapter(cls)


def _numbers(value: Any, key: str = "") -> Iterator[tuple[str, float]]:
    """Every fraction in a config, with its key."""
    if isinstance(value, float):
        yield key, value
        return
    inner: Mapping[Any, Any] = {}
    if dataclasses.is_dataclass(value):
        inner = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    elif isinstance(value, Mapping):
        inner = value
    elif isinstance(value, list | tuple):
        inner = dict(enumerate(value))
    for name, one in inner.items():
        yield from _numbers(one, f"{key}.{name}" if key else str(name))


def with_new_names(cls: Any, values: Any) -> Any:
    """Values of a saved section `cls`, recursively, with every renamed key under its new name.

    Where a mapping holds both names, the new one counts. What is no section is returned as it is.
    """
    if not (dataclasses.is_dataclass(cls) and isinstance(values, Mapping)):
        return values
    renamed = _renamed(cls)
    hints = typing.get_type_hints(cls)
    current = {renamed.get(key, key): value for key, value in values.items() if renamed.get(key) not in values}
    for key, value in current.items():
        for nested in _dataclasses_in(hints.get(key)):
            current[key] = with_new_names(nested, value)
    return current


def dump(config: Any) -> dict[str, Any]:
    """A config dataclass as plain YAML-ready values."""
    return TypeAdapter(type(config)).dump_python(config, mode="json")


def save_config(path: str | Path, config: Mapping[str, Any]) -> None:
    """Write a resolved config as YAML, atomically."""
    write_text(path, yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True))


def _refuse_unknown(cls: Any, values: Any, prefix: str, where: str) -> None:
    if not dataclasses.is_dataclass(cls):
        return
    if not isinstance(values, Mapping):
        raise UserError(
            f"'{prefix.rstrip('.')}' must be a section of `key: value` lines, found {_short(values)}",
            where=where,
            fix=f"known keys: {', '.join(f.name for f in dataclasses.fields(cls))}",
        )
    hints = typing.get_type_hints(cls)
    known = [f.name for f in dataclasses.fields(cls)]
    for key, value in values.items():
        if key in _renamed(cls):
            new = f"{prefix}{_renamed(cls)[key]}"
            raise UserError(f"the key '{prefix}{key}' was renamed to '{new}'", where=where, fix=f"write {new}")
        if key not in known:
            raise UserError(f"unknown key '{prefix}{key}'", where=where, fix=did_you_mean(str(key), known))
        for nested in _dataclasses_in(hints[key]):
            section_only = nested is hints[key] and not isinstance(value, nested)
            if isinstance(value, Mapping) or section_only:
                _refuse_unknown(nested, value, f"{prefix}{key}.", where)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _renamed(cls: Any) -> Mapping[str, str]:
    return getattr(cls, "renamed", {})


def _dataclasses_in(hint: Any) -> list[Any]:
    """The dataclass in `X` or `X | None`; containers of dataclasses are left to pydantic."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return [a for a in typing.get_args(hint) if dataclasses.is_dataclass(a)]
    return [hint] if dataclasses.is_dataclass(hint) else []
