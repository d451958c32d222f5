"""Contents and problems of a data file: every problem is counted, and the first few are listed with `file:row`."""

import hashlib
import json
import os
import re
import struct
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from PIL import Image

from semclip.core.errors import UserError
from semclip.core.example import TEXT_VIEWS, VIEWS, Example, ImageRef
from semclip.core.rows import read_rows, reader_for, where_of
from semclip.data.columns import EmptyTextError, Layout, LongTextError, RowParser
from semclip.data.load import DataConfig, data_file, row_parser
from semclip.data.one_per_photo import one_per_photo
from semclip.data.splits import groups_crossing

#: Words whose loss turns a negation or an absence into its opposite.
NEGATION_WORDS = re.compile(
    r"\b(no|not|never|without|none|nobody|nothing|neither|nor|nowhere|cannot|absent|absence|lacks?|lacking|missing|"
    r"devoid|free of|instead of|rather than)\b|n['’]t\b",
    re.IGNORECASE,
)

_PLACES_SHOWN = 20
#: The problem of a row that is malformed, or has a cell of the wrong kind.
NOT_UNDERSTOOD = "row not understood"
_TOO_LONG = "text over the context length"


class Tokenizer(Protocol):
    """What the check asks of a tokenizer, such as open_clip's: token ids without start and end, and back."""

    def encode(self, text: str) -> list[int]: ...

    def decode(self, tokens: list[int]) -> str: ...


@dataclass
class Finding:
    """One kind of problem. error: makes the check fail; otherwise it is worth knowing only. places: the first few."""

    problem: str
    error: bool
    fix: str
    count: int = 0
    places: list[str] = field(default_factory=list)

    def add(self, place: str) -> None:
        self.count += 1
        if len(self.places) < _PLACES_SHOWN:
            self.places.append(place)


@dataclass
class Report:
    """rows: of the file; those of one photo become one example. views: examples that have each view. splits: examples
    by split. examples: the first three. skipped: files of a folder that are no data. notes: what was chosen or left out
    where something else could be meant.
    """

    path: Path
    rows: int
    layout: Layout
    examples: list[Example]
    views: dict[str, int]
    splits: dict[str, int]
    findings: list[Finding]
    skipped: list[Path]
    groups: int
    captions: int
    notes: list[str]

    @property
    def errors(self) -> int:
        """Problems that must be mended, all kinds together."""
        return sum(finding.count for finding in self.findings if finding.error)


#: Shows progress while it passes items on: (items, label, total or 0 where unknown).
ProgressBar = Callable[[Iterable[Any], str, int], Iterable[Any]]


def check(
    config: DataConfig,
    tokenizer: Tokenizer,
    context_length: int = 77,
    progress: ProgressBar = lambda items, label, total: items,
) -> Report:
    """Read a whole data file, its images included, and report everything that is wrong with it.

    progress: shows progress over (items, label, total). Raises UserError only where nothing can be said about the rows:
    a missing file, an unknown format, columns that are not understood, a file that cannot be read from its start.
    """
    path = data_file(config)
    findings = _Findings()
    parser = row_parser(config)
    examples, rows = _read(path, parser, findings, progress)
    if parser.layout.used:
        parser.finish(str(path))
    photos = one_per_photo(examples)  # the rest is about rows, whose places people look for
    _check_ids(examples, findings)
    _check_groups(photos, findings)
    _check_negations(examples, findings)
    _check_lengths(examples, findings, tokenizer, context_length, progress)
    _check_images(examples, findings, progress)
    reader = reader_for(path)
    return Report(
        path=path,
        rows=rows,
        layout=parser.layout,
        examples=photos[:3],
        views={view: sum(example.has(view) for example in photos) for view in VIEWS},
        splits=dict(Counter(example.split or "(none)" for example in photos)),
        findings=findings.found(),
        skipped=reader.skipped(path),
        groups=len({example.group for example in photos}),
        captions=sum(len(example.captions) for example in photos),
        notes=[*reader.notes(path), *parser.notes()],
    )


#: Problems in the order they are shown in, whether each makes the check fail, and how it is mended.
_PROBLEMS = (
    ("empty text", True, "write the texts or remove the rows"),
    ("text far too long", True, "shorten them; a missing closing quote can run many rows together"),
    ("missing image", True, "check the names; --images DIR names the folder they are relative to"),
    ("undecodable image", True, "fetch the files again or remove the rows"),
    ("negation equal to caption", True, "write other negations or remove them"),
    ("exact duplicate row", True, "remove the repetitions: they count twice in every average"),
    ("id that occurs before", True, "give every row an id of its own, or none"),
    ("group that crosses splits", True, "give all rows of a group one split"),
    ("row without a split, where others have one", True, "write train, val or test"),
    (f"{_TOO_LONG}, negation word cut off", False, "shorten them: what the model reads says the opposite"),
    (_TOO_LONG, False, "shorten them, or use a model with a longer context; the end is not read"),
    ("row without a view that others have", False, "fill the column if you train or measure with it"),
)


class _Findings(dict[str, Finding]):
    """By problem; rows that are not understood by their fix, too."""

    def __init__(self) -> None:
        super().__init__({problem: Finding(problem, error, fix) for problem, error, fix in _PROBLEMS})
        self._rows: dict[str, Finding] = {}

    def of(self, error: UserError) -> Finding:
        """The finding for a row that could not be read."""
        if isinstance(error, EmptyTextError):
            return self["empty text"]
        if isinstance(error, LongTextError):
            return self["text far too long"]
        return self._rows.setdefault(error.fix, Finding(NOT_UNDERSTOOD, True, error.fix))

    def found(self) -> list[Finding]:
        """What occurred, in the order in which it is shown."""
        return [finding for finding in (*self._rows.values(), *self.values()) if finding.count]


