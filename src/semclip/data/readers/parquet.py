"""Apache Parquet tables, .parquet, read in batches."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from semclip.core.errors import UserError
from semclip.data.readers.base import Reader

_ROWS_AT_ONCE = 1024


class Parquet(Reader):
    """The row number counts from 1."""

    suffixes = (".parquet",)

    def rows(self, path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
        import pyarrow
        import pyarrow.parquet

        number = 0
        try:
            with pyarrow.parquet.ParquetFile(path) as file:
                names = file.schema_arrow.names
                twice = {name for name in names if names.count(name) > 1}
                if twice:
                    raise UserError(f"two columns are called '{min(twice)}'", where=str(path), fix="rename one of them")
                for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE):
                    for row in _rows_of(batch, path, number):
                        number += 1
                        yield number, row
        except (pyarrow.ArrowException, OSError, UnicodeDecodeError, MemoryError) as error:
            raise UserError(
                f"cannot read the Parquet table: {' '.join(str(error).split())[:300]}",
                where=f"{path}:{number + 1}",
                fix="write the file again; it is damaged or no Parquet file",
            ) from error


def _rows_of(batch: Any, path: Path, before: int) -> list[dict[str, Any]]:
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
