"""Batches whose loss or gradient was not finite, kept for a person to look at."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from semclip.core.files import write_text

FOLDER = "bad_batches"


def keep_bad_batch(run_folder: Path, step: int, rows: Sequence[Mapping[str, Any]]) -> Path:
    """Write RUN/bad_batches/step_<step>.jsonl: ids, image names and the very texts of that step, one sample per line.

    It is a data file: `semclip data check` reads it, and a run on it meets the same samples.
    """
    path = run_folder / FOLDER / f"step_{step:08d}.jsonl"
    write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    return path
