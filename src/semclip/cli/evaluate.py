"""`semclip evaluate`: what a model can do on a data file, with intervals, chance and blind baselines beside it."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from semclip.cli._options import names
from semclip.cli._result_table import result_table
from semclip.core.errors import UserError

if TYPE_CHECKING:
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
    from semclip.api import load
    from semclip.core.config import apply_overrides
    from semclip.evaluation import Sources, run_tasks
    from semclip.evaluation.contamination import training_data_of, with_overlap
    from semclip.evaluation.selection import is_run, select_benchmarks, select_tasks, with_data
    from semclip.models.device import find_device

    selection = select_benchmarks(names(benchmarks), root, apply_overrides({}, option or ()))
    sources = with_data(Sources(root=root, allow_missing=allow_missing), selection, model, data, images, split)
    seen = [training_data_of(source) for source in trained_on or ()]
    place = find_device(device)
    encoder = load(model, device)
    tasks, skipped = select_tasks(encoder, selection, sources)
    folder = out or (Path(model) / "results" if is_run(model) else None)
    if folder:
        for task in tasks:
            _refuse_replacing(_file(folder, task.name), task.data)
    for source in seen:
        tasks = [with_overlap(task, source) for task in tasks]
    results = run_tasks(encoder, tasks, place, batch_size, model, progress=True, cache=cache)
    _show(model, results, skipped)
    _save(folder, results)


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
