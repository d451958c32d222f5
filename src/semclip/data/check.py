"""Contents and problems of a data file: every problem, with all its places as `file:row`."""

import hashlib
import json
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from semclip.core.errors import UserError
from semclip.core.example import TEXT_VIEWS, VIEWS, Example
from semclip.core.rows import read_rows, reader_for, where_of
from semclip.data.cells import EmptyTextError
from semclip.data.columns import Layout, RowParser
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
from semclip.data.firsts import numbers, repeated
from semclip.data.incomplete import too_many
from semclip.data.load import DataConfig, data_file, row_parser, rows_and_photos
from semclip.data.stored import NO_SPLIT, SPLITS, groups_of, splits_of


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
    rows = _Rows(path, parser, findings, progress)
    examples, photos = rows_and_photos(rows.examples())
    parser.finish(str(path))
    for index, first in repeated(numbers(rows.contents)):
        place = examples[first].where.removeprefix(str(path)).lstrip(":/")
        findings["exact duplicate row"].add(f"{examples[index].where}: the same as row {place}")
    _check_ids(examples, findings)
    views = Counter(view for example in photos for view in VIEWS if example.has(view))
    _check_views(photos, views, findings)
    look_at_splits(photos, findings)  # the rest is about rows, whose places people look for
    look_at_texts(examples, findings, truncated, context_length, progress)
    look_at_images(examples, findings, progress)
    # What training leaves out and tells as long as it is little is no error either.
    findings[EMPTY].error = too_many(findings[EMPTY].count, rows.count)
    findings[SELF_NEGATION].error = too_many(sum(bool(negations_of_itself(e)) for e in photos), len(photos))
    reader = reader_for(path)
    return Report(
        path=path,
        rows=rows.count,
        layout=parser.layout,
        examples=list(photos[:3]),
        views={view: views[view] for view in VIEWS},
        splits=dict(Counter(SPLITS[split] if split != NO_SPLIT else "(none)" for split in splits_of(photos).tolist())),
        findings=findings.found(),
        skipped=reader.skipped(path),
        groups=len(np.unique(numbers(map(hash, groups_of(photos))))),
        captions=sum(len(example.captions) for example in photos),
        notes=[*reader.notes(path), *parser.notes()],
    )


class _Rows:
    """The rows of a file, read once. count: of all. contents: a hash of each row that is understood."""

    def __init__(self, path: Path, parser: RowParser, findings: Findings, progress: ProgressBar) -> None:
        self.path, self.parser, self.findings, self.progress = path, parser, findings, progress
        self.count, self.contents = 0, array("q")

    def examples(self) -> Iterator[Example]:
        rows = iter(self.progress(read_rows(self.path, self._bad), "rows", 0))
        while True:
            try:
                place, row = next(rows)
            except StopIteration:
                return
            except UserError as error:
                if not self.count:
                    raise
                # A broken file cannot be read past the break; what came before is still worth reporting.
                self._bad(error, "; nothing was read beyond it")
                self.count -= 1
                return
            try:
                example = self.parser.example(row, where_of(self.path, place))
            except UserError as error:
                # Where not one row's columns are understood there is nothing to report row by row.
                if not (self.parser.layout.used or isinstance(error, EmptyTextError)):
                    raise
                self._bad(error)
                continue
            self.count += 1
            content = json.dumps(row, sort_keys=True, default=str).encode()
            digest = hashlib.blake2b(content, digest_size=8).digest()
            self.contents.append(int.from_bytes(digest, "big", signed=True))
            yield example

    def _bad(self, error: UserError, beyond: str = "") -> None:
        self.count += 1
        self.findings.of(error).add(f"{error.where}: {error.what}{beyond}")


def _check_ids(examples: Sequence[Example], findings: Findings) -> None:
    # What has no id is unlike all others by its place.
    ids = numbers(hash(e.id) if e.id else hash((e.where,)) for e in examples)
    for index, first in repeated(ids):
        example = examples[index]
        findings["id that occurs before"].add(f"{example.where}: '{example.id}', first at {examples[first].where}")


def _check_views(examples: Sequence[Example], views: Counter[str], findings: Findings) -> None:
    partly = [view for view in TEXT_VIEWS if 0 < views[view] < len(examples)]
    for example in examples if partly else ():
        lacking = [view for view in partly if not example.has(view)]
        if lacking:
            findings["row without a view that others have"].add(f"{example.where}: no {', '.join(lacking)}")


def meaning_of_columns(layout: Layout) -> Mapping[str, str]:
    """Column of the file -> what it was understood as, for people."""
    understood = {column: field for field, column in layout.used.items()}
    return {**understood, **dict.fromkeys(layout.meta, "(kept as it is)")}
