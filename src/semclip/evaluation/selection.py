"""Which benchmarks are run on a model, and on which data: the names and the data file that a user gives, understood."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from semclip.core.config import load_config, parse
from semclip.core.errors import UserError, did_you_mean
from semclip.core.files import sha256_file
from semclip.core.protocols import DualEncoder
from semclip.core.registry import FAMILIES
from semclip.core.run_record import read_record
from semclip.data.load import DataConfig, data_file, load_examples, select
from semclip.evaluation.base import Benchmark, Sources, Task
from semclip.evaluation.own.base import DataBenchmark
from semclip.evaluation.suites import SUITES


@dataclass(frozen=True)
class Selection:
    """benchmarks: in the order they were named. named: those that were named themselves, and must run."""

    benchmarks: Mapping[str, Benchmark]
    named: frozenset[str]

    @property
    def asks_for_data(self) -> bool:
        """Whether a data file must be there: one of its benchmarks was named, or there are no others."""
        readers = self.data_benchmarks
        return bool(readers) and (len(readers) == len(self.benchmarks) or not self.named.isdisjoint(readers))

    @property
    def data_benchmarks(self) -> list[str]:
        """Those that read a data file."""
        return [name for name, benchmark in self.benchmarks.items() if isinstance(benchmark, DataBenchmark)]


def select_benchmarks(
    names: Iterable[str], root: Path | None, options: Mapping[str, Mapping[str, Any]] | None = None
) -> Selection:
    """The benchmarks that names, suites and `all` stand for. options: of benchmarks, by name.

    Raises UserError for unknown names and options, and for a public benchmark without the folder it is read from.
    """
    wanted = _wanted(names, root)
    given = options or {}
    for name in given:
        if name not in wanted:
            fix = did_you_mean(name, list(wanted))
            raise UserError(f"an option of '{name}', which is not run", where="--option", fix=fix)
    chosen = {name: Benchmark.create(name, given.get(name)) for name in wanted}
    return Selection(chosen, frozenset(name for name, by_itself in wanted.items() if by_itself))


def with_data(sources: Sources, selection: Selection, model: str, data: str, images: str, split: str) -> Sources:
    """With the examples of a data file, where one is given, needed, or known from the run that `model` is."""
    if not selection.data_benchmarks or not (selection.asks_for_data or data or is_run(model)):
        return sources
    config = data_config(model, data, images)
    path = data_file(config)
    described = {"path": str(path), "split": split, "sha256": sha256_file(path) if path.is_file() else ""}
    return replace(sources, examples=select(load_examples(config), split), data=described)


def select_tasks(
    encoder: DualEncoder, selection: Selection, sources: Sources
) -> tuple[Sequence[Task], Mapping[str, str]]:
    """The benchmarks that can be run; of those not named themselves that cannot: name -> why.

    Raises UserError where a named one cannot run, and where none can.
    """
    tasks, left_out = [], {}
    for name, benchmark in selection.benchmarks.items():
        try:
            tasks.append(benchmark.task(encoder, sources))
        except UserError as error:
            if name in selection.named:
                raise
            left_out[name] = error.what
    if not tasks:
        reasons = "; ".join(f"{name}: {why}" for name, why in left_out.items())
        raise UserError("none of the benchmarks can run", where="--benchmarks", fix=reasons)
    return tasks, left_out


def data_config(model: str, data: str, images: str) -> DataConfig:
    """The data file that was given, else the one that the run `model` was trained on. Raises UserError for neither."""
    if data:
        return DataConfig(path=data, images=images)
    if not is_run(model):
        raise UserError("which data?", where=f"'{model}' is no run folder", fix="give --data FILE")
    path = Path(model) / "config.yaml"
    section: Any = load_config(path).get("data")
    if not isinstance(section, dict):
        raise UserError("the run's config has no section 'data'", where=str(path), fix="give --data FILE")
    config = parse(DataConfig, {**section, **({"images": images} if images else {})}, where=str(path))
    return _found(config, Path(model))


def is_run(model: str) -> bool:
    """Whether a model's name is that of a run folder."""
    return (Path(model) / "config.yaml").is_file() and (Path(model) / "model").is_dir()


def _found(config: DataConfig, run: Path) -> DataConfig:
    """With a `root` from which the data file is there: the run was trained in another folder than this one.

    Looked for are the folder of the training, which run.json names, and the folders above the run. Where run.json has
    the file's hash, only a file of that content is it. Raises UserError that lists the places.
    """
    path = data_file(config)
    if path.is_absolute() or path.exists() or "{" in str(path):
        return config
    info = read_record(run / "run.json") if (run / "run.json").is_file() else {}
    info = info if isinstance(info, Mapping) else {}
    hashes: Any = info.get("data_sha256")
    wanted = hashes.get(path.name) if isinstance(hashes, Mapping) else None
    trained_in = [Path(info["folder"])] if isinstance(info.get("folder"), str) else []
    places = list(dict.fromkeys([*trained_in, *run.resolve().parents]))
    for place in places:
        found = place / path
        if found.exists() and (not wanted or not found.is_file() or sha256_file(found) == wanted):
            return replace(config, root=str(place / Path(config.root).expanduser()))
    raise UserError(
        f"the data of the run, '{path}', is not here, nor below {', '.join(map(str, places[:3]))}"
        + (" with the content that it was trained on" if wanted else ""),
        where=str(run / "config.yaml"),
        fix="give --data FILE, and --images FOLDER where its images lie elsewhere",
    )


def _wanted(names: Iterable[str], root: Path | None) -> dict[str, bool]:
    """Name -> whether it was named itself."""
    family = FAMILIES["benchmarks"]
    own, public = family.names("semclip.evaluation.own"), family.names("semclip.evaluation.public")
    found: dict[str, bool] = {}
    for part in names:
        together = (*own, *(public if root else ())) if part == "all" else SUITES.get(part, ())
        for name in together or (part,):
            if name not in (*own, *public) and ".py:" not in name:
                fix = did_you_mean(name, (*own, *public, *SUITES))
                raise UserError(f"unknown benchmark '{name}'", where="--benchmarks", fix=fix)
            if name in public and root is None:
                raise UserError(
                    f"'{name}' is a public benchmark, read from a folder of yours",
                    where="--benchmarks",
                    fix="give --root DIR; `semclip benchmarks check DIR` shows what is in it",
                )
            found[name] = not together or found.get(name, False)
    if not found:
        raise UserError("no benchmark was named", where="--benchmarks", fix="`semclip list benchmarks` shows all")
    return found
