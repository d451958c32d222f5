"""`semclip evaluate`: what a model can do on a data file, with intervals, chance and blind baselines beside it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from semclip.core.errors import UserError

if TYPE_CHECKING:
    from rich.table import Table

    from semclip.core.example import Example
    from semclip.data.load import DataConfig
    from semclip.metrics.result import Metric, Result

#: A metric with more slices than this shows none in the terminal; the result file has them all.
_MOST_SLICES = 12


def command(
    model: Annotated[str, typer.Argument(help="A run folder, a saved model, or ARCHITECTURE/TAG of open_clip.")],
    data: Annotated[str, typer.Option(help="The data file. Default: the one a run was trained on.")] = "",
    images: Annotated[str, typer.Option(help="Folder that image names are relative to.")] = "",
    split: Annotated[str, typer.Option(help="Which examples: test, val, train or all.")] = "test",
    benchmarks: Annotated[str, typer.Option(help="Names with commas between, or all that the data can serve.")] = "all",
    out: Annotated[Path | None, typer.Option(help="Folder for result files. Default: RUN/results.")] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:1, ...; auto takes a GPU where there is one.")] = "auto",
    batch_size: Annotated[int, typer.Option(help="Images or texts encoded at a time.", min=1)] = 256,
) -> None:
    """Run benchmarks on a model: one result file each, and a table here."""
    from rich.console import Console

    from semclip.core.files import sha256_file
    from semclip.data.load import data_file, load_examples, select

    config = _data_config(model, data, images)
    examples = select(load_examples(config), split)
    names, skipped = _choose(benchmarks, examples)

    import torch

    from semclip.benchmarks import evaluate
    from semclip.models.load import load

    path = data_file(config)
    described = {"path": str(path), "split": split, "sha256": sha256_file(path) if path.is_file() else ""}
    folder = out or (Path(model) / "results" if _is_run(model) else None)
    if folder is not None:
        _refuse_replacing(folder, names, described)
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    results = evaluate(load(model), examples, names, described, _device(device), batch_size, model=model, progress=True)

    console = Console()
    console.print(result_table(model, results))
    for name, why in skipped.items():
        console.print(f"not run: {name}: {why}", markup=False, highlight=False)
    for name, result in results.items():
        for note in result.notes:
            console.print(f"{name}: {note}", markup=False, highlight=False)
    if folder is None:
        console.print("not saved: give --out FOLDER to keep the results")
        return
    for name, result in results.items():
        result.save(folder / f"{_file_name(name)}.json")
    console.print(f"saved: {len(results)} files in {folder}", markup=False, highlight=False)


def _refuse_replacing(folder: Path, names: Mapping[str, Any] | Sequence[str], described: Mapping[str, str]) -> None:
    """Results on other data are never written over: a report would mix them unseen."""
    from semclip.metrics.result import Result

    for name in names:
        path = folder / f"{_file_name(name)}.json"
        if not path.exists():
            continue
        there = Result.load(path).data
        if (there.get("sha256"), there.get("split")) != (described["sha256"], described["split"]):
            raise UserError(
                f"this would replace results on other data ({there.get('path')}, split {there.get('split')})",
                where=str(path),
                fix="give another folder: --out FOLDER",
            )


def result_table(title: str, results: Mapping[str, "Result"]) -> "Table":
    """One row per metric, slices of a primary metric above it, blind baselines beside it."""
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for column in ("benchmark", "metric", "value", "95 % interval", "chance", "n", "ties", "blind: words, texts"):
        table.add_column(column, justify="left" if column in ("benchmark", "metric") else "right")
    for name, result in results.items():
        blind = [m for m in result.metrics if m.kind == "baseline"]
        shown = name
        for metric in (m for m in result.metrics if m.kind == "model"):
            primary = metric.name == result.primary
            if primary and 1 < len(metric.per_slice) <= _MOST_SLICES:
                for slice_name, part in metric.per_slice.items():
                    beside = [b.per_slice[slice_name] for b in blind if slice_name in b.per_slice]
                    table.add_row(shown, f"  {slice_name}", *_cells(part), _blind(beside), style="dim")
                    shown = ""
            table.add_row(shown, metric.name, *_cells(metric), _blind(blind) if primary else "")
            shown = ""
        table.add_section()
    return table


def _cells(metric: "Metric") -> list[str]:
    interval = (
        f"{_number(metric, metric.interval[0])} to {_number(metric, metric.interval[1])}" if metric.interval else ""
    )
    chance = _number(metric, metric.chance) if metric.chance is not None else ""
    return [_number(metric, metric.value, unit=True), interval, chance, f"{metric.n:,}", f"{metric.ties:,}"]


def _number(metric: "Metric", value: float, unit: bool = False) -> str:
    if metric.unit == "share":
        return f"{100 * value:.1f}{' %' if unit else ''}"
    if metric.unit == "difference":
        return f"{100 * value:+.1f}{' points' if unit else ''}"
    return f"{value:.3f}"


def _blind(baselines: Sequence["Metric"]) -> str:
    return ", ".join(f"{100 * m.value:.1f}" for m in baselines)


def _data_config(model: str, data: str, images: str) -> "DataConfig":
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


def _choose(benchmarks: str, examples: Sequence["Example"]) -> tuple[list[str], dict[str, str]]:
    """The benchmarks to run, and why others are not: with `all`, those that lack a column are left out and shown."""
    from semclip.benchmarks import create
    from semclip.core.registry import FAMILIES

    if benchmarks != "all":
        return [name.strip() for name in benchmarks.split(",") if name.strip()], {}
    names, skipped = [], {}
    for name in FAMILIES["benchmarks"].names():
        try:
            create(name).usable(examples)
        except UserError as error:
            skipped[name] = error.what
        else:
            names.append(name)
    if not names:
        raise UserError("the data serve no benchmark", where=examples[0].where, fix="; ".join(skipped.values()))
    return names, skipped


def _device(name: str) -> Any:
    import torch

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
