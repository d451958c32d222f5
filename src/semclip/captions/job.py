"""The job behind `semclip captions write`: examples in, the same rows with written views out, in one file at once."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from semclip.captions.writers.base import Candidate, Writer
from semclip.core.errors import UserError
from semclip.core.example import Example
from semclip.core.files import write_atomic

#: view -> column of its texts; `VIEW_kinds` and `VIEW_of` run parallel to it.
COLUMNS = {"paraphrase": "paraphrases", "negation": "negations", "absence": "absences"}


@dataclass
class Summary:
    """What a job did.

    rows: examples written. kinds: texts by (split, view, kind). refused: captions that gave nothing, by (view, reason).
    without: examples that got no text at all, by view.
    """

    rows: int = 0
    captions: int = 0
    kinds: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    without: Counter[str] = field(default_factory=Counter)


def write_captions(
    examples: Sequence[Example],
    out: str | Path,
    writer: Writer,
    views: Sequence[str],
    seed: int = 0,
    track: Callable[[Iterable[Example]], Iterable[Example]] = iter,
) -> Summary:
    """Write every example with the texts of `views` as JSON lines, in input order; equal input and seed, equal bytes.

    track: wraps the iteration, for a progress bar. The file appears when it is complete; nothing is written before.
    Raises UserError for a view that the writer cannot write or that an example has already.
    """
    _check(examples, writer, views)
    summary = Summary()

    def write(path: Path) -> None:
        with path.open("w", encoding="utf-8", newline="\n") as file:
            for example in track(examples):
                written = {view: writer.write(example, view, seed) for view in views}
                row = _row(example, written, {"writer": writer.name, "version": writer.version, "seed": seed})
                file.write(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n")
                _count(summary, example, written)

    write_atomic(out, write)
    summary.refused = Counter(writer.refused)
    return summary


def _check(examples: Sequence[Example], writer: Writer, views: Sequence[str]) -> None:
    if not views:
        raise UserError("no view to write", where="--views", fix=f"name some of {','.join(writer.views)}")
    for view in views:
        if view not in writer.views:
            raise UserError(
                f"the writer '{writer.name}' writes no '{view}'", where="--views",
                fix=f"choose among {', '.join(writer.views)}",
            )  # fmt: skip
        for example in examples:
            if example.has(view):
                raise UserError(
                    f"the row has {COLUMNS[view]} already", where=example.where,
                    fix=f"leave '{view}' out of --views, or remove the column",
                )  # fmt: skip
            if view == "negation" and example.negative_images:
                raise UserError(
                    "the row has a negative image, which would be taken for one of the new negations",
                    where=example.where, fix="remove the column of negative images",
                )  # fmt: skip


def _row(example: Example, written: dict[str, list[Candidate]], provenance: dict[str, Any]) -> dict[str, Any]:
    """The example as the readers take it, plus the written texts."""
    meta = dict(example.meta)
    row: dict[str, Any] = {"id": example.id, "image": example.image.name}
    if meta.pop("captions_equal", False):
        row["captions"] = [example.caption, *example.paraphrases]
    else:
        row["caption"] = example.caption
        row["paraphrases"] = list(example.paraphrases)
    for column in ("rewrites", "negations", "absences"):
        if texts := getattr(example, column):
            row[column] = list(texts)
    if example.negative_images:
        row["negative_images"] = [ref.name for ref in example.negative_images]
    row |= {"group": example.group, "split": example.split}
    row = {key: value for key, value in row.items() if value not in ("", None, [])} | meta
    for view, candidates in written.items():
        row[COLUMNS[view]] = [candidate.text for candidate in candidates]
        row[f"{view}_kinds"] = [candidate.kind for candidate in candidates]
        row[f"{view}_of"] = [candidate.of for candidate in candidates]
    if "provenance" in meta:  # an earlier job wrote other views of this row
        provenance = provenance | {"earlier": meta["provenance"]}
    return row | {"provenance": provenance}


def _count(summary: Summary, example: Example, written: dict[str, list[Candidate]]) -> None:
    summary.rows += 1
    summary.captions += 1 + len(example.paraphrases)
    for view, candidates in written.items():
        summary.without[view] += not candidates
        summary.kinds.update((example.split or "", view, candidate.kind) for candidate in candidates)
