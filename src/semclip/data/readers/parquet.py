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
                    for row in batch.to_pylist():
                        number += 1
                        yield number, row
        except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
            raise UserError(
                f"cannot read the Parquet table: {error}",
                where=f"{path}:{number + 1}",
                fix="write the file again; it is damaged or no Parquet file",
            ) from error
