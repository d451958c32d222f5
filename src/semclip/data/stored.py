"""Examples too many to hold: written once to a memory-mapped Arrow file, and made again one at a time."""

import json
import os
import socket
import weakref
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, overload

import numpy as np
from numpy.typing import NDArray

from semclip.core.errors import UserError
from semclip.core.example import Example, ImageRef
from semclip.core.files import reason
from semclip.data.ids import with_ids
from semclip.data.one_per_photo import photo_of, together
from semclip.data.splits import split_of, with_splits

if TYPE_CHECKING:
    import pyarrow

_ROWS_OF_A_BATCH = 4096
_SPLITS = ("train", "val", "test")
_NONE = -1
_TEXTS = ("paraphrases", "negations", "absences", "rewrites")
_numbers = count()
_Ints = NDArray[Any]


class StoredExamples(Sequence[Example]):
    """What `load_examples` gives for a large file: the same examples, in the same order, with the same ids and splits.

    In memory are three numbers for each row and two for each example; texts are pages of a file, which processes share
    and the system takes back at will. An example takes some tens of microseconds to make for each of its rows.
    """

    def __init__(self, file: Path, rows: _Ints, starts: _Ints, ordinals: _Ints, splits: _Ints) -> None:
        """rows (R,) rows of the file by example; starts (N + 1,) of each example in `rows`; ordinals (N,) of its id;
        splits (N,) index into `_SPLITS`.
        """
        self.file, self.rows, self.starts, self.ordinals, self.splits = file, rows, starts, ordinals, splits
        self._batches = _opened(file)

    @classmethod
    def of(cls, examples: Iterable[Example], seed: int) -> Self:
        """Write the rows of a file and group them by photo. Raises UserError as `load_examples` does."""
        file = _new_file()
        facts = _write(file, examples)
        stored = cls(file, *facts.grouped())
        weakref.finalize(stored, _remove, file, os.getpid())
        stored._name(facts)
        stored._split(facts, seed)
        return stored

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
        number, rows = _NONE, list[dict[str, Any]]()

        def row(place: int) -> dict[str, Any]:
            batch, inside = divmod(place, _ROWS_OF_A_BATCH)
            return rows[inside] if batch == number else self._row(place)

        for index in indices:
            first = int(self.rows[self.starts[index]]) // _ROWS_OF_A_BATCH
            if first == number + 1 or number == _NONE:
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
        name = example.id or (example.image.name if ordinal == 1 else f"{example.image.name}#{ordinal}")
        split = int(self.splits[index])
        return replace(example, id=name, split=None if split == _NONE else _SPLITS[split])

    def _name(self, facts: "_Facts") -> None:
        """Number the examples of one image that have no id of their own. Raises UserError where two ids are equal."""
        first = self.rows[self.starts[:-1]]  # (N,)
        own, names = facts.ids[first], facts.names[first]  # (N,), (N,)
        self.ordinals[:] = np.where(own == 0, _occurrences(np.where(own == 0, names, np.arange(len(own)))), 1)
        again = np.flatnonzero((own == 0) & (self.ordinals > 1))
        ids = np.where(own == 0, names, own)
        ids[again] = [hash(self._made(int(index), self._row).id) for index in again]
        for index in np.flatnonzero(_occurrences(ids) > 1):
            with_ids([self[int(np.flatnonzero(ids == ids[index])[0])], self[int(index)]])

    def _split(self, facts: "_Facts", seed: int) -> None:
        """The file's splits, or drawn ones. Raises UserError where only some rows name one, or a group is in two."""
        first = self.rows[self.starts[:-1]]
        named, groups = facts.splits[first], facts.groups[first]
        self.splits[:] = named
        if (named == _NONE).all():
            drawn = np.empty(len(facts.splits), np.int8)  # (R,) by row, read batch by batch
            for number, batch in enumerate(self._batches):
                names = batch.column("group").to_pylist()
                start = number * _ROWS_OF_A_BATCH
                drawn[start : start + len(names)] = [_SPLITS.index(split_of(name, seed)) for name in names]
            self.splits[:] = drawn[first]
        elif (named == _NONE).any():
            with_splits([self[int(np.argmax(named != _NONE))], self[int(np.argmax(named == _NONE))]], seed)
        else:
            order = np.argsort(groups, kind="stable")
            crossing = np.flatnonzero((np.diff(groups[order]) == 0) & (np.diff(named[order]) != 0))
            for place in crossing:
                with_splits([self[int(order[place])], self[int(order[place + 1])]], seed)


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


