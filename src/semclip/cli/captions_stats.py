"""`semclip captions stats`: statistics of written views, and whether their words give them away."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from semclip.cli._options import Split
from semclip.core.errors import UserError

if TYPE_CHECKING:
    from rich.console import Console

    from semclip.captions.stats import Separability, ViewStats

_MAX_KINDS = 12  # in the table; further ones in one line


def command(
    data: Annotated[str, typer.Argument(help="what `semclip captions write` wrote")],
    split: Split = "all",
    max_captions: Annotated[int, typer.Option(min=10, help="captions that the bag-of-words classifier reads")] = 5000,
    json: Annotated[Path | None, typer.Option(help="save the numbers as well")] = None,
) -> None:
    """Count kinds, lengths, duplicates and negation words; measure how well a bag of words tells the views apart."""
    from semclip.captions.config import COLUMNS
    from semclip.captions.stats import PAIRS, measure_separability, view_stats, written
    from semclip.core.console import make_console
    from semclip.core.files import write_json
    from semclip.data.load import DataConfig, load_examples, select

    console = make_console()
    examples = select(load_examples(DataConfig(path=data)), split)
    texts = written(examples)
    stats = view_stats(texts)
    if not stats:
        refused = any(f"{view}_refused" in example.meta for example in examples for view in COLUMNS)
        fix = "see its columns VIEW_refused" if refused else "name what `semclip captions write` wrote"
        raise UserError("no written text", where=data, fix=fix)
    _show_views(console, stats)
    found = [pair for first, second in PAIRS if (pair := measure_separability(texts, first, second, max_captions))]
    _show_separability(console, found)
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
        ("longer than its caption", [f"{s.longer:.1%}" for s in stats.values()]),
        ("given more than once", [f"{s.doubles:,}" for s in stats.values()]),
        ("equal to their caption", [f"{s.equal:,}" for s in stats.values()]),
        ("with a negation word", [f"{s.with_negation / s.texts:.1%}" for s in stats.values()]),
    ):
        table.add_row(head, *cells)
    console.print(table)
    table = Table("view", "kind", "texts", "share", title="kinds")
    for view, own in stats.items():
        for kind, count in own.kinds.most_common(_MAX_KINDS):
            table.add_row(view, kind or "not recorded", f"{count:,}", f"{count / own.texts:.1%}")
        if rest := own.kinds.most_common()[_MAX_KINDS:]:
            count = sum(count for _, count in rest)
            table.add_row(view, f"{len(rest):,} further kinds", f"{count:,}", f"{count / own.texts:.1%}")
    console.print(table)
    table = Table("negation word", *(f"{view}, proportion of texts" for view in stats), title="negation words")
    for word, _ in sum((own.negation_words for own in stats.values()), Counter[str]()).most_common():
        table.add_row(word, *(f"{own.negation_words[word] / own.texts:.1%}" for own in stats.values()))
    console.print(table)


def _show_separability(console: "Console", found: "list[Separability]") -> None:
    from rich.table import Table

    from semclip.evaluation.metrics.intervals import proportion_interval

    table = Table(
        "", "bag of words", "length rule", "texts", "words that tell most",
        title="what tells two views apart without the photo; chance is 50 %",
        caption="bag of words: cross-validated by group, one text of each per caption; + speaks for the second, - for "
        "the first. length rule: which view the longer text is of",
    )  # fmt: skip
    for pair in found:
        low, high = proportion_interval(pair.right, pair.groups)
        table.add_row(
            f"{pair.first}, {pair.second}", f"{pair.right.mean():.1%}\n({low:.1%} to {high:.1%})",
            f"{max(pair.longer, 1 - pair.longer):.1%}\n({pair.second if pair.longer > 0.5 else pair.first})",
            f"{len(pair.right):,}", " ".join(pair.telling),
        )  # fmt: skip
    if found:
        console.print(table)
    else:
        console.print("fewer than ten captions have two views: nothing to tell apart")


def _as_json(pair: "Separability") -> dict[str, object]:
    from semclip.evaluation.metrics.intervals import proportion_interval

    return {
        "first": pair.first, "second": pair.second, "accuracy": float(pair.right.mean()), "chance": 0.5,
        "second_is_longer": pair.longer,
        "interval": list(proportion_interval(pair.right, pair.groups)), "texts": len(pair.right),
        "telling": list(pair.telling),
    }  # fmt: skip
