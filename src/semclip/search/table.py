"""The table of photos in LanceDB: one row per file, committed in batches, each whole or not there."""

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pydantic import BaseModel, Field

from semclip.core.errors import UserError
from semclip.core.parsing import parse_json
from semclip.core.shape import shaped
from semclip.search.lance import connect, told
from semclip.search.place import is_remote

#: Of what is written here; an index with a higher number was made by a newer version.
FORMAT = 1
_NAME = "photos"
#: Old versions of the table stay this long for readers that have one open.
_KEEP = timedelta(hours=1)
#: LanceDB's own number of a row, the same as long as the table has one version: what the vector index gives at once.
ROW_ID = "_rowid"
_IDS_AT_ONCE = 5_000


def schema(dimension: int, about: Mapping[str, Any]) -> pa.Schema:
    """Columns of the table. path: bytes as the system has them, relative to the folder of the index where below it."""
    columns = [
        pa.field("id", pa.string(), nullable=False),
        pa.field("path", pa.binary(), nullable=False),
        pa.field("content", pa.binary(), nullable=False),
        pa.field("size", pa.int64()),
        pa.field("mtime", pa.int64()),
        pa.field("taken", pa.string()),
        pa.field("camera", pa.string()),
        pa.field("width", pa.int32()),
        pa.field("height", pa.int32()),
        pa.field("type", pa.string()),
        pa.field("latitude", pa.float64()),
        pa.field("longitude", pa.float64()),
        pa.field("embedding", pa.list_(pa.float16(), dimension)),
        pa.field("thumbnail", pa.binary()),
    ]
    return pa.schema(columns, metadata={"semclip": json.dumps({"format": FORMAT, **about})})


class _Model(BaseModel):
    spec: str = ""
    name: str = ""
    fingerprint: str = ""


class About(BaseModel):
    """What an index says of itself."""

    format: int
    dimension: int = Field(ge=1, le=1_000_000)
    keep_gps: bool
    model: _Model


_FIX = "delete the place and index again"


