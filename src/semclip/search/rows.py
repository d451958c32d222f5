"""What a search reads of the table, in memory-mapped files: embeddings and columns, in the order of the photos' paths.

Both are made from one version of the table, and made anew when it has another: LanceDB keeps the truth, these are fast.
"""

import contextlib
import os
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from semclip.core.files import write_atomic
from semclip.search.coarse import Coarse, coarse_of
from semclip.search.names import shown
from semclip.search.table import ROW_ID, PhotoTable

#: Photos that calibration sees.
SAMPLE = 4_096
#: Rows whose length says whether a file is whole: one that a crash left at its size holds zeros.
_CHECKED = 256
_COLUMNS = ("id", "path", "content", "taken", "camera", "width", "height", "type", "size")
#: What is mapped: all but the hash, and what is worked out from the table.
_MAPPED = [*(name for name in _COLUMNS if name != "content"), "same", "doubled", "row_id", "row_by_id", "folder"]


class Rows:
    """N photos. embeddings: (N, D) float16, unit length.

    columns: of the table, and `folder`, in lower case between slashes; `same`, the first row with the same content,
    and `doubled`, whether there is another; `row_id` and `row_by_id`, LanceDB's numbers in ascending order and their
    rows.
    """

    def __init__(self, embeddings: np.ndarray, columns: pa.Table, file: Path) -> None:
        self.embeddings, self.columns, self._file = embeddings, columns, file
        self.same = columns["same"].to_numpy()  # (N,) int32

    @classmethod
    def of(cls, table: PhotoTable, folder: Path) -> "Rows":
        """Those of the table's version, made first where they are not whole in `folder`.

        Raises UserError on a full disk.
        """
        # A table made anew where another was counts its versions from the first again; older ones have no id.
        name = "-".join(filter(None, ("rows", table.about.get("id", ""), str(table.version))))
        vectors, columns = folder / f"{name}.npy", folder / f"{name}.arrow"
        if columns.exists():  # written last, so it stands for both
            # Damaged, or written by another version of this program: the table still has what they held.
            with contextlib.suppress(ValueError, OSError, KeyError):
                return cls._read(vectors, columns)
        _remove_old(folder)
        found = _columns(table)
        order = {name: row for row, name in enumerate(found["id"].to_pylist())}
        write_atomic(vectors, lambda path: _fill(path, table, order))
        write_atomic(columns, lambda path: _write_columns(path, found))
        return cls._read(vectors, columns)

    @classmethod
    def last(cls, folder: Path) -> "Rows | None":
        """Those of the version that was mapped last, None where there are none. Raises ValueError, OSError, KeyError
        for damaged ones."""
        found = max(folder.glob("rows-*.arrow"), key=lambda file: file.stat().st_mtime_ns, default=None)
        return None if found is None else cls._read(found.with_suffix(".npy"), found)

    @classmethod
    def _read(cls, vectors: Path, columns: Path) -> "Rows":
        with pa.memory_map(str(columns)) as file:
            read = pa.ipc.open_file(file).read_all().select(_MAPPED)
        # `c`: torch takes no read-only memory; what is empty cannot be mapped.
        embeddings = np.load(vectors, mmap_mode="c" if len(read) else None)
        some = np.linspace(0, len(read) - 1, min(_CHECKED, len(read))).astype(int)
        lengths = np.linalg.norm(embeddings[some].astype(np.float32), axis=1)
        if len(embeddings) != len(read) or not np.allclose(lengths, 1, atol=0.01):
            raise ValueError(f"{vectors} holds no rows of unit length")
        return cls(embeddings, read, vectors)

    def __len__(self) -> int:
        return len(self.columns)

    @cached_property
    def sample(self) -> np.ndarray:
        """(M, D) float32: the rows that calibration sees, at equal distances."""
        places = np.linspace(0, len(self) - 1, min(SAMPLE, len(self))).astype(int)
        return np.asarray(self.embeddings[places], np.float32)

    @cached_property
    def centre(self) -> np.ndarray:
        """(D,) the mean of that sample."""
        return np.asarray(self.sample.mean(axis=0))

    @cached_property
    def coarse(self) -> Coarse:
        """Fast products with all rows. Raises UserError on a full disk."""
        return coarse_of(self.embeddings, self._file)

    @cached_property
    def once(self) -> np.ndarray:
        """(N,) bool: the first row of each content."""
        return self.same == np.arange(len(self))

    def rows_of(self, row_ids: np.ndarray) -> np.ndarray:
        """The rows that LanceDB calls so, in ascending order; what is not among them is left out."""
        known, rows = self.columns["row_id"].to_numpy(), self.columns["row_by_id"].to_numpy()
        at = np.minimum(np.searchsorted(known, row_ids), len(known) - 1)
        return np.unique(rows[at[known[at] == row_ids]])

    def row_of(self, column: str, value: Any) -> int | None:
        """The first row with this value, None where there is none."""
        found = pc.index(self.columns[column], value).as_py()
        return None if found < 0 else int(found)

    def row_shown(self, name: str) -> int | None:
        """The first row whose path is shown as `name`, None where there is none."""
        row = self.row_of("path", os.fsencode(name))
        if row is None and "?" in name:  # it may stand for what is no text
            paths = enumerate(self.columns["path"].to_pylist())
            row = next((at for at, path in paths if shown(path) == name), None)
        return row

    def value(self, column: str, row: int) -> Any:
        return self.columns[column][row].as_py()


