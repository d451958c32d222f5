"""One indexer at a time."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from semclip.core.lock import only_one
from semclip.search.bucket_lock import only_machine
from semclip.search.place import is_remote


@contextmanager
def only_indexer(folder: Path, where: str) -> Iterator[None]:
    """Hold the index's lock in `folder` of this machine, and on object storage the one that all machines see.

    Raises UserError naming machine and process where another one holds it.
    """
    among_machines = only_machine(where) if is_remote(where) else nullcontext()
    with only_one(folder / "indexing", "is indexing", where), among_machines:
        yield