class _Facts:
    """Of each row hashes of what examples are compared by; 0 for no id, -1 for no split."""

    def __init__(self) -> None:
        self._photos, self._names, self._ids, self._groups = (array("q") for _ in range(4))
        self._splits = array("b")

    def add(self, example: Example) -> None:
        photo = photo_of(example)
        self._photos.append(hash(photo) if photo else hash(("row", len(self._photos))))
        self._names.append(hash(example.image.name))
        self._ids.append(hash(example.id) if example.id else 0)
        self._groups.append(hash(example.group))
        self._splits.append(_SPLITS.index(example.split) if example.split else _NONE)

    names = property(lambda self: np.frombuffer(self._names, np.int64))
    ids = property(lambda self: np.frombuffer(self._ids, np.int64))
    groups = property(lambda self: np.frombuffer(self._groups, np.int64))
    splits = property(lambda self: np.frombuffer(self._splits, np.int8))

    def grouped(self) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
        """rows, starts, ordinals and splits of `StoredExamples`, the last two still to be filled."""
        photos = np.frombuffer(self._photos, np.int64)
        _, first, inverse = np.unique(photos, return_index=True, return_inverse=True)
        rank = np.empty(len(first), np.int64)
        rank[np.argsort(first)] = np.arange(len(first))  # examples stand where their first row stands
        rows = np.argsort(rank[inverse], kind="stable")
        starts = np.concatenate([[0], np.cumsum(np.bincount(rank[inverse], minlength=len(first)))])
        return rows, starts, np.ones(len(first), np.int64), np.full(len(first), _NONE, np.int8)


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
            *(("negative_images", pyarrow.list_(image)), ("group", text), ("split", text), ("meta", text)),
            ("where", text),
        ]
    )


def _write(file: Path, examples: Iterable[Example]) -> _Facts:
    import pyarrow

    facts, rows, schema = _Facts(), list[dict[str, Any]](), _schema()
    try:
        with pyarrow.OSFile(str(file), "wb") as sink, pyarrow.ipc.new_stream(sink, schema) as stream:
            for example in examples:
                facts.add(example)
                rows.append(_cells(example))
                if len(rows) == _ROWS_OF_A_BATCH:
                    stream.write_batch(pyarrow.RecordBatch.from_pylist(rows, schema))
                    rows.clear()
            if rows:
                stream.write_batch(pyarrow.RecordBatch.from_pylist(rows, schema))
    except OSError as error:
        file.unlink(missing_ok=True)
        raise UserError(
            f"cannot write the texts of a large data file: {reason(error)}",
            where=str(file),
            fix="free some space, or name a folder on another disk in the environment variable XDG_CACHE_HOME",
        ) from error
    except BaseException:
        file.unlink(missing_ok=True)
        raise
    return facts


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
        "meta": json.dumps(example.meta, default=str) if example.meta else "",
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
        meta=json.loads(row["meta"]) if row["meta"] else {},
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
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "semclip" / "rows"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob(f"{socket.gethostname()}-*.arrow"):  # of processes that were killed
        if not _runs(int(old.stem.rsplit("-", 2)[1])):
            old.unlink(missing_ok=True)
    return folder / f"{socket.gethostname()}-{os.getpid()}-{next(_numbers)}.arrow"


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