def _read(path: Path, parser: RowParser, findings: _Findings, progress: ProgressBar) -> tuple[list[Example], int]:
    examples: list[Example] = []
    seen: dict[bytes, int | str] = {}
    count = 0

    def bad_row(error: UserError, beyond: str = "") -> None:
        nonlocal count
        count += 1
        findings.of(error).add(f"{error.where}: {error.what}{beyond}")

    rows = iter(progress(read_rows(path, bad_row), "rows", 0))
    while True:
        try:
            place, row = next(rows)
        except StopIteration:
            return examples, count
        except UserError as error:
            if not count:
                raise
            # A broken file cannot be read past the break; what came before is still worth reporting.
            bad_row(error, "; nothing was read beyond it")
            return examples, count - 1
        where = where_of(path, place)
        same = hashlib.blake2b(json.dumps(row, sort_keys=True, default=str).encode(), digest_size=16).digest()
        if seen.setdefault(same, place) != place:
            findings["exact duplicate row"].add(f"{where}: the same as row {str(seen[same]).lstrip(':/')}")
        try:
            examples.append(parser.example(row, where))
        except UserError as error:
            if not parser.layout.used:  # not one row's columns are understood: nothing to report row by row
                raise
            bad_row(error)
        else:
            count += 1


def _check_ids(examples: list[Example], findings: _Findings) -> None:
    seen: dict[str, str] = {}
    for example in examples:
        if example.id and seen.setdefault(example.id, example.where) != example.where:
            findings["id that occurs before"].add(f"{example.where}: '{example.id}', first at {seen[example.id]}")


def _check_groups(examples: list[Example], findings: _Findings) -> None:
    some = any(example.split for example in examples)
    present = [view for view in TEXT_VIEWS if any(example.has(view) for example in examples)]
    for example in examples:
        if some and example.split is None:
            findings["row without a split, where others have one"].add(example.where)
        lacking = [view for view in present if not example.has(view)]
        if lacking:
            findings["row without a view that others have"].add(f"{example.where}: no {', '.join(lacking)}")
    named = [example for example in examples if example.split]
    for group, (first, second) in groups_crossing(named).items():
        place = f"{second.where}: '{group}' is in {second.split} here, in {first.split} at {first.where}"
        findings["group that crosses splits"].add(place)


def _check_negations(examples: list[Example], findings: _Findings) -> None:
    for example in examples:
        true = {_as_read(text) for text in (example.caption, *example.paraphrases)}
        for text in example.negations:
            if _as_read(text) in true:
                findings["negation equal to caption"].add(f"{example.where}: {_short(text)}")


def _as_read(text: str) -> str:
    # CLIP's tokenizer lowers case and joins white space, so such texts are one and the same to a model.
    return " ".join(text.lower().split())


def _check_lengths(
    examples: list[Example],
    findings: _Findings,
    tokenizer: Tokenizer,
    context_length: int,
    progress: ProgressBar,
) -> None:
    room = context_length - 2  # start and end of text take a place each
    known: dict[str, tuple[int, str]] = {}
    for example in progress(examples, "text lengths", len(examples)):
        for view in TEXT_VIEWS:
            for text in example.texts(view):
                if len(text.encode()) <= room:  # a token is a byte at least
                    continue
                if text not in known:
                    tokens = tokenizer.encode(text)
                    known[text] = len(tokens), tokenizer.decode(tokens[room:])
                count, cut = known[text]
                if count <= room:
                    continue
                negated = NEGATION_WORDS.search(cut)
                place = f"{example.where}: {view} of {count + 2} tokens, cut off: '{_short(cut.strip())}'"
                findings[f"{_TOO_LONG}, negation word cut off" if negated else _TOO_LONG].add(place)


def _check_images(examples: list[Example], findings: _Findings, progress: ProgressBar) -> None:
    first_use: dict[tuple[Path, tuple[int, int] | None], tuple[ImageRef, str]] = {}
    for example in examples:
        for ref in (example.image, *example.negative_images):
            if ref.path is not None:
                first_use.setdefault((ref.path, ref.span), (ref, f"{example.where}: {ref.name}"))
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # Pillow decodes outside the interpreter's lock
        refs, places = [ref for ref, _ in first_use.values()], [place for _, place in first_use.values()]
        problems = progress(pool.map(_image_problem, refs), "images", len(refs))
        for place, (problem, detail) in zip(places, problems, strict=True):
            if problem:
                findings[problem].add(f"{place} ({detail})")


def _image_problem(ref: ImageRef) -> tuple[str, str]:
    """("", "") for an image that decodes, else the kind of problem and the decoder's words."""
    try:
        with ref.open() as file, Image.open(file) as image:
            image.load()
    except FileNotFoundError:
        return "missing image", f"no file {ref.path}"
    except (OSError, SyntaxError, ValueError, EOFError, struct.error, Image.DecompressionBombError) as error:
        return "undecodable image", str(error)
    return "", ""


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}..."


def meaning_of_columns(layout: Layout) -> Mapping[str, str]:
    """Column of the file -> what it was understood as, for people."""
    understood = {column: field for field, column in layout.used.items()}
    return {**understood, **dict.fromkeys(layout.meta, "(kept as it is)")}
