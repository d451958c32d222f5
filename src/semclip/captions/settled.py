"""What a journal holds of a row, as the caption job settles it."""

from typing import Any

from pydantic import BaseModel, InstanceOf

from semclip.captions.journal import Journal
from semclip.core.shape import shaped


class _Text(BaseModel):
    text: InstanceOf[str]
    kind: InstanceOf[str]
    of: int
    provenance: dict[str, Any]
    verdicts: list[dict[str, Any]]


class _Refused(BaseModel):
    of: int
    reason: InstanceOf[str]


class _Rejected(_Refused):
    kind: InstanceOf[str]


class SettledView(BaseModel):
    """One view of one row, as `captions.job` settles it."""

    texts: list[_Text]
    refused: list[_Refused]
    rejected: list[_Rejected] = []


def settled_views(journal: Journal, place: int) -> dict[str, dict[str, Any]]:
    """view -> result, of the views of one row that are settled. Raises UserError for results of another shape."""
    found = journal.of(place)
    fix = "begin anew with --restart, or name another --out"
    shaped(dict[str, SettledView], found, "the journal of a caption job", str(journal.path), fix)
    return found
