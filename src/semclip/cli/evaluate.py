"""`semclip evaluate`: what models can do on a data file, with intervals, chance and blind baselines beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from semclip.cli import _evaluations
from semclip.cli._options import names
from semclip.cli._result_table import result_table
from semclip.core.counts import counted
from semclip.core.errors import UserError

if TYPE_CHECKING:
    from semclip.evaluation import RunOptions, Sources
    from semclip.evaluation.contamination import TrainingData
    from semclip.evaluation.metrics.result import Result
    from semclip.evaluation.selection import Selection

_NOT_SAVED = "not saved: give --out FOLDER to keep the results"


def command(
    models: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="MODEL...",
            help="Runs, saved models, ARCHITECTURE/TAG of open_clip, ARCHITECTURE/FILE, hf:ID, or FILE.py:NAME.",
        ),
    ] = None,
    listed: Annotated[Path | None, typer.Option("--models", help="A file with more models, one a line.")] = None,
    data: Annotated[str, typer.Option(help="The data file. Default: the one a run was trained on.")] = "",
    images: Annotated[str, typer.Option(help="Folder that image names are relative to.")] = "",
    split: Annotated[str, typer.Option(help="Which examples: test, val, train or all.")] = "test",
    benchmarks: Annotated[
        str, typer.Option(help="Names or suites with commas between, or all that the data and the root can serve.")
    ] = "all",
    root: Annotated[Path | None, typer.Option(help="Folder of public benchmarks: ROOT/NAME and their images.")] = None,
    allow_missing: Annotated[bool, typer.Option(help="Leave out public items whose images are not there.")] = False,
    limit: Annotated[
        int, typer.Option(help="Score only so many items of each benchmark, drawn at random; 0: all.", min=0)
    ] = 0,
    option: Annotated[
        list[str] | None, typer.Option(help="BENCHMARK.KEY=VALUE, such as valse_existence.piece=plurals.")
    ] = None,
    trained_on: Annotated[
        list[Path] | None,
        typer.Option(
            help="What the model has seen: a run, or a file of image names, sha256 and texts. May be repeated."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for result files; of several models, OUT/MODEL/results. Default: RUN/results."),
    ] = None,
    skip_existing: Annotated[bool, typer.Option(help="Leave out what stands in the folder already.")] = False,
    cache: Annotated[Path | None, typer.Option(help="Folder that keeps embeddings for later. Default: none.")] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:1, ...; auto takes a GPU where there is one.")] = "auto",
    precision: Annotated[
        str, typer.Option(help="In which the towers compute: float32, bfloat16 or float16. Default: the model's own.")
    ] = "",
    batch_size: Annotated[int, typer.Option(help="Images or texts encoded at a time.", min=1)] = 256,
) -> None:
    """Run benchmarks on models: one result file each, written as it ends, and a table here."""
    from semclip.core.config import apply_overrides
    from semclip.evaluation import RunOptions, Sources
    from semclip.evaluation.contamination import training_data_of
    from semclip.evaluation.selection import select_benchmarks, with_data
    from semclip.models.device import find_device

    named = _evaluations.named_models(models or (), listed)
    selection = select_benchmarks(names(benchmarks), root, apply_overrides({}, option or ()))
    folders = _evaluations.result_folders(named, out)
    plain = Sources(root=root, allow_missing=allow_missing, limit=limit)
    call = _Call(
        selection=selection,
        sources={model: with_data(plain, selection, model, data, images, split) for model in named},
        seen=[training_data_of(source) for source in trained_on or ()],
        options=RunOptions(
            device=find_device(device),
            precision=_evaluations.precision_of(precision),
            batch_size=batch_size,
            cache=cache,
            progress=True,
        ),
        skip_existing=skip_existing,
    )
    failed: list[tuple[str, UserError]] = []
    for model in named:
        try:
            failed += _evaluate(model, folders[model], call)
        except UserError as error:
            if len(named) == 1:
                raise
            failed.append((model, error))
    _tell_failures(failed)


@dataclass(frozen=True, kw_only=True)
class _Call:
    """What all models of a call have in common. sources: by model, since a run brings data of its own."""

    selection: "Selection"
    sources: Mapping[str, "Sources"]
    seen: Sequence["TrainingData"]
    options: "RunOptions"
    skip_existing: bool


def _evaluate(model: str, folder: Path | None, call: _Call) -> list[tuple[str, UserError]]:
    """Run, save and show the benchmarks of one model; what failed, and why."""
    from semclip.api import load
    from semclip.evaluation import run_each
    from semclip.evaluation.contamination import with_overlap
    from semclip.evaluation.identify import identified_model, with_identity
    from semclip.evaluation.selection import select_tasks

    encoder: Any = load(model)
    chosen, left_out = select_tasks(encoder, call.selection, call.sources[model])
    skipped = dict(left_out)
    tasks = [with_identity(task) for task in chosen]
    if folder:
        said = encoder.description() if hasattr(encoder, "description") else {}
        who = {**said, **identified_model(encoder), "precision": call.options.precision}
        there = [
            t for t in tasks if _evaluations.stands_already(_evaluations.result_file(folder, t.name), t, model, who)
        ]
        if call.skip_existing:
            skipped |= {task.name: f"stands in {folder} already" for task in there}
            tasks = [task for task in tasks if task not in there]
    for source in call.seen:
        tasks = [with_overlap(task, source) for task in tasks]
    results: dict[str, Result] = {}
    failed: list[tuple[str, UserError]] = []
    for task, result in run_each(encoder, tasks, replace(call.options, model=model)):
        if isinstance(result, UserError):
            if len(tasks) == 1:
                raise result
            failed.append((f"{model}: {task.name}", result))
            continue
        results[task.name] = result
        if folder:
            result.save(_evaluations.result_file(folder, task.name))
    _show(model, results, skipped)
    typer.echo(f"saved: {counted(len(results), 'file')} in {folder}" if folder else _NOT_SAVED)
    return failed


def _show(model: str, results: Mapping[str, "Result"], skipped: Mapping[str, str]) -> None:
    from semclip.core.console import make_console

    console = make_console()
    if results:
        console.print(result_table(model, results))
    for name, why in skipped.items():
        console.print(f"not run: {name}: {why}", markup=False, highlight=False, soft_wrap=True)
    # What is said of every result is said once.
    first = next(iter(results.values())).notes if len(results) > 1 else ()
    everywhere = [note for note in first if all(note in result.notes for result in results.values())]
    for note in everywhere:
        console.print(f"{model}: {note}", markup=False, highlight=False, soft_wrap=True)
    for name, result in results.items():
        for note in (n for n in result.notes if n not in everywhere):
            console.print(f"{name}: {note}", markup=False, highlight=False, soft_wrap=True)


def _tell_failures(failed: Sequence[tuple[str, UserError]]) -> None:
    """List what failed, at the end, and end as a failure; all that did not fail is saved."""
    if not failed:
        return
    for name, error in failed:
        typer.echo(f"failed: {name}: {error.what} ({error.where}); {error.fix}")
    raise UserError(
        f"{len(failed)} of the evaluations failed: {', '.join(name for name, _ in failed)}",
        where="semclip evaluate",
        fix=f"{failed[0][1].fix}; the others are done: run the same command again with --skip-existing",
    )
