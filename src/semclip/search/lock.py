"""One indexer at a time."""

from contextlib import AbstractContextManager
from pathlib import Path

from semclip.core.lock import only_one


def only_indexer(folder: Path, where: str) -> AbstractContextManager[None]:
    """Hold the index's lock in `folder`. Raises UserError naming machine and process where another one holds it."""
    return only_one(folder / "indexing", "is indexing", where)
