"""Every table of renamed keys names a key of today, and keeps no old name in use."""

import dataclasses
import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from typing import Any

import semclip


def config_classes() -> Iterator[type[Any]]:
    """Every class of the package with a table `renamed`, nested ones included."""
    names = [m.name for m in pkgutil.walk_packages(semclip.__path__, "semclip.") if not m.name.endswith("__main__")]
    pending = [value for name in names for value in vars(importlib.import_module(name)).values()]
    seen: set[int] = set()
    while pending:
        found = pending.pop()
        if isinstance(found, type) and found.__module__.startswith("semclip.") and id(found) not in seen:
            seen.add(id(found))
            pending += vars(found).values()
            if "renamed" in vars(found):
                yield found


def test_old_names_lead_to_names_of_today() -> None:
    found = list(config_classes())
    assert found
    for cls in found:
        renamed: Mapping[str, str] = cls.renamed
        keys = {field.name for field in dataclasses.fields(cls)}
        assert "renamed" not in keys, f"{cls.__qualname__}.renamed must be a ClassVar"
        assert set(renamed.values()) <= keys, cls.__qualname__
        assert not keys & set(renamed), cls.__qualname__
