"""Examples too many to hold: written once to a memory-mapped Arrow file, and made again one at a time."""

import os
import pickle
import socket
import weakref
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, overload

import numpy as np
from numpy.typing import NDArray

from semclip.core.caches import ELSEWHERE, cache_folder
from semclip.core.errors import UserError
from semclip.core.example import Example, ImageRef
from semclip.core.files import reason
from semclip.data.firsts import numbers, repeated
from semclip.data.one_per_photo import photo_of, together

if TYPE_CHECKING:
    import pyarrow

_ROWS_OF_A_BATCH = 4096
_FAILED = "cannot write the texts of a large data file"
#: Splits as numbers.
SPLITS, NO_SPLIT = ("train", "val", "test"), -1
_TEXTS = ("paraphrases", "negations", "absences", "rewrites")
_numbers = count()
_Ints = NDArray[Any]


class StoredExamples(Sequence[Example]):
    """The rows of a large file, or its photos: the same examples in the same order as if they were held.

    In memory are three numbers for each row and two for each example; texts are pages of a file, which processes share
    and the system takes back at will. An example takes some tens of microseconds to make for each of its rows.
    """

    def __init__(
        self, file: Path, rows: _Ints, starts: _Ints, ordinals: _Ints, splits: _Ints, owner: object = None
    ) -> None:
        """rows (R,) rows of the file by example; starts (N + 1,) of each example in `rows`; ordinals (N,) of its id, 0
        where it is the file's or none; splits (N,) index into `SPLITS`. owner: what the file is removed with.
        """
        self.file, self.rows, self.starts, self.ordinals, self.splits = file, rows, starts, ordinals, splits
        self._batches, self._owner = _opened(file), owner

    @classmethod
    def of(cls, examples: Iterable[Example]) -> tuple[Self, Self]:
        """Examples of single rows, written to a file: as they are, and those of one photo as one (`one_per_photo`)."""
        file = _new_file()
        photos, splits = _write(file, examples)
        _, first, inverse = np.unique(photos, return_index=True, return_inverse=True)
        rank = np.empty(len(first), np.int64)
        rank[np.argsort(first)] = np.arange(len(first))  # examples stand where their first row stands
        rows = np.argsort(rank[inverse], kind="stable")
        starts = np.concatenate([[0], np.cumsum(np.bincount(rank[inverse], minlength=len(first)))])
        grouped = cls(file, rows, starts, np.zeros(len(first), np.int64), splits[rows[starts[:-1]]])
        weakref.finalize(grouped, _remove, file, os.getpid())
        count = len(splits)
        return cls(file, np.arange(count), np.arange(count + 1), np.zeros(count, np.int64), splits, grouped), grouped

    def __len__(self) -> int:
        return len(self.starts) - 1

    @overload
    def __getitem__(self, index: int) -> Example: ...

    @overload
    def __getitem__(self, index: slice) -> "Chosen": ...

    def __getitem__(self, index: int | slice) -> "Example | Chosen":
        if isinstance(index, slice):
            return Chosen(self, np.arange(len(self))[index])
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        return self._made(index % len(self), self._row)

    def __iter__(self) -> Iterator[Example]:
        return self.some(range(len(self)))

    def some(self, indices: Iterable[int]) -> Iterator[Example]:
        """Examples in an order that mostly follows the file, several times as fast as one by one."""
        number, rows = -1, list[dict[str, Any]]()

        def row(place: int) -> dict[str, Any]:
            batch, inside = divmod(place, _ROWS_OF_A_BATCH)
            return rows[inside] if batch == number else self._row(place)

        for index in indices:
            first = int(self.rows[self.starts[index]]) // _ROWS_OF_A_BATCH
            if first == number + 1 or number == -1:
                number, rows = first, self._batches[first].to_pylist()
            yield self._made(int(index), row)

    def __reduce__(self) -> tuple[Any, ...]:
        # A loader's worker maps the file again.
        return StoredExamples, (self.file, self.rows, self.starts, self.ordinals, self.splits)

    def _row(self, place: int) -> dict[str, Any]:
        batch, inside = divmod(place, _ROWS_OF_A_BATCH)
        (row,) = self._batches[batch].slice(inside, 1).to_pylist()
        return dict(row)

    def _made(self, index: int, row: Callable[[int], dict[str, Any]]) -> Example:
        places = self.rows[self.starts[index] : self.starts[index + 1]].tolist()
        same = [_example(row(place)) for place in places]
        example = same[0] if len(same) == 1 else together(same)
        ordinal = int(self.ordinals[index])
        made = ("", example.image.name)[ordinal] if ordinal < 2 else f"{example.image.name}#{ordinal}"
        split = int(self.splits[index])
        return replace(example, id=example.id or made, split=None if split == NO_SPLIT else SPLITS[split])

    def cells(self, column: str, indices: _Ints) -> Iterator[Any]:
        """What a column of the file holds for examples (K,), in their first rows; without making them."""
        rows = self.rows[self.starts[indices]]  # (K,)
        for part in np.split(rows, np.flatnonzero(np.diff(rows // _ROWS_OF_A_BATCH)) + 1) if len(rows) else ():
            batch = self._batches[int(part[0]) // _ROWS_OF_A_BATCH]
            yield from batch.column(column).take(part % _ROWS_OF_A_BATCH).to_pylist()

    def name(self) -> tuple[int, int] | None:
        """Number the examples of one image that have no id of their own. Gives two of one id, where there are."""
        everything = np.arange(len(self))
        own = numbers(hash(id) if id else 0 for id in self.cells("id", everything))  # (N,)
        names = numbers(hash(image["name"]) for image in self.cells("image", everything))  # (N,)
        self.ordinals[:] = np.where(own == 0, _occurrences(np.where(own == 0, names, np.arange(len(own)))), 0)
        again = np.flatnonzero((own == 0) & (self.ordinals > 1))
        all_ids = np.where(own == 0, names, own)
        all_ids[again] = [hash(self[int(index)].id) for index in again]
        return next(((one, other) for other, one in repeated(all_ids) if self[one].id == self[other].id), None)


class Chosen(Sequence[Example]):
    """Some of the stored examples, by their indices (N,)."""

    def __init__(self, stored: StoredExamples, indices: NDArray[Any]) -> None:
        self.stored, self.indices = stored, indices

    def __len__(self) -> int:
        return len(self.indices)

    @overload
    def __getitem__(self, index: int) -> Example: ...

    @overload
    def __getitem__(self, index: slice) -> "Chosen": ...

    def __getitem__(self, index: int | slice) -> "Example | Chosen":
        if isinstance(index, slice):
            return Chosen(self.stored, self.indices[index])
        return self.stored[int(self.indices[index])]

    def __iter__(self) -> Iterator[Example]:
        return self.stored.some(self.indices.tolist())


def keep(examples: Sequence[Example], wanted: Callable[[Example], bool]) -> Sequence[Example]:
    """The examples that are wanted: a list of them, or a view where they are stored."""
    if not isinstance(examples, StoredExamples | Chosen):
        return [example for example in examples if wanted(example)]
    found = np.fromiter((index for index, e in enumerate(examples) if wanted(e)), dtype=np.int64)
    return Chosen(examples.stored, examples.indices[found]) if isinstance(examples, Chosen) else Chosen(examples, found)


def joined(parts: Iterable[Sequence[Example]]) -> Sequence[Example]:
    """The examples of all parts: a list of them, or a view where they are of one stored file."""
    parts = [part for part in parts if len(part)]
    views = [part for part in parts if isinstance(part, Chosen)]
    if parts and len(views) == len(parts) and len({id(view.stored) for view in views}) == 1:
        return Chosen(views[0].stored, np.concatenate([view.indices for view in views]))
    return list(chain.from_iterable(parts))


def groups_of(examples: Sequence[Example]) -> Iterator[str]:
    """The group of each example."""
    stored, places = _stored(examples, np.arange(len(examples)))
    return stored.cells("group", places) if stored else (example.group for example in examples)


def images_of(examples: Sequence[Example], indices: NDArray[np.int64]) -> Iterator[ImageRef]:
    """The image of each of some examples (K,)."""
    stored, places = _stored(examples, indices)
    return map(_image, stored.cells("image", places)) if stored else (examples[i].image for i in indices.tolist())


def _stored(examples: Sequence[Example], indices: _Ints) -> tuple[StoredExamples | None, _Ints]:
    if isinstance(examples, Chosen):
        return examples.stored, examples.indices[indices]
    return examples if isinstance(examples, StoredExamples) else None, indices


def splits_of(examples: Sequence[Example]) -> NDArray[np.int8]:
    """(N,) the split of each example as an index into `SPLITS`, `NO_SPLIT` for none."""
    if isinstance(examples, StoredExamples):
        return examples.splits
    if isinstance(examples, Chosen):
        return examples.stored.splits[examples.indices]
    return np.fromiter((SPLITS.index(e.split) if e.split else NO_SPLIT for e in examples), np.int8)


def in_splits(examples: Sequence[Example], splits: NDArray[np.int8]) -> Sequence[Example]:
    """The examples with these splits (N,); stored ones are changed."""
    if isinstance(examples, StoredExamples):
        examples.splits[:] = splits
        return examples
    return [replace(e, split=SPLITS[split]) for e, split in zip(examples, splits, strict=True)]


def _occurrences(values: NDArray[Any]) -> NDArray[Any]:
    """(N,) for each value, the how many-th of its equals it is, from 1."""
    order = np.argsort(values, kind="stable")
    new = np.concatenate([[True], np.diff(values[order]) != 0])
    starts = np.maximum.accumulate(np.where(new, np.arange(len(values)), 0))
    result = np.empty(len(values), np.int64)
    result[order] = np.arange(len(values)) - starts + 1
    return result


def _schema() -> "pyarrow.Schema":
    import pyarrow

    text, texts, numbers = pyarrow.string(), pyarrow.list_(pyarrow.string()), pyarrow.list_(pyarrow.float64())
    image = pyarrow.struct([("name", text), ("path", text), ("span", pyarrow.list_(pyarrow.int64())), ("box", numbers)])
    return pyarrow.schema(
        [
            *(("id", text), ("image", image), ("caption", text), *((name, texts) for name in _TEXTS)),
            *(("negative_images", pyarrow.list_(image)), ("group", text), ("split", text)),
            *(("meta", pyarrow.binary()), ("where", text)),
        ]
    )


def _write(file: Path, examples: Iterable[Example]) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
    """(R,) of each row a number that those of its photo have, and its split."""
    import pyarrow

    photos, splits, rows, schema = array("q"), array("b"), list[dict[str, Any]](), _schema()
    try:
        with pyarrow.OSFile(str(file), "wb") as sink, pyarrow.ipc.new_stream(sink, schema) as stream:
            for example in examples:
                photos.append(hash(photo_of(example) or ("row", len(photos))))
                splits.append(SPLITS.index(example.split) if example.split else NO_SPLIT)
                rows.append(_cells(example))
                if len(rows) == _ROWS_OF_A_BATCH:
                    stream.write_batch(pyarrow.RecordBatch.from_pylist(rows, schema))
                    rows.clear()
            if rows:
                stream.write_batch(pyarrow.RecordBatch.from_pylist(rows, schema))
    except OSError as error:
        file.unlink(missing_ok=True)
        raise _unwritable(file, error) from error
    except BaseException:
        file.unlink(missing_ok=True)
        raise
    return np.frombuffer(photos, np.int64), np.frombuffer(splits, np.int8)


def _opened(file: Path) -> "list[pyarrow.RecordBatch]":
    import pyarrow

    with pyarrow.memory_map(str(file)) as source, pyarrow.ipc.open_stream(source) as stream:
        return list(stream)


def _cells(example: Example) -> dict[str, Any]:
    texts = {name: list(getattr(example, name)) for name in _TEXTS}
    return {
        "id": example.id,
        "image": _image_cells(example.image),
        "caption": example.caption,
        **texts,
        "negative_images": [_image_cells(ref) for ref in example.negative_images],
        "group": example.group,
        "split": example.split,
        # Cells are of any kind a reader gives: bytes, dates, pictures. The file is this process's own and goes with it.
        "meta": pickle.dumps(dict(example.meta)) if example.meta else b"",
        "where": example.where,
    }


def _image_cells(ref: ImageRef) -> dict[str, Any]:
    return {"name": ref.name, "path": None if ref.path is None else str(ref.path), "span": ref.span, "box": ref.box}


def _example(row: dict[str, Any]) -> Example:
    texts = {name: tuple(row[name]) for name in _TEXTS}
    return Example(
        id=row["id"],
        image=_image(row["image"]),
        caption=row["caption"],
        **texts,
        negative_images=tuple(map(_image, row["negative_images"])),
        group=row["group"],
        split=row["split"],
        meta=pickle.loads(row["meta"]) if row["meta"] else {},
        where=row["where"],
    )


def _image(cells: dict[str, Any]) -> ImageRef:
    path, span, box = cells["path"], cells["span"], cells["box"]
    return ImageRef(
        cells["name"],
        None if path is None else Path(path),
        None if box is None else (box[0], box[1], box[2], box[3]),
        None if span is None else (span[0], span[1]),
    )


def _new_file() -> Path:
    folder = cache_folder("rows", _FAILED)
    for old in folder.glob(f"{socket.gethostname()}-*.arrow"):  # of processes that were killed
        if not _runs(int(old.stem.rsplit("-", 2)[1])):
            old.unlink(missing_ok=True)
    return folder / f"{socket.gethostname()}-{os.getpid()}-{next(_numbers)}.arrow"


def _unwritable(place: Path, error: OSError) -> UserError:
    return UserError(f"{_FAILED}: {reason(error)}", where=str(place), fix=ELSEWHERE)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _remove(file: Path, process: int) -> None:
    if os.getpid() == process:  # a forked worker's exit leaves the file to its parent
        file.unlink(missing_ok=True)