def folder_text(path: bytes) -> str:
    """The folder of a stored path, as `folder:` is compared with it."""
    above = shown(path).rpartition("/")[0].lower().strip("/")
    return f"/{above}/" if above else "/"


def _columns(table: PhotoTable) -> pa.Table:
    schema = pa.schema([*(table.schema.field(name) for name in _COLUMNS), pa.field(ROW_ID, pa.uint64())])
    found = pa.Table.from_batches(list(table.batches([*_COLUMNS, ROW_ID])), schema).combine_chunks()
    found = found.take(pc.sort_indices(found, sort_keys=[("path", "ascending")])).combine_chunks()
    paths = found["path"]  # each once, whatever another machine is writing at this moment
    found = found.take(np.flatnonzero(np.r_[True, pc.not_equal(paths[1:], paths[:-1]).to_numpy()][: len(found)]))
    _, first, group, count = np.unique(
        _fixed(found["content"]), return_index=True, return_inverse=True, return_counts=True
    )
    folders = pa.array([folder_text(path.as_py()) for path in found["path"]], pa.string())
    row_ids = found[ROW_ID].to_numpy()
    by_id = np.argsort(row_ids, kind="stable").astype(np.int32)
    same, doubled = first[group].astype(np.int32), count[group] > 1
    made = {"same": same, "doubled": doubled, "row_id": row_ids[by_id], "row_by_id": by_id}
    for name, values in made.items():
        found = found.append_column(name, pa.array(values))
    return found.append_column("folder", folders).drop_columns(["content", ROW_ID]).combine_chunks()


def _fixed(content: pa.ChunkedArray) -> np.ndarray:
    """(N, 2) -> (N,) hashes that numpy can sort: two numbers, since its strings of bytes end at a zero."""
    joined = b"".join(content.to_pylist())
    return np.frombuffer(joined, dtype=[("a", ">u8"), ("b", ">u8")])


def _fill(path: Path, table: PhotoTable, order: dict[str, int]) -> None:
    shape = (len(order), int(table.about["dimension"]))
    with path.open("wb") as file:
        np.lib.format.write_array_header_2_0(file, {"descr": "<f2", "fortran_order": False, "shape": shape})
        start, size = file.tell(), 2 * shape[0] * shape[1]
        if size and hasattr(os, "posix_fallocate"):  # a full disk is an error here, and a crash once it is mapped
            os.posix_fallocate(file.fileno(), start, size)
        else:
            file.truncate(start + size)
    if not size:
        return
    rows = np.memmap(path, np.float16, "r+", offset=start, shape=shape)
    for batch in table.batches(["id", "embedding"]):
        places = [order[name] for name in batch["id"].to_pylist()]
        vectors = batch["embedding"].flatten().to_numpy(zero_copy_only=False)
        rows[places] = vectors.reshape(len(places), shape[1])
    rows.flush()


def _write_columns(path: Path, columns: pa.Table) -> None:
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, columns.schema) as writer:
        writer.write_table(columns)


def _remove_old(folder: Path) -> None:
    """Files of other versions and of processes that were killed; who has one open keeps it."""
    for old in [*folder.glob("rows-*"), *folder.glob(".rows-*.tmp")]:
        with contextlib.suppress(FileNotFoundError):  # another process does the same
            old.unlink()
