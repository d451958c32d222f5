"""`semclip captions review`: samples written texts for manual review, and summarises the marks."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from semclip.cli._options import Images, Split, names
from semclip.core.errors import UserError, did_you_mean

if TYPE_CHECKING:
    from rich.console import Console

    from semclip.captions.review import Card, Mark

_MIN_PER_KIND = 5  # texts that earn a kind a line of its own


def command(
    data: Annotated[str, typer.Argument(help="what `semclip captions write` wrote")],
    images: Images = "",
    n: Annotated[int, typer.Option("--n", min=1, help="captions to draw; all their texts are shown")] = 20,
    seed: Annotated[str, typer.Option(help="any text, such as a commit; equal seeds draw equal captions")] = "0",
    split: Split = "all",
    views: Annotated[str, typer.Option(help="views to judge")] = "paraphrase,negation,absence",
    html: Annotated[Path | None, typer.Option(help="write a page to judge with the keyboard")] = None,
    mark: Annotated[
        Path | None, typer.Option(help="judge in the terminal; file of marks, saved after each answer")
    ] = None,
    annotator: Annotated[str, typer.Option(help="your name, for the file of marks")] = "",
    marks: Annotated[
        list[Path] | None, typer.Option(help="summarise a file of marks; given twice: how two annotators agree")
    ] = None,
    export: Annotated[
        Path | None, typer.Option(help="with --marks: each text's verdicts without its words, CSV")
    ] = None,
) -> None:
    """Show random captions with all that was written for them; judge them here or on a page; summarise the marks."""
    from semclip.captions.config import COLUMNS
    from semclip.captions.review import cards, draw
    from semclip.core.console import make_console
    from semclip.data.load import DataConfig, load_examples, select

    console = make_console()
    examples = load_examples(DataConfig(path=data, images=images))
    named = names(views)
    for view in named:
        if view not in COLUMNS:
            raise UserError(f"'{view}' is no view", where="--views", fix=did_you_mean(view, COLUMNS))
    if marks:
        _sum(console, marks, list(cards(examples, named)), export)
        return
    chosen = list(cards(select(examples, split), named))
    if not chosen:
        raise UserError(f"no text of {views} was written", where=data, fix="name another file, or --views it has")
    drawn = draw(chosen, n, seed)
    title = f"{Path(data).name}: {len(drawn)} of {len(chosen):,} captions, split {split}, seed {seed}"
    if html:
        from semclip.captions.review_page import write_page

        without = write_page(html, drawn, title)
        note = f"; {without} without an image at hand (--images FOLDER)" if without else ""
        console.print(f"{html}: {sum(len(card.texts) for card in drawn)} texts{note}", soft_wrap=True)
    if mark:
        _judge(console, drawn, chosen, mark, annotator)
    if not html and not mark:
        for card in drawn:
            console.print(_shown(card))
        console.print(title, highlight=False)


def _shown(card: "Card") -> Any:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, show_header=False, title_justify="left", caption_justify="left")
    table.title = Text(f"{card.caption}  [{card.id}]", style="bold")
    table.caption = Text("\n".join(card.other_captions), style="dim")
    for text in card.texts:
        table.add_row(text.view, Text(text.text), Text(text.kind), Text(text.verdicts, style="dim"))
    return table


def _judge(console: "Console", drawn: "Sequence[Card]", every: "Sequence[Card]", path: Path, annotator: str) -> None:
    """Ask for each text not marked yet; the file is written after every answer."""
    from semclip.core.lock import lock_of, only_one
    from semclip.core.stopping import kept

    lock = only_one(lock_of(path), "is marking these texts", str(path))
    with lock, kept(f"all marks so far are in {path}; the same command goes on"):
        _ask(console, drawn, every, path, annotator)


def _ask(console: "Console", drawn: "Sequence[Card]", every: "Sequence[Card]", path: Path, annotator: str) -> None:
    from rich.text import Text as Line

    from semclip.captions.review import CRITERIA, REASONS, Mark, load_marks, save_marks

    before, known = load_marks(path, every) if path.exists() else ("", {})
    ways = "  ".join(f"[{number}] {reason}" for number, reason in enumerate(REASONS, 1))
    pending = [(card, text) for card in drawn for text in card.texts if text.key not in known]
    for number, (card, text) in enumerate(pending):
        if number == 0 or pending[number - 1][0] is not card:
            console.rule(Line(card.id))
            console.print(Line(card.caption, style="bold"), Line("\n".join(card.other_captions), style="dim"), sep="\n")
        console.print(
            Line(f"\n{text.view} ({text.kind})  {text.text}"), Line(CRITERIA[text.view], style="dim"), sep="\n"
        )
        console.print(f"[y] right  {ways}  [s] skip  [q] stop", markup=False, highlight=False)
        answer = ""
        while answer not in ("y", "s", "q", *(str(i) for i in range(1, len(REASONS) + 1))):
            answer = console.input("> ").strip().lower()
        if answer == "q":
            break
        if answer != "s":
            reason = "" if answer == "y" else REASONS[int(answer) - 1]
            known[text.key] = Mark(text.key, card.image.name, text.view, text.kind, answer == "y", reason)
            save_marks(path, annotator or before, known)
    console.print(f"{path}: {len(known)} marks; the same command goes on", highlight=False)


def _sum(console: "Console", paths: "Sequence[Path]", every: "Sequence[Card]", export: Path | None) -> None:
    from semclip.captions.review import agreement, load_marks, right_by_both

    if len(paths) > 2:
        raise UserError(f"{len(paths)} files of marks", where="--marks", fix="give one, or two to compare")
    read = [load_marks(path, every) for path in paths]
    for annotator, found in read:
        _table(console, f"marked right by {annotator}", list(found.values()))
    if len(read) == 2:
        (first, marks_of_first), (second, marks_of_second) = read
        both = agreement(marks_of_first, marks_of_second)
        _table(console, "right by both annotators: a disagreement counts as wrong", right_by_both(both.both))
        kappa = "not defined: both marked all texts the same way" if both.kappa is None else f"{both.kappa:.3f}"
        console.print(
            f"{first} and {second} agree on {both.observed:.1%} of {len(both.both):,} texts; Cohen's kappa {kappa}",
            highlight=False,
        )
    if export:
        _export(export, [found for _, found in read])
        console.print(f"{export}: a line per text", highlight=False)


def _table(console: "Console", title: str, marks: "Sequence[Mark]") -> None:
    """Proportions of right texts by view and kind, with Wilson intervals adjusted for several texts of one image."""
    from collections import Counter

    from rich.table import Table

    from semclip.evaluation.metrics.intervals import proportion_interval

    table = Table("view", "kind", "texts", "right", "95 % interval", "wrong because", title=title)
    parts: dict[tuple[str, str], list[Mark]] = {}
    counts = Counter((mark.view, mark.kind) for mark in marks)
    for mark in marks:
        kind = mark.kind if counts[mark.view, mark.kind] >= _MIN_PER_KIND else "rarer kinds"
        for part in ("", kind):
            parts.setdefault((mark.view, part), []).append(mark)
    for (view, kind), own in sorted(parts.items()):
        outcomes = [float(mark.right) for mark in own]
        low, high = proportion_interval(outcomes, [mark.image for mark in own])
        why = Counter(mark.reason or "no reason given" for mark in own if not mark.right)
        table.add_row(
            view if not kind else "", kind or "all", f"{len(own):,}", f"{sum(outcomes) / len(own):.1%}",
            f"{low:.1%} to {high:.1%}", ", ".join(f"{count} {reason}" for reason, count in why.most_common()),
        )  # fmt: skip
    console.print(table)


def _export(path: Path, read: "Sequence[dict[str, Mark]]") -> None:
    import csv
    import io

    from semclip.core.files import write_text

    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    heads = [f"{what}_{name}" for name in "ab"[: len(read)] for what in ("right", "reason")]
    writer.writerow(["text", "image", "view", "kind", *heads])
    for key in sorted(set.intersection(*(set(marks) for marks in read))):
        cells = [cell for marks in read for cell in (int(marks[key].right), marks[key].reason)]
        writer.writerow([key, read[0][key].image, read[0][key].view, read[0][key].kind, *cells])
    write_text(path, lines.getvalue())