class PhotoTable:
    """The table, wherever LanceDB keeps it: a folder, or a place such as `s3://bucket/photos`."""

    def __init__(self, place: str, table: Any) -> None:
        self.place, self._table = place, table
        self.about: dict[str, Any] = json.loads(table.schema.metadata[b"semclip"])

    @classmethod
    def create(cls, place: str, dimension: int, about: Mapping[str, Any]) -> "PhotoTable":
        """A new, empty table. about: of the model, kept with it in the one commit that makes it."""
        there = UserError("there is an index already", where=place, fix="add to it: semclip index FOLDER")
        if is_there(place):
            raise there
        with told(place):
            try:
                return cls(place, connect(place).create_table(_NAME, schema=schema(dimension, about)))
            except ValueError as error:
                if is_there(place):  # another process was quicker
                    raise there from error
                raise

    @classmethod
    def open(cls, place: str) -> "PhotoTable":
        """Raises UserError where there is no index, or a newer one than this version knows."""
        if not is_there(place):
            raise UserError("no index here", where=place, fix=f"make one: semclip index FOLDER --index {place}")
        with told(place):
            table = connect(place).open_table(_NAME)
        about = parse_json((table.schema.metadata or {}).get(b"semclip", b"{}"), place, _FIX)
        if not isinstance(about, dict) or about.get("format") != FORMAT:
            about = about if isinstance(about, dict) else {}
            raise UserError(
                f"the index has format {about.get('format')}, and this version of semclip reads format {FORMAT}",
                where=place,
                fix="update semclip, or make another index: semclip index FOLDER --index NEW",
            )
        shaped(About, about, "the description of an index", place, _FIX)
        return cls(place, table)

    @property
    def version(self) -> int:
        return int(self._table.version)

    @property
    def schema(self) -> pa.Schema:
        return self._table.schema

    def refresh(self) -> None:
        """See what other processes have committed since, and whether they have made the index anew."""
        with told(self.place):
            self._table.checkout_latest()
            self.about = json.loads(self._table.schema.metadata[b"semclip"])

    def __len__(self) -> int:
        return int(self._table.count_rows())

    def batches(self, columns: Sequence[str], where: str = "", rows: int = 8192) -> Iterator[pa.RecordBatch]:
        """The columns of all rows, or of those that meet an SQL condition, in no particular order; `ROW_ID` is one."""
        query = self._table.search().with_row_id(ROW_ID in columns).select([c for c in columns if c != ROW_ID])
        with told(self.place):
            yield from (query.where(where) if where else query).limit(None).to_batches(batch_size=rows)

    def by_id(self, ids: Sequence[str], columns: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Rows by id; ids that are not there are left out. ids: as this program makes them."""
        found: dict[str, dict[str, Any]] = {}
        for start in range(0, len(ids), _IDS_AT_ONCE):
            for batch in self.batches(["id", *columns], _among(ids[start : start + _IDS_AT_ONCE])):
                found |= {row["id"]: row for row in batch.to_pylist()}
        return found

    def write(self, rows: Sequence[Mapping[str, Any]], replacing: bool) -> None:
        """Commit rows in one go. replacing: some ids may be there already, whose rows give way."""
        data = pa.RecordBatch.from_pylist([dict(row) for row in rows], schema=self._table.schema)
        with told(self.place):
            if replacing:
                merge = self._table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
                merge.execute(data)
            else:
                self._table.add(data)

    def delete(self, ids: Sequence[str]) -> None:
        with told(self.place):
            for start in range(0, len(ids), _IDS_AT_ONCE):
                self._table.delete(_among(ids[start : start + _IDS_AT_ONCE]))

    def tidy(self) -> None:
        """Join small fragments, bring the vector index up to date, and let go of old versions."""
        with told(self.place):
            try:
                self._table.optimize(cleanup_older_than=_KEEP)
            except RuntimeError as error:
                if "conflict" not in str(error):  # another machine joins the same fragments: one is enough
                    raise

    def drop_repeated(self) -> None:
        """One row for each id. A machine on object storage that was taken for dead and was not writes some twice."""
        ids = [i for batch in self.batches(["id"]) for i in batch["id"].to_pylist()]
        repeated = sorted(i for i, count in Counter(ids).items() if count > 1)
        for start in range(0, len(repeated), _IDS_AT_ONCE):
            some = repeated[start : start + _IDS_AT_ONCE]
            rows = self.by_id(some, [name for name in self.schema.names if name != "id"])
            self.delete(some)
            self.write(list(rows.values()), replacing=False)

    def build_vector_index(self) -> None:
        """Lance's own index of the embeddings, for tables too large to score every row."""
        from lancedb.index import IvfSq

        # Embeddings as bytes, which finds more than shorter codes at the same speed, and needs no codebook. Lists of
        # about 2,000 photos for a million: by itself LanceDB makes a quarter as many, and reads four times as much.
        lists = max(1, math.isqrt(len(self)) // 2)
        config = IvfSq(distance_type="cosine", num_partitions=lists, sample_rate=32, max_iterations=5)
        with told(self.place):
            self._table.create_index("embedding", config=config)

    @property
    def has_vector_index(self) -> bool:
        with told(self.place):
            return any("embedding" in index.columns for index in self._table.list_indices())

    def nearest(self, vector: np.ndarray, count: int, probes: int) -> np.ndarray:
        """Row ids of about the `count` photos whose cosine with `vector` (D,) is highest, by the vector index."""
        with told(self.place):
            query = self._table.search(vector, vector_column_name="embedding").distance_type("cosine")
            found = query.nprobes(probes).select([ROW_ID, "_distance"]).limit(count).to_arrow()
        return np.asarray(found[ROW_ID].to_numpy())


def is_there(place: str) -> bool:
    """Whether a place holds an index. Nothing is made there."""
    if not is_remote(place) and not Path(place).is_dir():
        return False
    with told(place):
        return _NAME in connect(place).list_tables().tables


def _among(ids: Sequence[str]) -> str:
    assert all(i.isalnum() for i in ids)  # they become part of a condition
    return f"id IN ({', '.join(repr(i) for i in ids)})"
