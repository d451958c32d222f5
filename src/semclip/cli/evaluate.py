"""`semclip evaluate`: what a model can do on a data file, with intervals, chance and blind baselines beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from semclip.cli._result_table import result_table
from semclip.core.errors import UserError, did_you_mean

if TYPE_CHECKING:
    from semclip.core.example import Example
    from semclip.core.protocols import DualEncoder
    from semclip.data.load import DataConfig
    from semclip.evaluation.contamination import Seen
    from semclip.evaluation.own import Task


def command(
    model: Annotated[
        str, typer.Argument(help="A run, a saved model, ARCHITECTURE/TAG of open_clip, hf:ID, or FILE.py:NAME.")
    ],
    data: Annotated[str, typer.Option(help="The data file. Default: the one a run was trained on.")] = "",
    images: Annotated[str, typer.Option(help="Folder that image names are relative to.")] = "",
    split: Annotated[str, typer.Option(help="Which examples: test, val, train or all.")] = "test",
    benchmarks: Annotated[
        str, typer.Option(help="Names or suites with commas between, or all that the data and the root can serve.")
    ] = "all",
    root: Annotated[Path | None, typer.Option(help="Folder of public benchmarks: ROOT/NAME and their images.")] = None,
    allow_missing: Annotated[bool, typer.Option(help="Leave out public items whose images are not there.")] = False,
    option: Annotated[
        list[str] | None, typer.Option(help="BENCHMARK.KEY=VALUE, such as valse_existence.piece=plurals.")
    ] = None,
    trained_on: Annotated[
        list[Path] | None,
        typer.Option(
            help="What the model has seen: a run, or a file of image names, sha256 and texts. May be repeated."
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for result files. Default: RUN/results.")] = None,
    cache: Annotated[Path | None, typer.Option(help="Folder that keeps embeddings for later. Default: none.")] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:1, ...; auto takes a GPU where there is one.")] = "auto",
    batch_size: Annotated[int, typer.Option(help="Images or texts encoded at a time.", min=1)] = 256,
) -> None:
    """Run benchmarks on a model: one result file each, and a table here."""
    from rich.console import Console

    from semclip.core.config import apply_overrides

    wanted = _wanted(benchmarks, root)
    options = apply_overrides({}, option or ())
    _refuse_options_of_none(options, wanted)
    skipped: dict[str, str] = {}
    own, public = [w for w in wanted if not w.public], [w for w in wanted if w.public]
    source = _source(model, data, images, split, own, bool(public), skipped)
    seen = _seen(trained_on or ())

    from semclip.evaluation.own import run_tasks

    place = find_device(device)
    encoder = _encoder(model)
    tasks = [
        *_own_tasks(encoder, own, source, options, model, skipped),
        *_public_tasks(encoder, public, root, options, allow_missing, skipped),
    ]
    if not tasks:
        reasons = "; ".join(f"{name}: {why}" for name, why in skipped.items())
        raise UserError("none of the benchmarks can run", where="--benchmarks", fix=reasons)
    folder = out or (Path(model) / "results" if _is_run(model) else None)
    if folder is not None:
        for task in tasks:
            _refuse_replacing(folder, [task.name], task.data)
    tasks = _disclosing(tasks, seen)
    results = run_tasks(encoder, tasks, place, batch_size, model, progress=True, cache=cache)

    console = Console()
    console.print(result_table(model, results))
    for name, why in skipped.items():
        console.print(f"not run: {name}: {why}", markup=False, highlight=False)
    for name, result in results.items():
        for note in result.notes:
            console.print(f"{name}: {note}", markup=False, highlight=False, soft_wrap=True)
    if folder is None:
        console.print("not saved: give --out FOLDER to keep the results")
        return
    for name, result in results.items():
        result.save(folder / f"{_file_name(name)}.json")
    console.print(f"saved: {len(results)} files in {folder}", markup=False, highlight=False)


def _encoder(model: str) -> "DualEncoder":
    from semclip.models.load import load
    from semclip.models.python_object import load_object

    return load_object(model) if ".py:" in model else load(model)


@dataclass(frozen=True)
class _Wanted:
    """A benchmark to run. public: read from the root. must: asked for by name, so it may not be left out."""

    name: str
    public: bool
    must: bool


@dataclass(frozen=True)
class _Source:
    """The examples of the data file, and what results say of it."""

    examples: Sequence["Example"]
    described: Mapping[str, str]


def _wanted(benchmarks: str, root: Path | None) -> list[_Wanted]:
    """The benchmarks that names, suites and `all` stand for, each once."""
    from semclip.core.registry import FAMILIES
    from semclip.evaluation.suites import SUITES

    own, public = FAMILIES["benchmarks"].names(), FAMILIES["published"].names()
    found: dict[str, _Wanted] = {}
    for part in (p.strip() for p in benchmarks.split(",") if p.strip()):
        together = (*own, *(public if root else ())) if part == "all" else SUITES.get(part, ())
        for name in together or (part,):
            if name not in (*own, *public) and ".py:" not in name:
                fix = did_you_mean(name, (*own, *public, *SUITES))
                raise UserError(f"unknown benchmark '{name}'", where="--benchmarks", fix=fix)
            must = not together or (name in found and found[name].must)
            found[name] = _Wanted(name, name in public, must)
    if not found:
        raise UserError("no benchmark was named", where="--benchmarks", fix="`semclip list benchmarks` shows all")
    lacking = [w.name for w in found.values() if w.public]
    if lacking and root is None:
        raise UserError(
            f"'{lacking[0]}' is a public benchmark, read from a folder of yours",
            where="--benchmarks",
            fix="give --root DIR; `semclip benchmarks check DIR` shows what is in it",
        )
    return list(found.values())


def _refuse_options_of_none(options: Mapping[str, Any], wanted: Sequence[_Wanted]) -> None:
    names = [w.name for w in wanted]
    for name in options:
        if name not in names:
            raise UserError(f"an option of '{name}', which is not run", where="--option", fix=did_you_mean(name, names))


def _source(
    model: str, data: str, images: str, split: str, own: Sequence[_Wanted], others: bool, skipped: dict[str, str]
) -> _Source:
    """The examples that the data file's benchmarks read; none where only public benchmarks can run."""
    from semclip.core.files import sha256_file
    from semclip.data.load import data_file, load_examples, select

    if not own:
        return _Source((), {})
    if others and not data and not _is_run(model) and not any(w.must for w in own):
        skipped.update({w.name: "no data file: give --data FILE" for w in own})
        return _Source((), {})
    config = data_config(model, data, images)
    examples = select(load_examples(config), split)
    path = data_file(config)
    described = {"path": str(path), "split": split, "sha256": sha256_file(path) if path.is_file() else ""}
    return _Source(examples, described)


