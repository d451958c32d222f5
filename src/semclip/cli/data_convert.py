"""`semclip data convert`: any data file as JSON lines or webdataset shards."""

from pathlib import Path
from typing import Annotated

import typer

from semclip.cli._options import Columns, Images, parse_columns
from semclip.cli.data_check import progress_bar
from semclip.core.counts import counted


def command(
    file: Annotated[Path, typer.Argument(help="Data file or folder in any format of `semclip list readers`.")],
    out: Annotated[Path, typer.Argument(help="NAME.jsonl, or a new folder for webdataset shards.")],
    images: Images = "",
    columns: Columns = "",
    shard_size: Annotated[int, typer.Option(min=1, help="Samples in a shard.")] = 10_000,
) -> None:
    """Write the data again, one line or sample for each photo with all its captions."""
    from semclip.core.console import make_console
    from semclip.data.convert import convert
    from semclip.data.load import DataConfig

    config = DataConfig(path=str(file), images=images, columns=parse_columns(columns))
    photos = convert(config, out, shard_size, progress_bar)
    make_console().print(f"{out}: {counted(photos, 'photo')}", soft_wrap=True, markup=False, highlight=False)
