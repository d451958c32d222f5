"""Rows of the index as people see them: photos of a result with reasons, and what is known of one photo."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from semclip.core.query import Ranking
from semclip.search.names import Names, shown
from semclip.search.rows import Rows


@dataclass(frozen=True)
class HitPart:
    """How much of one part of the query a photo has. presence: between 0 and 1."""

    label: str
    wanted: bool
    similarity: float
    presence: float


@dataclass(frozen=True)
class Hit:
    """One photo of a result.

    path: as text, relative to the folder of the index where below it. file: where it lies. missing: it is not there
    any more. held_back: label of the excluded part that lowered its score most, None where none did. It may be among
    the first all the same. duplicates: other paths of the same content.
    """

    id: str
    path: str
    file: Path
    score: float
    parts: tuple[HitPart, ...]
    held_back: str | None
    duplicates: tuple[str, ...]
    missing: bool


@dataclass(frozen=True)
class PhotoInfo:
    """What the index knows of one photo. taken: ISO time, "" where unknown. size: bytes of the file."""

    id: str
    path: str
    file: Path
    width: int
    height: int
    taken: str
    camera: str
    type: str
    size: int


def hit(rows: Rows, names: Names, row: int, ranking: Ranking | None = None, at: int = 0) -> Hit:
    """A row as part of a result. at: its place in the ranking; without one the score is 0."""
    others = np.flatnonzero(rows.same == rows.same[row]) if rows.value("doubled", row) else np.zeros(0, int)
    stored = rows.value("path", row)
    file = names.path(stored)
    parts = ranking.parts if ranking else ()
    held = int(ranking.held_back[at]) if ranking else -1
    return Hit(
        id=rows.value("id", row),
        path=shown(stored),
        file=file,
        score=float(ranking.score[at]) if ranking else 0.0,
        parts=tuple(HitPart(str(p.leaf), p.wanted, float(p.similarity[at]), float(p.presence[at])) for p in parts),
        held_back=None if held < 0 else str(parts[held].leaf),
        duplicates=tuple(shown(rows.value("path", int(other))) for other in others if other != row),
        missing=not os.path.lexists(file),
    )


def info(rows: Rows, names: Names, row: int) -> PhotoInfo:
    stored = rows.value("path", row)
    known = {name: rows.value(name, row) for name in ("width", "height", "taken", "camera", "type", "size")}
    return PhotoInfo(id=rows.value("id", row), path=shown(stored), file=names.path(stored), **known)


def first(score: np.ndarray, kept: np.ndarray, same: np.ndarray, count: int) -> list[int]:
    """Places of the `count` best that are kept, each content once; equal scores in the order of places."""
    allowed = np.flatnonzero(kept)
    allowed_score = score if len(allowed) == len(score) else score[allowed]
    look = count
    while True:
        look = min(4 * look + 16, len(allowed))
        part = allowed
        if look < len(allowed):
            lowest = np.partition(allowed_score, len(allowed) - look)[len(allowed) - look]
            part = allowed[allowed_score >= lowest]  # with all that equal the last
        ordered = part[np.argsort(-score[part], kind="stable")]
        _, once = np.unique(same[ordered], return_index=True)
        if len(once) >= count or look == len(allowed):
            return [int(place) for place in ordered[np.sort(once)][:count]]
