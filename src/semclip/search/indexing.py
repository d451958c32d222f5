"""Adding photos to an index: what is new is read and encoded, what is known is left alone, commits come in batches."""

import itertools
import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from semclip.core.errors import UserError
from semclip.search.added import Added
from semclip.search.model import Model
from semclip.search.names import Names
from semclip.search.photo import Photo, UndecodableError, UprightPicture, content_hash, decode, read_bytes
from semclip.search.scan import Seen, Unreadable, scan, shard_of
from semclip.search.table import PhotoTable

#: A commit holds this many photos, or what came in so many seconds: killed, no more than that is read again.
COMMIT_PHOTOS, COMMIT_SECONDS = 2_000, 60.0
#: Columns that come from a photo's content and not from where it lies: what a moved photo takes along.
_CONTENT = (
    "content", "taken", "camera", "width", "height", "type", "latitude", "longitude", "embedding", "thumbnail"
)  # fmt: skip


@dataclass(frozen=True)
class Known:
    """A row of the table, as much of it as says whether its file has to be read."""

    id: str
    size: int
    mtime: int
    content: bytes


@dataclass(frozen=True)
class _Look:
    """What reading a file gave. sources: stored paths of rows with the same content; where there is one, nothing was
    decoded. reason: why it is no photo that can be read; content is empty where not even its bytes could be."""

    seen: Seen
    content: bytes = b""
    sources: Sequence[bytes] = ()
    photo: Photo | None = None
    inputs: Any = None
    reason: str = ""


