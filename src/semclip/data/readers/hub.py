"""A data set of the Hub by its id: hf:OWNER/NAME, or hf:OWNER/NAME:CONFIG, fetched with the library `datasets`."""

import hashlib
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Any

from semclip.core.caches import ELSEWHERE, cache_folder
from semclip.core.errors import UserError
from semclip.core.folders import new_folder
from semclip.data.readers._arrow import Pictures, arrow_rows
from semclip.data.readers.base import Place, Reader

_PREFIX = "hf:"
_ROWS_AT_ONCE = 256


class Hub(Reader):
    """Streamed once into the cache, an Arrow file for each split with pictures as they are stored, and read from there.

    Needs the extra `hf`; what is in the cache needs it no more. A folder behind `hf:` is read by the library as well,
    for the formats that only it knows; those that it has saved, and tables of the Hub on disk, are read without it.
    """

    @classmethod
    def reads(cls, path: Path) -> bool:
        return str(path).startswith(_PREFIX)

    @classmethod
    def is_there(cls, path: Path) -> bool:
        return True  # the library finds out

    def rows(self, path: Path) -> Iterator[tuple[Place, dict[str, Any]]]:
        pictures = Pictures()
        for file in sorted(_fetched(path).glob("*.arrow")):
            for number, row in arrow_rows(file, pictures, origin=Path(f"{path}:{file.stem}")):
                yield f":{file.stem}:{number}", {"split": file.stem} | row


def _fetched(path: Path) -> Path:
    """The folder of the cache with an Arrow file for each split. Raises UserError where it cannot be fetched."""
    name, _, config = str(path).removeprefix(_PREFIX).partition(":")
    key = hashlib.sha256(_state(name, config).encode()).hexdigest()[:16]
    folder = cache_folder("datasets") / f"{Path(name).name}-{key}"
    if folder.is_dir():
        return folder
    if find_spec("datasets") is None:
        raise UserError(
            "the library `datasets`, which reads from the Hub, is not installed",
            where=str(path),
            fix="pip install 'semclip[hf]'; or fetch the files by other means and give their folder, without `hf:`",
        )
    import datasets
    import pyarrow

    with new_folder(folder, "cannot keep what is fetched", there="kept", fix=ELSEWHERE) as filling:
        try:
            for split, stream in datasets.load_dataset(name, config or None, streaming=True).items():
                print(f"note: {path}, {split}, is fetched once, into {folder}", file=sys.stderr)
                _write(stream, filling / f"{split}.arrow")
        # What the library raises for a name that is not there, files that it cannot read, a network that is away.
        except (OSError, ValueError, RuntimeError, pyarrow.ArrowException, datasets.exceptions.DatasetsError) as error:
            raise UserError(
                f"`datasets` cannot read it: {' '.join(str(error).split())[:300] or type(error).__name__}",
                where=str(path),
                fix="check the name, as in hf:OWNER/NAME, the network and the disk; where the files are fetched "
                "already, give their folder without `hf:`",
            ) from error
    return folder


def _write(stream: Any, file: Path) -> None:
    """The rows of a split, with the bytes of their pictures."""
    import datasets
    import pyarrow

    tables = map(datasets.table.embed_table_storage, stream.with_format("arrow").iter(batch_size=_ROWS_AT_ONCE))
    first = next(tables, None)
    if first is None:
        return  # an empty split
    with pyarrow.OSFile(str(file), "wb") as sink, pyarrow.ipc.new_stream(sink, first.schema) as out:
        for table in chain([first], tables):
            out.write_table(table.cast(first.schema))


def _state(name: str, config: str) -> str:
    """The name, and for a folder what its files are like, so that changed ones are read again."""
    files = sorted(path for path in Path(name).rglob("*") if path.is_file()) if Path(name).is_dir() else []
    return repr([name, config, *((str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files)])