def _own_tasks(
    encoder: Any,
    own: Sequence[_Wanted],
    source: _Source,
    options: Mapping[str, Any],
    model: str,
    skipped: dict[str, str],
) -> list["Task"]:
    """Benchmarks of the data file; those not asked for by name are left out, and said, where it cannot serve them."""
    from semclip.evaluation.own import create, tasks

    ready = {}
    for w in own if source.examples else ():
        benchmark = create(w.name, options.get(w.name))
        try:
            benchmark.usable(source.examples)
            why = benchmark.why_not(encoder)
        except UserError as error:
            if w.must:
                raise
            why = error.what
        if why and not w.must:
            skipped[w.name] = why
        else:
            ready[w.name] = options.get(w.name) or {}
    return tasks(encoder, source.examples, ready, source.described, model) if ready else []


def _public_tasks(
    encoder: Any,
    public: Sequence[_Wanted],
    root: Path | None,
    options: Mapping[str, Any],
    allow_missing: bool,
    skipped: dict[str, str],
) -> list["Task"]:
    """Public benchmarks; those not asked for by name are left out, and said, where the root cannot serve them."""
    from semclip.evaluation.public._run import published_task

    found = []
    for w in public if root else ():
        assert root is not None
        try:
            found.append(published_task(encoder, w.name, options.get(w.name) or {}, root, allow_missing))
        except UserError as error:
            if w.must:
                raise
            skipped[w.name] = error.what
    return found


def _seen(sources: Sequence[Path]) -> list["Seen"]:
    """Read before the model is loaded, so that a wrong path is told at once."""
    from semclip.evaluation.contamination import seen_by

    return [seen_by(source) for source in sources]


def _disclosing(tasks: Sequence["Task"], seen: Sequence["Seen"]) -> list["Task"]:
    """The tasks, whose results say what of them stands in each of the sources."""
    from semclip.evaluation.contamination import disclosing

    found = list(tasks)
    for source in seen:
        found = [disclosing(task, source) for task in found]
    return found


def _refuse_replacing(folder: Path, names: Sequence[str], described: Mapping[str, Any]) -> None:
    """Results on other data are never written over: a report would mix them unseen."""
    from semclip.evaluation.metrics.result import Result

    for name in names:
        path = folder / f"{_file_name(name)}.json"
        if not path.exists():
            continue
        there = Result.load(path).data
        if _identity(there) != _identity(described):
            of = f", split {there['split']}" if there.get("split") else ""
            raise UserError(
                f"this would replace results on other data ({there.get('path')}{of})",
                where=str(path),
                fix="give another folder: --out FOLDER",
            )


def _identity(data: Mapping[str, Any]) -> tuple[Any, ...]:
    """What makes data the same: contents, split, and which items are read; not where the files lie."""
    files = {path: file["sha256"] for path, file in (data.get("files") or {}).items()}
    asked = (data.get("options") or {}, bool(data.get("allow_missing")))
    return data.get("sha256"), data.get("split"), files, *asked


def data_config(model: str, data: str, images: str) -> "DataConfig":
    from semclip.core.config import load_config, parse
    from semclip.data.load import DataConfig

    if data:
        return DataConfig(path=data, images=images)
    if not _is_run(model):
        raise UserError("which data?", where=f"'{model}' is no run folder", fix="give --data FILE")
    path = Path(model) / "config.yaml"
    section: Any = load_config(path).get("data")
    if not isinstance(section, dict):
        raise UserError("the run's config has no section 'data'", where=str(path), fix="give --data FILE")
    return parse(DataConfig, {**section, **({"images": images} if images else {})}, where=str(path))


def _is_run(model: str) -> bool:
    return (Path(model) / "config.yaml").is_file() and (Path(model) / "model").is_dir()


def find_device(name: str) -> Any:
    import torch

    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise UserError(f"no device is called '{name}'", where="--device", fix="use cpu, cuda or cuda:1") from error
    if device.type == "cuda" and not torch.cuda.is_available():
        raise UserError("this machine has no GPU that torch can use", where="--device", fix="use --device cpu")
    return device


def _file_name(benchmark: str) -> str:
    """`path/to/file.py:Class` is saved as `Class.json`."""
    return benchmark.rpartition(":")[2]
