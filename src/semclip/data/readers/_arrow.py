"""Rows of Arrow files, read through a memory map: pictures stay where they are in the file."""

import hashlib
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from semclip.core.caches import ELSEWHERE, cache_folder
from semclip.core.errors import UserError
from semclip.core.example import ImageRef
from semclip.core.files import write_atomic

if TYPE_CHECKING:
    import pyarrow

_ROWS_AT_ONCE = 512
#: Bytes at both ends of a picture that, with its length, tell it from nearly every other.
_ENDS = 2048
_DAMAGED = "write the file again; it is damaged, cut short or of another format"


class Pictures:
    """The pictures of one data set: one reference for equal bytes, so that all rows of a photo name one image."""

    def __init__(self) -> None:
        self._alone: dict[bytes, ImageRef | None] = {}  # by length and ends; None: told from others by content
        self._by_content: dict[bytes, ImageRef] = {}
        self._names: set[str] = set()

    def ref(self, file: Path, prefix: str, name: str, span: tuple[int, int], content: memoryview) -> ImageRef:
        """prefix/name is the image's name; where another photo has it, a number is added.

        Whole pictures are read only where another has the same length and ends: rarely, unless they are the same.
        """
        ends = _digest(str(len(content)).encode(), content[:_ENDS], content[-_ENDS:])
        if ends not in self._alone:
            self._alone[ends] = new = self._new(file, prefix, name, span)
            return new
        first = self._alone[ends]
        if first is not None:
            self._alone[ends] = None
            self._by_content[_digest(first.open().read())] = first
        key = _digest(content)
        if key not in self._by_content:
            self._by_content[key] = self._new(file, prefix, name, span)
        return self._by_content[key]

    def _new(self, file: Path, prefix: str, name: str, span: tuple[int, int]) -> ImageRef:
        unique, number = f"{prefix}/{name}", 1
        while unique in self._names:
            number += 1
            unique = f"{prefix}/{name}#{number}"
        self._names.add(unique)
        return ImageRef(unique, file, span=span)


def _digest(*parts: bytes | memoryview) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        digest.update(part)
    return digest.digest()


def image_columns(schema: "pyarrow.Schema") -> list[str]:
    """Columns that hold pictures: `datasets`' struct of bytes and path, or bytes under a name that means the image."""
    import pyarrow

    from semclip.data.columns import means

    def holds(field: "pyarrow.Field") -> bool:
        kind = field.type
        if pyarrow.types.is_struct(kind):
            return kind.get_field_index("bytes") >= 0
        return (pyarrow.types.is_binary(kind) or pyarrow.types.is_large_binary(kind)) and means(field.name) in (
            "image",
            "negative_images",
        )

    return [field.name for field in schema if holds(field)]


def refuse_two_of_a_name(names: Sequence[str], path: Path) -> None:
    """Raise UserError where two columns have one name: one would be lost."""
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise UserError(f"two columns are called '{min(twice)}'", where=str(path), fix="rename one of them")


def arrow_rows(file: Path, pictures: Pictures, origin: Path | None = None) -> Iterator[tuple[int, dict[str, Any]]]:
    """(number from 1, row) of an Arrow file (stream or file format); pictures as references into it.

    origin: the file that messages and image names are about, where `file` was unpacked from it.
    """
    import pyarrow

    origin = origin or file
    number = 0
    try:
        with pyarrow.memory_map(str(file)) as source:
            whole = source.read_buffer()
            source.seek(0)
            for batch in _batches(source, whole):
                if number == 0:
                    refuse_two_of_a_name(batch.schema.names, origin)
                images = image_columns(batch.schema)
                plain = batch.drop_columns(images) if images else batch
                for start in range(0, len(batch), _ROWS_AT_ONCE):
                    part = batch.slice(start, _ROWS_AT_ONCE)
                    rows = (
                        python_rows(plain.slice(start, _ROWS_AT_ONCE), origin, number)
                        if plain.num_columns
                        else [{} for _ in part]
                    )
                    found = {name: _refs(part.column(name), whole, file, origin.name, number, pictures)
                             for name in images}  # fmt: skip
                    for position, row in enumerate(rows):
                        number += 1
                        yield number, row | {name: refs[position] for name, refs in found.items()}
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError, MemoryError) as error:
        what = f"cannot read the Arrow table: {' '.join(str(error).split())[:300]}"
        raise UserError(what, f"{origin}:{number + 1}", _DAMAGED) from error


