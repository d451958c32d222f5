"""`semclip evaluate`: what a model can do on a data file, with intervals, chance and blind baselines beside it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from semclip.cli._result_table import result_table
from semclip.core.errors import UserError, did_you_mean

if TYPE_CHECKING:
    from semclip.core.protocols import DualEncoder
    from semclip.data.load import DataConfig
    from semclip.evaluation import Benchmark, Sources
    from semclip.evaluation.base import Task
    from semclip.evaluation.metrics.result import Result


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
    from semclip.core.config import apply_overrides
    from semclip.evaluation import Benchmark, Sources, run_tasks
    from semclip.evaluation.contamination import training_data_of, with_overlap
    from semclip.evaluation.own import DataBenchmark

    wanted = _wanted(benchmarks, root)
    options = apply_overrides({}, option or ())
    for name in options:
        if name not in wanted:
            fix = did_you_mean(name, list(wanted))
            raise UserError(f"an option of '{name}', which is not run", where="--option", fix=fix)
    chosen = {name: Benchmark.create(name, options.get(name)) for name in wanted}
    sources = Sources(root=root, allow_missing=allow_missing)
    readers = [name for name, benchmark in chosen.items() if isinstance(benchmark, DataBenchmark)]
    may_go_without = len(readers) < len(chosen) and not any(wanted[name] for name in readers)
    if readers and (not may_go_without or data or _is_run(model)):
        sources = _with_data(sources, data_config(model, data, images), split)
    seen = [training_data_of(source) for source in trained_on or ()]
    place = find_device(device)

    from semclip.models.load import load
    from semclip.models.python_object import load_object

    encoder = load_object(model) if ".py:" in model else load(model)
    tasks, skipped = _tasks(encoder, chosen, wanted, sources)
    folder = out or (Path(model) / "results" if _is_run(model) else None)
    if folder:
        for task in tasks:
            _refuse_replacing(_file(folder, task.name), task.data)
    for source in seen:
        tasks = [with_overlap(task, source) for task in tasks]
    results = run_tasks(encoder, tasks, place, batch_size, model, progress=True, cache=cache)
    _show(model, results, skipped)
    _save(folder, results)


def _wanted(benchmarks: str, root: Path | None) -> dict[str, bool]:
    """The benchmarks that names, suites and `all` stand for -> whether one was named itself: that one must run."""
    from semclip.core.registry import FAMILIES
    from semclip.evaluation.suites import SUITES

    family = FAMILIES["benchmarks"]
    own, public = family.names("semclip.evaluation.own"), family.names("semclip.evaluation.public")
    found: dict[str, bool] = {}
    for part in (p.strip() for p in benchmarks.split(",") if p.strip()):
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


def _with_data(sources: "Sources", config: "DataConfig", split: str) -> "Sources":
    """With the examples of a data file."""
    from semclip.core.files import sha256_file
    from semclip.data.load import data_file, load_examples, select

    path = data_file(config)
    described = {"path": str(path), "split": split, "sha256": sha256_file(path) if path.is_file() else ""}
    return replace(sources, examples=select(load_examples(config), split), data=described)


def _tasks(
    encoder: "DualEncoder", chosen: Mapping[str, "Benchmark"], wanted: Mapping[str, bool], sources: "Sources"
) -> tuple[list["Task"], dict[str, str]]:
    """The benchmarks that can be run; those not named explicitly that cannot are left out with a message."""
    tasks, skipped = [], {}
    for name, benchmark in chosen.items():
        try:
            tasks.append(benchmark.task(encoder, sources))
        except UserError as error:
            if wanted[name]:
                raise
            skipped[name] = error.what
    if not tasks:
        reasons = "; ".join(f"{name}: {why}" for name, why in skipped.items())
        raise UserError("none of the benchmarks can run", where="--benchmarks", fix=reasons)
    return tasks, skipped


def _show(model: str, results: Mapping[str, "Result"], skipped: Mapping[str, str]) -> None:
    from rich.console import Console

    console = Console()
    console.print(result_table(model, results))
    for name, why in skipped.items():
        console.print(f"not run: {name}: {why}", markup=False, highlight=False)
    for name, result in results.items():
        for note in result.notes:
            console.print(f"{name}: {note}", markup=False, highlight=False, soft_wrap=True)


def _save(folder: Path | None, results: Mapping[str, "Result"]) -> None:
    if folder is None:
        typer.echo("not saved: give --out FOLDER to keep the results")
        return
    for name, result in results.items():
        result.save(_file(folder, name))
    typer.echo(f"saved: {len(results)} files in {folder}")


def _file(folder: Path, benchmark: str) -> Path:
    """`path/to/file.py:Class` is saved as `Class.json`."""
    return folder / f"{benchmark.rpartition(':')[2]}.json"


def _refuse_replacing(path: Path, described: Mapping[str, Any]) -> None:
    """Results on other data are never written over: a report would mix them unseen."""
    from semclip.evaluation.metrics.result import Result

    there = Result.load(path).data if path.exists() else described
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
