"""`semclip search`: the photos that show what you want and not what you don't, from an index of `semclip index`."""

import os
import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from semclip.cli._photo_index import FOLDER, find_index, from_here, here, need_libraries, no_index, raw
from semclip.core.console import harmless
from semclip.core.errors import UserError

if TYPE_CHECKING:
    from semclip.core.query import Node, Query
    from semclip.search.hits import Hit
    from semclip.search.index import Index

#: So that `semclip search -people` reads `-people` as what is not wanted, and no option.
CONTEXT = {"ignore_unknown_options": True}


def command(
    query: Annotated[
        list[str],
        typer.Argument(
            help='Such as: beach -people, "a street without cars", like:photo.jpg after:2023', metavar="QUERY"
        ),
    ],
    index: Annotated[str, typer.Option(help=f"Which index. Default: {FOLDER} here or in a folder above.")] = "",
    top: Annotated[int, typer.Option(help="How many photos.", min=1)] = 20,
    explain: Annotated[bool, typer.Option("--explain", help="How much of every part each photo has.")] = False,
    literal: Annotated[
        bool, typer.Option("--literal", help="The whole sentence as it is, without reading it.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Everything, for programs.")] = False,
    paths: Annotated[bool, typer.Option("--paths", help="Paths alone, one a line.")] = False,
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:1, ...; auto takes a GPU where there is one.")] = "auto",
) -> None:
    """Search photos: words, -excluded, "without", OR, like:photo.jpg, after:2023-05."""
    need_libraries()
    asked = _parsed(" ".join(query), literal)
    opened = _open(index, device)
    meant = replace(asked, tree=asked.tree and _from_here(asked.tree, opened))
    hits = opened.search(meant, top=top, ranker="sentence" if literal else None)
    if json:
        _print_json(asked, hits)
    elif paths:
        sys.stdout.buffer.write(b"".join(raw(from_here(hit.file)) + b"\n" for hit in hits))
    else:
        _print(opened, asked, hits, explain, [] if literal else _tips(" ".join(query)))


def _parsed(text: str, literal: bool) -> "Query":
    from semclip.search.query import as_sentence, parse

    unknown = next((word for word in text.split() if word.startswith("--")), None)
    if unknown:
        raise UserError(
            f"no option is called {harmless(unknown)}",
            where=f"semclip search {harmless(text)}"[:200],
            fix="`semclip search --help` lists all; words that are not wanted have one dash: -people",
        )
    return as_sentence(text) if literal else parse(text)


def _tips(text: str) -> list[str]:
    """What may have been meant otherwise than it was understood."""
    from semclip.search.query import both_excluded, unread

    tips = {
        "a dash takes one word; for two: {}": both_excluded(text),
        "'{}' is read as a word like any other; what is not wanted has a dash: beach -people": unread(text),
    }
    return [tip.format(found) for tip, found in tips.items() if found]


def _from_here(node: "Node", index: "Index") -> "Node":
    """`like:` with a path as one types it: a file of this folder, where there is one, before a photo of the index."""
    from semclip.core.query import Not, Picture, Text

    if isinstance(node, Text):
        return node
    if isinstance(node, Not):
        return Not(_from_here(node.child, index))
    if not isinstance(node, Picture):
        return type(node)(tuple(_from_here(child, index) for child in node.children))
    file = here() / (Path(node.path).expanduser() if node.path.startswith("~/") else node.path)
    if not os.path.lexists(file):
        return node
    file = file.parent.resolve() / file.name
    stored = index.stored(file)
    return replace(node, path=str(file) if index.find(stored) is None else stored)


def _open(given: str, device: str) -> "Index":
    """The index, made on the spot where there is none and somebody is there to ask."""
    from semclip.search.index import Index

    place = find_index(given, here())
    if place is None:
        if not sys.stdin.isatty():
            raise no_index(here())
        from semclip.cli.index import command as make
        from semclip.search.model import DEFAULT_MODEL

        typer.confirm(f"No index of photos here. Index this folder with {DEFAULT_MODEL} now?", abort=True, err=True)
        make(Path())
        place = FOLDER
    return Index.open(place, device=device)


def _print_json(query: "Query", hits: "list[Hit]") -> None:
    import json
    from dataclasses import asdict

    from semclip.search.query import describe

    rows = [{**asdict(hit), "file": str(hit.file)} for hit in hits]
    # ASCII: a path that is no text survives as an escape.
    print(json.dumps({"query": query.text, "understood": describe(query), "hits": rows}, indent=1))


def _brought_up_to_date(folder: Path, place: str) -> str:
    """The command that takes photos that are gone out of the index."""
    from semclip.search.scan import scan

    left = folder.is_dir() and next(scan(folder), None) is not None
    return shlex.join(
        ["semclip", "index", from_here(folder), *([] if left else ["--forget"]), "--index", from_here(Path(place))]
    )


def _print(index: "Index", query: "Query", hits: "list[Hit]", explain: bool, tips: list[str]) -> None:
    from semclip.core.console import make_console
    from semclip.core.counts import counted
    from semclip.search.query import describe

    console = make_console()

    def say(text: str, **style: Any) -> None:
        console.print(harmless(text), soft_wrap=True, markup=False, highlight=False, **style)

    say(f"understood as: {describe(query)}", style="dim")
    for tip in tips:
        say(tip, style="dim")
    if not hits:
        say("no photo: the index is empty, or none meets the filters")
    if hits and query.tree is None:  # a question of filters alone has no best, and no scores
        matching = index.matching(query)
        left = f"; the first {len(hits):,} of them" if len(hits) < matching else ""
        say(f"{counted(matching, 'photo')}, in the order of paths{left}", style="dim")
    for hit in hits:
        notes = [f"also {', '.join(from_here(index.file(path)) for path in hit.duplicates)}"] if hit.duplicates else []
        notes += [f"the file is gone: {_brought_up_to_date(hit.file.parent, index.place)}"] if hit.missing else []
        score = "" if query.tree is None else f"{round(hit.score, 3) + 0.0:7.3f}  "  # no -0.000
        say(f"{score}{from_here(hit.file)}{''.join(f'  ({note})' for note in notes)}")
        if explain:
            for part in hit.parts:
                sign = "+" if part.wanted else "-"
                say(f"         {sign} {part.label}: {part.presence:4.0%} (cosine {part.similarity:+.3f})", style="dim")
            if hit.held_back is not None:
                say(f"         ranked lower: it seems to show {hit.held_back}", style="dim")
