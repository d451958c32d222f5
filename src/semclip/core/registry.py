"""Plugins by file name: `objectives/semclip.py` is the objective `semclip` in Python, YAML and listings."""

import ast
import importlib
import importlib.util
import inspect
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from semclip.core.errors import UserError, did_you_mean

#: Files in a plugin folder that are not plugins: helpers (leading underscore) and the family's base class.
_NOT_PLUGINS = ("base",)


@dataclass(frozen=True)
class Registry:
    """One family of plugins: every module of its packages that holds one subclass of the family's base class.

    family:   what the user calls them, plural ("objectives").
    packages: where they live ("semclip.objectives"). A name that is in two of them is an error.
    base:     "module:Class" of the base class ("semclip.objectives.base:Objective").

    Listing reads docstrings with `ast`, so it imports no plugin and no torch. Adding a plugin adds one file.
    """

    family: str
    packages: tuple[str, ...]
    base: str

    def names(self, package: str = "") -> list[str]:
        """Names of all plugins, or of those in one package, sorted."""
        return sorted(name for name, (own, _) in self._files().items() if package in ("", own))

    def summaries(self) -> dict[str, str]:
        """Name -> first line of the module's docstring."""
        trees = {name: ast.parse(path.read_text("utf-8")) for name, (_, path) in sorted(self._files().items())}
        return {name: (ast.get_docstring(tree) or "").partition("\n")[0] for name, tree in trees.items()}

    def package_of(self, name: str) -> str:
        """The package that the plugin called `name` lives in."""
        return self._files()[name][0]

    def get(self, name: str) -> type[Any]:
        """The plugin class called `name`, or the class named by `path/to/file.py:Class`.

        Raises UserError for an unknown name (with the closest ones), a missing file or a class of another family.
        """
        if ".py:" in name:
            return self._from_file(name)
        files = self._files()
        if name not in files:
            raise UserError(
                f"unknown {self.singular} '{name}'",
                where=self.family,
                fix=f"{did_you_mean(name, files)} `semclip list {self.family}` shows all; "
                "your own is named as path/to/file.py:Class",
            )
        module = importlib.import_module(f"{files[name][0]}.{name}")
        return self._only_class(module, name)

    @property
    def singular(self) -> str:
        return self.family.removesuffix("s")

    def _files(self) -> dict[str, tuple[str, Path]]:
        """Name -> package and module file."""
        found: dict[str, tuple[str, Path]] = {}
        for package in self.packages:
            for path in sorted(_folder(package).iterdir()):
                name = path.stem if path.suffix == ".py" else path.name
                module = path if path.suffix == ".py" else path / "__init__.py"
                if name.startswith("_") or name in _NOT_PLUGINS or not module.is_file():
                    continue
                if name in found:
                    raise UserError(
                        f"two {self.family} are called '{name}'",
                        where=f"{found[name][1]} and {module}",
                        fix="rename one of the files",
                    )
                found[name] = package, module
        return found

    def _base_class(self) -> type[Any]:
        module, _, name = self.base.partition(":")
        return getattr(importlib.import_module(module), name)

    def _only_class(self, module: ModuleType, name: str) -> type[Any]:
        base = self._base_class()
        own: list[type[Any]] = [
            value
            for value in vars(module).values()
            if inspect.isclass(value)
            and issubclass(value, base)
            and value.__module__ == module.__name__
            and not value.__name__.startswith("_")
        ]
        if len(own) != 1:
            raise UserError(
                f"the {self.singular} '{name}' must hold exactly one public subclass of {base.__name__}, "
                f"found {', '.join(c.__name__ for c in own) or 'none'}",
                where=str(module.__file__),
                fix="one idea, one file: move the others to files of their own",
            )
        own[0].name = name
        return own[0]

    def _from_file(self, spec: str) -> type[Any]:
        file, _, class_name = spec.rpartition(":")
        path = Path(file).expanduser().resolve()
        if not path.is_file():
            raise UserError(f"no such {self.singular} file", where=spec, fix="check the path before ':'")
        names = vars(module_of_file(path))
        cls = names.get(class_name)
        if not inspect.isclass(cls):
            public = [n for n, v in names.items() if inspect.isclass(v)]
            raise UserError(f"no class '{class_name}' in the file", where=spec, fix=did_you_mean(class_name, public))
        base = self._base_class()
        if not issubclass(cls, base):
            raise UserError(
                f"'{class_name}' is no {self.singular}",
                where=spec,
                fix=f"make it a subclass of {self.base.replace(':', '.')}",
            )
        plugin: type[Any] = cls
        plugin.name = spec
        return plugin


def module_of_file(path: Path) -> ModuleType:
    """A Python file of the user's as a module, run once as long as it stays as it is."""
    name = f"semclip_user.{path.stem}_{abs(hash((str(path), path.read_bytes()))):x}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None and spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(sys.modules[name])
        except BaseException:
            del sys.modules[name]
            raise
    return sys.modules[name]


def _folder(package: str) -> Path:
    # find_spec on the package would import it; its parent is light, so resolve the folder by path.
    root = importlib.util.find_spec(package.partition(".")[0])
    assert root is not None and root.submodule_search_locations
    return Path(root.submodule_search_locations[0]).joinpath(*package.split(".")[1:])


#: Every family of plugins. `semclip list` shows these.
FAMILIES = {
    r.family: r
    for r in (
        Registry("objectives", ("semclip.objectives",), "semclip.objectives.base:Objective"),
        Registry(
            "benchmarks", ("semclip.evaluation.own", "semclip.evaluation.public"), "semclip.evaluation.base:Benchmark"
        ),
        Registry("readers", ("semclip.data.readers",), "semclip.data.readers.base:Reader"),
        Registry("steps", ("semclip.training.steps",), "semclip.training.steps.base:Step"),
        Registry("backends", ("semclip.models.backends",), "semclip.models.backends.base:Encoder"),
        Registry("exports", ("semclip.models.exports",), "semclip.models.exports.base:Export"),
        Registry("writers", ("semclip.captions.writers",), "semclip.captions.writers.base:Writer"),
        Registry("verifiers", ("semclip.captions.verifiers",), "semclip.captions.verifiers.base:Verifier"),
        Registry("rankers", ("semclip.search.rankers",), "semclip.search.rankers.base:Ranker"),
    )
}

#: Families of earlier versions, and where their plugins are now.
RENAMED = {"published": "benchmarks"}