def _batches(source: Any, whole: "pyarrow.Buffer") -> Iterator["pyarrow.RecordBatch"]:
    import pyarrow

    if whole.slice(0, 6).to_pybytes() == b"ARROW1":
        with pyarrow.ipc.open_file(source) as table:
            for index in range(table.num_record_batches):
                yield table.get_batch(index)
    else:
        with pyarrow.ipc.open_stream(source) as stream:
            yield from stream


def _refs(
    column: "pyarrow.Array", whole: "pyarrow.Buffer", file: Path, prefix: str, number: int, pictures: Pictures
) -> list[ImageRef | str | None]:
    """A picture's reference into the file, the path where the row only has one, None where it has neither."""
    import pyarrow

    if pyarrow.types.is_struct(column.type):
        content = column.field("bytes")
        paths = column.field("path").to_pylist() if column.type.get_field_index("path") >= 0 else [None] * len(column)
    else:
        content, paths = column, [None] * len(column)
    there = [c and s for c, s in zip(content.is_valid().to_pylist(), column.is_valid().to_pylist(), strict=True)]
    wide = pyarrow.types.is_large_binary(content.type)
    _, ends, data = content.buffers()
    if data is None or not any(there):
        return list(paths)
    if not whole.address <= data.address <= whole.address + whole.size - data.size:
        raise UserError(
            "the pictures in the Arrow file are compressed, so none can be read alone",
            where=str(file),
            fix="write it without compression, or as Parquet",
        )
    offsets = np.frombuffer(ends, np.int64 if wide else np.int32)[content.offset : content.offset + len(content) + 1]
    view = memoryview(data)
    refs: list[ImageRef | str | None] = []
    for position, path in enumerate(paths):
        if there[position]:
            start, end = int(offsets[position]), int(offsets[position + 1])
            name = Path(path).name if path else f"{number + position + 1:08}"
            span = (data.address - whole.address + start, end - start)
            refs.append(pictures.ref(file, prefix, name, span, view[start:end]))
        else:
            refs.append(path)
    return refs


def python_rows(batch: Any, path: Path, before: int) -> list[dict[str, Any]]:
    """The rows of a batch. Times become texts: Python's own know no nanoseconds, and end with the year 9999."""
    import pyarrow

    for place, field in enumerate(batch.schema):
        if pyarrow.types.is_temporal(field.type):
            try:
                texts = batch.column(place).cast(pyarrow.string())
            except pyarrow.ArrowException:  # a time zone that this machine does not know
                texts = batch.column(place).cast(pyarrow.int64()).cast(pyarrow.string())
            batch = batch.set_column(place, field.name, texts)
    try:
        rows: list[dict[str, Any]] = batch.to_pylist()
        return rows
    except (ValueError, OverflowError) as error:  # a time inside a list or a structure
        row, column = _unreadable_cell(batch)
        raise UserError(
            f"the value in '{column}' is none that Python can hold: {str(error)[:200]}",
            where=f"{path}:{before + row + 1}",
            fix="remove the column, or write its values as texts",
        ) from error


def _unreadable_cell(batch: Any) -> tuple[int, str]:
    for row in range(batch.num_rows):
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            try:
                column[row].as_py()
            except (ValueError, OverflowError):
                return row, name
    return 0, batch.schema.names[0]


def unpacked(path: Path) -> Path:
    """The rows of a Parquet file with pictures as an Arrow file in the cache, written where it is not there yet.

    Parquet packs pictures in pages of many, so none can be read alone. Raises UserError where the disk is too full.
    """
    import pyarrow.parquet

    status = path.stat()
    key = hashlib.sha256(f"{path.resolve()} {status.st_size} {status.st_mtime_ns}".encode()).hexdigest()[:24]
    cache = cache_folder("pictures")
    target = cache / f"{path.stem}-{key}.arrow"
    if target.is_file():
        return target
    if shutil.disk_usage(cache).free < 1.1 * status.st_size:
        raise UserError(
            f"unpacking the pictures of {path.name} takes {status.st_size / 1e9:.1f} GB, more than is free",
            where=str(cache),
            fix=ELSEWHERE,
        )
    print(f"note: the pictures of {path.name} are unpacked once, into {target}", file=sys.stderr)

    def write(temporary: Path) -> None:
        with (
            pyarrow.parquet.ParquetFile(path) as table,
            pyarrow.OSFile(str(temporary), "wb") as file,
            pyarrow.ipc.new_stream(file, table.schema_arrow) as stream,
        ):
            for batch in table.iter_batches(batch_size=_ROWS_AT_ONCE):
                stream.write_batch(batch)

    write_atomic(target, write)
    return target
