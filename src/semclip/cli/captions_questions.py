"""`semclip captions questions`: multiple-choice questions about photos, and what they give away to who sees none."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from semclip.cli._options import Columns, Images, Split, parse_columns
from semclip.core.errors import UserError

if TYPE_CHECKING:
    from rich.console import Console

    from semclip.captions.questions import PhotoQuestion


def command(
    data: Annotated[str, typer.Argument(help="photos with a column `objects`, or with three captions or more each")],
    out: Annotated[Path, typer.Option(help="the CSV file to write, in NegBench's columns")],
    images: Images = "",
    columns: Columns = "",
    split: Split = "all",
    n: Annotated[int, typer.Option(help="at most so many questions; 0: as many as come out", min=0)] = 0,
    seed: Annotated[int, typer.Option(help="equal seed and data give equal bytes")] = 0,
) -> None:
    """Write questions of four statements about a photo, one of them true: affirmations, negations, hybrids."""
    from semclip.captions.questions import OPTIONS, photo_questions, write_questions
    from semclip.captions.rows import read_input
    from semclip.cli._captions_show import show_left_out
    from semclip.core.console import make_console
    from semclip.data.load import DataConfig, select

    if out.suffix.lower() != ".csv":
        raise UserError("questions are written as CSV", where=str(out), fix=f"--out {out.with_suffix('.csv')}")
    if out.exists() and out.resolve() == Path(data).resolve():
        raise UserError("the output is the input", where=str(out), fix="name another --out")
    if 0 < n < OPTIONS:
        raise UserError(f"{n} questions", where="--n", fix=f"give {OPTIONS} or more: questions come in fours")
    console = make_console()
    given = read_input(DataConfig(path=data, images=images, columns=parse_columns(columns), seed=seed))
    questions = photo_questions(select(given.examples, split), seed, n)
    write_questions(out, questions)
    _show_counts(console, questions)
    _show_blind(console, questions)
    show_left_out(given.left_out, out, console)
    elsewhere = images or ("" if out.resolve().parent == Path(data).resolve().parent else str(Path(data).parent))
    options = ["--data", str(out), *(["--images", elsewhere] if elsewhere else []), "--benchmarks", "multiple_choice"]
    console.print(f"{out}: {len(questions):,} questions", soft_wrap=True, markup=False, highlight=False)
    console.print(f"semclip evaluate MODEL {shlex.join(options)}", soft_wrap=True, markup=False, highlight=False)


def _show_counts(console: "Console", questions: "list[PhotoQuestion]") -> None:
    from collections import Counter

    from rich.table import Table

    table = Table("the true statement is", "questions", title="questions")
    for kind, count in sorted(Counter(q.kind for q in questions).items()):
        table.add_row(kind, f"{count:,}")
    for place, count in sorted(Counter(q.answer for q in questions).items()):
        table.add_row(f"at place {place}", f"{count:,}")
    console.print(table)


def _show_blind(console: "Console", questions: "list[PhotoQuestion]") -> None:
    from rich.table import Table

    from semclip.evaluation.choices import Question
    from semclip.evaluation.own.multiple_choice import blind_baselines

    asked = [Question(str(i), q.image, q.options, q.answer, q.kind, q.four) for i, q in enumerate(questions)]
    table = Table("without the photo", "right", "95 % interval", title="what the texts give away; chance is 25 %")
    for metric in blind_baselines(asked):
        low, high = metric.interval or (metric.value, metric.value)
        table.add_row(metric.description, f"{metric.value:.1%}", f"{low:.1%} to {high:.1%}")
    console.print(table)