class Indexer:
    """One process's part of adding a folder to a table.

    names: between files and the paths of the table. keep_gps: whether the place where a photo was taken is kept.
    advance: called with how many files were settled and the path of the last.
    """

    def __init__(
        self,
        table: PhotoTable,
        model: Model,
        folder: Path,
        names: Names,
        keep_gps: bool,
        batch_size: int,
        advance: Callable[[int, Path], None],
    ) -> None:
        self._table, self._model, self._folder, self._names = table, model, folder, names
        self._keep_gps, self._batch_size, self._advance = keep_gps, batch_size, advance
        self._known: dict[bytes, Known] = {}
        self._by_content: dict[bytes, list[bytes]] = {}
        self._rows: list[dict[str, Any]] = []
        self._copies: list[tuple[Seen, bytes, str]] = []  # file, its content, id of a row that has the same
        self._replacing = False
        self._committed = time.monotonic()
        self._hidden: list[bytes] = []  # folders that could not be listed, with a slash behind
        self._gone: set[str] = set()  # ids of rows to delete
        self.added = Added()

    def run(self, shard: int = 0, shards: int = 1) -> list[str]:
        """Settle every file of the shard, and return the ids of photos that are gone, for one process to delete.

        Stopped by Ctrl-C or by an error, what was encoded so far is committed first.
        """
        self._read_table()
        found: set[bytes] = set()
        try:
            with ThreadPoolExecutor(_readers()) as pool:
                self._encode(pool, self._to_read(shard, shards, found))
        finally:
            self._commit()
        return sorted(self._gone | self._missing(found, shard, shards))

    def _read_table(self) -> None:
        for batch in self._table.batches(["id", "path", "size", "mtime", "content"]):
            for row in batch.to_pylist():
                self._known[row["path"]] = Known(row["id"], row["size"], row["mtime"], row["content"])
                self._by_content.setdefault(row["content"], []).append(row["path"])

    def _to_read(self, shard: int, shards: int, found: set[bytes]) -> Iterator[Seen]:
        for seen in scan(self._folder, shard, shards):
            if isinstance(seen, Unreadable):
                self.added.unreadable.append(seen)
                found.add(self._names.stored(seen.path))
                self._hidden.append(self._names.stored(seen.path) + b"/")
                continue
            path = self._names.stored(seen.path)
            found.add(path)
            known = self._known.get(path)
            if known is not None and (known.size, known.mtime) == (seen.size, seen.mtime):
                self.added.unchanged += 1
                self._advance(1, seen.path)
            else:
                yield seen

    def _encode(self, pool: ThreadPoolExecutor, files: Iterator[Seen]) -> None:
        """Files are read in threads, some batches ahead of the network, and come back in their order."""
        ahead = 2 * self._batch_size + _readers()
        coming: deque[Future[_Look]] = deque(pool.submit(self._look, seen) for seen in itertools.islice(files, ahead))
        batch: list[_Look] = []
        while coming:
            look = coming.popleft().result()
            coming.extend(pool.submit(self._look, seen) for seen in itertools.islice(files, 1))
            if look.reason:
                self._fail(look.seen, look.reason, look.content != b"")
            elif look.sources:
                self._take_along(look)
            else:
                batch.append(look)
            if len(batch) == self._batch_size:
                self._settle(batch)
                batch = []
        if batch:
            self._settle(batch)

    def _look(self, seen: Seen) -> _Look:
        content = b""
        try:
            data = read_bytes(seen)
            content = content_hash(data)
            sources = self._sources(seen, content)
            if sources:
                return _Look(seen, content, sources)
            photo, picture = decode(seen.path, data, self._keep_gps)
            name = seen.path.relative_to(self._folder).as_posix()
            inputs = self._model.encoder.load_image(UprightPicture.of(name, seen.path, picture))
        except UndecodableError as error:
            return _Look(seen, content, reason=str(error))
        except UserError as error:
            return _Look(seen, content, reason=error.what)
        return _Look(seen, content, photo=photo, inputs=inputs)

    def _sources(self, seen: Seen, content: bytes) -> list[bytes]:
        """Rows to copy this content from, those first whose file is gone. A row that this run may yet replace is none,
        but for the file's own: then only its time has changed."""
        here = self._names.stored(seen.path)
        gone, same = [], []
        for path in self._by_content.get(content, ()):
            known = self._known[path]
            try:
                status = self._names.path(path).stat()
            except OSError:
                gone.append(path)
                continue
            if path == here:
                return [here]
            if (status.st_size, status.st_mtime_ns) == (known.size, known.mtime):
                same.append(path)
        return [*gone, *same]

    def _settle(self, batch: list[_Look]) -> None:
        rows = self._model.pictures([look.inputs for look in batch]).astype(np.float16)  # (B, D)
        for look, vector in zip(batch, rows, strict=True):
            if not np.isfinite(vector).all():
                self._fail(look.seen, "the model gives it no direction (NaN, or all zeros)")
                continue
            photo = look.photo
            assert photo is not None
            row = {name: getattr(photo, name) for name in _CONTENT if hasattr(photo, name)}
            latitude, longitude = photo.gps or (None, None)
            row |= {"embedding": vector, "latitude": latitude, "longitude": longitude}
            self._rows.append(self._row(look.seen, row))
            self._settled(look.seen, "changed" if self._names.stored(look.seen.path) in self._known else "new")

    def _take_along(self, look: _Look) -> None:
        """A content that is known: its row is copied, nothing is encoded again."""
        here = self._names.stored(look.seen.path)
        left = [p for p in look.sources if p != here and not os.path.lexists(self._names.path(p))]
        left = [p for p in left if self._known[p].id not in self._gone][:1]
        self._gone |= {self._known[p].id for p in left}
        self._copies.append((look.seen, look.content, self._known[(left or look.sources)[0]].id))
        kind = "unchanged" if here in look.sources else "changed" if here in self._known else "moved" if left else "new"
        self._settled(look.seen, kind)

    def _settled(self, seen: Seen, kind: str) -> None:
        setattr(self.added, kind, getattr(self.added, kind) + 1)
        self._replacing |= self._names.stored(seen.path) in self._known
        self._advance(1, seen.path)
        waiting = len(self._rows) + len(self._copies)
        if waiting >= COMMIT_PHOTOS or time.monotonic() - self._committed > COMMIT_SECONDS:
            self._commit()

    def _row(self, seen: Seen, row: Mapping[str, Any]) -> dict[str, Any]:
        path = self._names.stored(seen.path)
        return {**row, "id": photo_id(path), "path": path, "size": seen.size, "mtime": seen.mtime}

    def _fail(self, seen: Seen, reason: str, was_read: bool = True) -> None:
        """Listed; a row of what the file held before goes, unless its bytes only could not be read this time."""
        self.added.unreadable.append(Unreadable(seen.path, reason))
        known = self._known.get(self._names.stored(seen.path))
        if known is not None and was_read:
            self._gone.add(known.id)
        self._advance(1, seen.path)

    def _commit(self) -> None:
        """Rows that are copied are read first: what is written may replace them."""
        if self._copies:
            rows = self._table.by_id(sorted({source for _, _, source in self._copies}), _CONTENT)
            for seen, content, source in self._copies:
                if rows[source]["content"] == content:
                    self._rows.append(self._row(seen, rows[source]))
                else:
                    self.added.unreadable.append(Unreadable(seen.path, "files changed meanwhile: index once more"))
        if self._rows:
            self._table.write(self._rows, self._replacing)
        self._rows, self._copies, self._replacing = [], [], False
        self._committed = time.monotonic()

    def _missing(self, found: set[bytes], shard: int, shards: int) -> set[str]:
        """Ids of this shard's rows below the folder whose file was not found, though its folder could be listed."""
        ids = set()
        for path, known in self._known.items():
            if path in found or not self._names.below(path, self._folder) or path.startswith(tuple(self._hidden)):
                continue
            if shard_of(self._names.path(path), shards) == shard:
                ids.add(known.id)
        return ids


def photo_id(stored: bytes) -> str:
    """What pages and commands call a photo: the same in every index of the same path, and no path itself."""
    return sha256(stored).hexdigest()[:24]


def _readers() -> int:
    """Threads that read and decode, which leave Python's lock free while they do."""
    return min(16, 2 + (os.cpu_count() or 1))
