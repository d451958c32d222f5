"""A caption job without files: rows in, rows out."""

import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from semclip.captions.config import CaptionsConfig
from semclip.captions.job import job_of, run_job
from semclip.captions.journal import IN_MEMORY, Journal
from semclip.captions.rows import full_row
from semclip.core.errors import UserError
from semclip.core.example import Example
from semclip.core.rows import IMAGE_COLUMNS
from semclip.data.columns import RowParser
from semclip.data.ids import with_ids
from semclip.data.splits import with_splits

#: Stands for the picture of a row that has none, and for no longer than the job.
_NO_PICTURE = "row %d"


def write_rows(
    rows: Sequence[Mapping[str, Any]], settings: CaptionsConfig, images: Path, load_encoder: Callable[[str], Any]
) -> list[dict[str, Any]]:
    """The rows as `semclip captions write` puts them into a file. images: the folder of their pictures.

    Raises UserError, with the number of the row, for one that cannot be read, and where the job stopped.
    """
    parser = RowParser({}, images)
    bare = [not any(name in row for name in IMAGE_COLUMNS) for row in rows]
    with_pictures = [
        {**row, "image": _NO_PICTURE % number} if is_bare else row
        for number, (row, is_bare) in enumerate(zip(rows, bare, strict=True), start=1)
    ]
    examples = [parser.example(row, f"row {number}") for number, row in enumerate(with_pictures, start=1)]
    if not examples:
        return []
    splits = with_splits(with_ids(examples), settings.seed) if any(e.split for e in examples) else with_ids(examples)
    # A notebook has an event loop of its own, and the job starts one.
    with ThreadPoolExecutor(1) as pool:
        lines = pool.submit(_written, splits, settings, load_encoder).result()
    written: list[dict[str, Any]] = [json.loads(line) for line in lines]
    return [
        {key: value for key, value in row.items() if not (is_bare and key in ("image", "id", "group"))}
        for row, is_bare in zip(written, bare, strict=True)
    ]


def _written(examples: Sequence[Example], settings: CaptionsConfig, load_encoder: Callable[[str], Any]) -> list[bytes]:
    job = job_of(examples, settings, load_encoder)
    if job.writer.notice:
        warnings.warn(job.writer.notice, stacklevel=2)
    places = range(len(examples))
    with Journal(IN_MEMORY, job.signature("rows in memory")) as journal:
        _, stopped = run_job(job, journal, places, lambda summary: None)
        if stopped:
            raise UserError(stopped.what, where="write_captions", fix=stopped.fix)
        results = [journal.of(place) for place in places]
    provenance = job.provenance
    return [
        full_row(example, {view: found[view] for view in settings.views}, provenance)
        for example, found in zip(examples, results, strict=True)
    ]
