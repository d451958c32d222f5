"""What the page is told, as plain values for JSON, and lists of photos to take away."""

import csv
import io
import json
import math
import os
from collections.abc import Callable, Collection, Sequence
from pathlib import PurePath
from typing import Any

from semclip.core.errors import UserError
from semclip.core.query import Picture, Query, leaves
from semclip.search.page.index import Hit
from semclip.search.page.wording import label

#: From here on a photo is said to show a part.
SHOWN = 0.5

# A spreadsheet takes a cell that begins like this for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def error(problem: UserError) -> dict[str, str]:
    return {"what": problem.what, "where": problem.where, "fix": problem.fix}


def chips(query: Query, off: Collection[int], thumbnail: Callable[[str], str | None]) -> list[dict[str, Any]]:
    """One per part of the query, in the order in which clicks count them. thumbnail: id of a picture by its path."""
    return [
        {
            "label": label(leaf),
            "thumbnail": thumbnail(leaf.path) if isinstance(leaf, Picture) else None,
            "wanted": wanted,
            "weight": leaf.weight,
            "off": number in off,
        }
        for number, (leaf, wanted) in enumerate(leaves(query.tree))
    ]


def hit(row: Hit, query: Query) -> dict[str, Any]:
    """A row of the answer to `query`."""
    labels = {str(leaf): label(leaf) for leaf, _ in leaves(query.tree)}
    return {
        "id": row.id,
        "name": PurePath(row.path).name,
        "path": row.path,
        "file": _text(os.fsencode(row.file)),
        "score": _number(row.score),
        "parts": [
            {
                "label": labels.get(part.label, part.label),
                "wanted": part.wanted,
                "similarity": _number(part.similarity),
                "presence": min(1.0, max(0.0, _number(part.presence))),
                "shown": part.presence >= SHOWN,
            }
            for part in row.parts
        ],
        "shows": [
            labels.get(part.label, part.label) for part in row.parts if not part.wanted and part.presence >= SHOWN
        ],
        "held_back": None if row.held_back is None else labels.get(row.held_back, row.held_back),
        "duplicates": list(row.duplicates),
        "missing": row.missing,
    }


def as_csv(rows: Sequence[Hit]) -> bytes:
    """Whole path, score, presence of every part; cells that a spreadsheet would take for formulas are made text."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    names = [("" if part.wanted else "not: ") + part.label for part in rows[0].parts] if rows else []
    writer.writerow(["path", "score", *map(_cell, names), "lowered by"])
    for row in rows:
        presences = [f"{part.presence:.3f}" for part in row.parts]
        writer.writerow(
            [_cell(_text(os.fsencode(row.file))), f"{row.score:.6g}", *presences, _cell(row.held_back or "")]
        )
    return out.getvalue().encode()


def as_text(rows: Sequence[Hit]) -> bytes:
    """A whole path per line, as the system has it; one that would break its line is written as a JSON string."""
    return b"".join(_line(os.fsencode(row.file)) + b"\n" for row in rows)


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _line(path: bytes) -> bytes:
    return json.dumps(_text(path)).encode() if any(byte < 32 or byte == 127 for byte in path) else path


def _text(path: bytes) -> str:
    return path.decode("utf-8", "replace")  # a path need not be text


def _number(value: float) -> float:
    return float(value) if math.isfinite(value) else 0.0  # JSON has no NaN
