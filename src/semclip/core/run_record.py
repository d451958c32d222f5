"""The record of a run, `run.json`: written by training, read by reports and by whoever continues the run."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from semclip.core.files import read_json
from semclip.core.shape import shaped


class RunRecord(BaseModel):
    """What readers take for granted of a record; it holds more, and an older one less."""

    model_config = ConfigDict(extra="allow")

    name: str = ""
    role: str | None = ""
    objective: dict[str, Any] | str = ""
    seed: int | None = None
    command: str = ""
    started: str = ""
    git: str = ""
    versions: dict[str, str] = {}
    data_sha256: dict[str, str] = {}
    sessions: list[dict[str, Any]] = []
    options: dict[str, Any] = {}
    begun_without: list[str] = []
    finished: bool = False
    steps: int = 0
    peak_memory_mb: float = 0


def read_record(path: Path) -> dict[str, Any]:
    """The values of a record as they stand in the file. Raises UserError for one of another shape."""
    values = read_json(path)
    shaped(RunRecord, values, "the record of a run", str(path), "put it back as it was written, or train the run again")
    return dict(values)
