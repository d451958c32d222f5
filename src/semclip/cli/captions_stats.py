"""`semclip captions stats`: what written views are like, and whether their words give them away."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from semclip.cli._options import Split
from semclip.core.errors import UserError

if TYPE_CHECKING:
    from rich.console import Console

    from semclip.captions.stats import Told, ViewStats

_MOST_KINDS = 12  # in the table; further ones in one line


def command(
    data: Annotated[str, typer.Argument(help="what `semclip captions write` wrote")],
    split: Split = "all",
    most: Annotated[int, typer.Option(help="captions that the bag-of-words classifier reads")] = 5000,
    json: Annotated[Path | None, typer.Option(help="save the numbers as well")] = None,
) -> None:
    """Count kinds, lengths, duplicates and negation words; see how well a bag of words tells the views apart."""
    from rich.console import Console

    from semclip.captions.stats import PAIRS, told_apart, view_stats, written
    from semclip.core.files import write_json
    from semclip.data.load import DataConfig, load_examples, select

    console = Console()
    examples = select(load_examples(DataConfig(path=data)), split)
    texts = written(examples)
    stats = view_stats(texts)
    if not stats:
        raise UserError("no written text", where=data, fix="name what `semclip captions write` wrote")
    _show_views(console, stats)
    found = [told for first, second in PAIRS if (told := told_apart(texts, first, second, most))]
    _show_told(console, found)
    if json:
        write_json(json, {"views": {view: vars(s) for view, s in stats.items()}, "told": [_as_json(t) for t in found]})


def _show_views(console: "Console", stats: "dict[str, ViewStats]") -> None:
    from collections import Counter

    from rich.table import Table

    table = Table("", *stats, title="texts")
    for head, cells in (
        ("texts", [f"{s.texts:,}" for s in stats.values()]),
        ("words (of their captions)", [f"{s.words:.1f} ({s.caption_words:.1f})" for s in stats.values()]),
        ("words changed, mean", [f"{s.changed:.0%}" for s in stats.values()]),
        ("given more than once", [f"{s.doubles:,}" for s in stats.values()]),
        ("equal to their caption", [f"{s.equal:,}" for s in stats.values()]),
        ("with a negation word", [f"{s.with_negation / s.texts:.1%}" for s in stats.values()]),
    ):
        table.add_row(head, *cells)
    console.print(table)
    table = Table("view", "kind", "texts", "share", title="kinds")
    for view, own in stats.items():
        for kind, count in own.kinds.most_common(_MOST_KINDS):
            table.add_row(view, kind or "not recorded", f"{count:,}", f"{count / own.texts:.1%}")
        if rest := own.kinds.most_common()[_MOST_KINDS:]:
            count = sum(count for _, count in rest)
            table.add_row(view, f"{len(rest):,} further kinds", f"{count:,}", f"{count / own.texts:.1%}")
    console.print(table)
    table = Table("negation word", *(f"{view}, share of texts" for view in stats), title="negation words")
    for word, _ in sum((own.negation_words for own in stats.values()), Counter[str]()).most_common():
        table.add_row(word, *(f"{own.negation_words[word] / own.texts:.1%}" for own in stats.values()))
    console.print(table)


def _show_told(console: "Console", found: "list[Told]") -> None:
    from rich.table import Table

    from semclip.evaluation.metrics.intervals import share_interval

    table = Table(
        "", "accuracy", "texts", "words that tell most",
        title="what a bag of words tells apart; chance is 50 %",
        caption="cross-validated by group, one text of each per caption; + speaks for the second, - for the first",
    )  # fmt: skip
    for told in found:
        low, high = share_interval(told.right, told.groups)
        table.add_row(
            f"{told.first}, {told.second}", f"{told.right.mean():.1%}\n({low:.1%} to {high:.1%})",
            f"{len(told.right):,}", " ".join(told.telling),
        )  # fmt: skip
    if found:
        console.print(table)
    else:
        console.print("fewer than ten captions have two views: nothing to tell apart")


def _as_json(told: "Told") -> dict[str, object]:
    from semclip.evaluation.metrics.intervals import share_interval

    return {
        "first": told.first, "second": told.second, "accuracy": float(told.right.mean()), "chance": 0.5,
        "interval": list(share_interval(told.right, told.groups)), "texts": len(told.right),
        "telling": list(told.telling),
    }  # fmt: skip
