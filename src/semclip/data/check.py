"""Contents and problems of a data file: every problem, with all its places as `file:row`."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from semclip.core.errors import UserError
from semclip.core.example import TEXT_VIEWS, VIEWS, Example
from semclip.core.rows import read_rows, reader_for, where_of
from semclip.data.columns import EmptyTextError, Layout, RowParser
from semclip.data.findings import (
    EMPTY,
    SELF_NEGATION,
    Finding,
    Findings,
    ProgressBar,
    Truncated,
    look_at_images,
    look_at_splits,
    look_at_texts,
    negations_of_itself,
)
from semclip.data.incomplete import too_many
from semclip.data.load import DataConfig, data_file, row_parser
from semclip.data.one_per_photo import one_per_photo


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


def check(
    config: DataConfig,
    truncated: Truncated,
    context_length: int = 77,
    progress: ProgressBar = lambda items, label, total: items,
) -> Report:
    """Read a whole data file, its images included, and report everything that is wrong with it.

    truncated: for each of some texts, whether a model with this context length cuts it.
    progress: shows progress over (items, label, total). Raises UserError only where nothing can be said about the rows:
    a missing file, an unknown format, columns that are not understood, a file that cannot be read from its start.
    """
    path = data_file(config)
    findings = Findings()
    parser = row_parser(config)
    examples, rows = _read(path, parser, findings, progress)
    parser.finish(str(path))
    photos = one_per_photo(examples)  # the rest is about rows, whose places people look for
    _check_ids(examples, findings)
    _check_views(photos, findings)
    look_at_splits(photos, findings)
    look_at_texts(examples, findings, truncated, context_length, progress)
    look_at_images(examples, findings, progress)
    # What training leaves out and tells as long as it is little is no error either.
    findings[EMPTY].error = too_many(findings[EMPTY].count, rows)
    findings[SELF_NEGATION].error = too_many(sum(bool(negations_of_itself(e)) for e in photos), len(photos))
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


def _read(path: Path, parser: RowParser, findings: Findings, progress: ProgressBar) -> tuple[list[Example], int]:
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
            # Where not one row's columns are understood there is nothing to report row by row.
            if not (parser.layout.used or isinstance(error, EmptyTextError)):
                raise
            bad_row(error)
        else:
            count += 1


def _check_ids(examples: list[Example], findings: Findings) -> None:
    seen: dict[str, str] = {}
    for example in examples:
        if example.id and seen.setdefault(example.id, example.where) != example.where:
            findings["id that occurs before"].add(f"{example.where}: '{example.id}', first at {seen[example.id]}")


def _check_views(examples: list[Example], findings: Findings) -> None:
    present = [view for view in TEXT_VIEWS if any(example.has(view) for example in examples)]
    for example in examples:
        lacking = [view for view in present if not example.has(view)]
        if lacking:
            findings["row without a view that others have"].add(f"{example.where}: no {', '.join(lacking)}")


def meaning_of_columns(layout: Layout) -> Mapping[str, str]:
    """Column of the file -> what it was understood as, for people."""
    understood = {column: field for field, column in layout.used.items()}
    return {**understood, **dict.fromkeys(layout.meta, "(kept as it is)")}
