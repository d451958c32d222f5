"""`semclip export`: a model as a folder that another library reads."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from semclip.models.exports.base import Exported


def command(
    model: Annotated[str, typer.Argument(help="A run, a saved model, ARCHITECTURE/TAG of open_clip, or hf:ID.")],
    to: Annotated[str, typer.Option(help="transformers, onnx, sentence-transformers or hub-folder.")],
    out: Annotated[Path | None, typer.Option(help="A new folder. Default: MODEL/exports/TO, or exports/TO.")] = None,
    int8: Annotated[bool, typer.Option("--int8", help="onnx: quantised towers too, and what that costs.")] = False,
) -> None:
    """Write a model for another library, compare the two, and describe it in a model card."""
    from semclip.api import export
    from semclip.core.console import make_console

    console = make_console()
    written = export(model, to, out, int8=int8)
    for sentence in written.said:
        console.print(sentence, soft_wrap=True, markup=False, highlight=False)
    if int8:
        _show_cost(console, model, written)
    console.print(
        f"{written.folder}: README.md is its model card; the licence is yours to fill in", soft_wrap=True, markup=False,
        highlight=False,
    )  # fmt: skip


def _show_cost(console: Any, model: str, written: "Exported") -> None:
    """What 8 bits cost on the benchmarks and the test split that the run was measured on."""
    from rich.table import Table

    from semclip.core.config import load_config
    from semclip.evaluation.base import Sources
    from semclip.evaluation.run import RunOptions, run_tasks
    from semclip.evaluation.selection import is_run, select_benchmarks, select_tasks, with_data
    from semclip.models.exports._onnx_folder import OnnxEncoder
    from semclip.models.load import load

    if not is_run(model):
        console.print("what 8 bits cost on benchmarks: not measured, since this is no run with data of its own")
        return
    config = load_config(Path(model) / "config.yaml")
    selection = select_benchmarks((config.get("evaluate") or {}).get("benchmarks") or ["all"], None)
    encoder = load(model)
    sources = with_data(Sources(), selection, model, "", "", "test")
    columns = []
    for variant in ("", ".int8"):
        measured = OnnxEncoder(encoder, written.folder, variant)
        tasks, _ = select_tasks(measured, selection, sources)
        columns.append(run_tasks(measured, tasks, RunOptions(identify=False)))
    table = Table(box=None, title="On the run's own test split", title_justify="left")
    for head in ("metric", "exact", "int8", "n"):
        table.add_column(head, justify="left" if head == "metric" else "right")
    for name, exact in columns[0].items():
        before, after = (results[name].metric(exact.primary) for results in columns)
        table.add_row(f"{name}.{before.name}", f"{before.value:.4f}", f"{after.value:.4f}", f"{before.n:,}")
    console.print(table)
