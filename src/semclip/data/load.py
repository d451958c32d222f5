"""From a data file to Examples: read rows, parse columns, assign ids and splits."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path

from semclip.core.addresses import refuse_address
from semclip.core.errors import UserError
from semclip.core.example import Example
from semclip.data.columns import RowParser
from semclip.data.ids import with_ids
from semclip.data.incomplete import IncompleteRows
from semclip.data.one_per_photo import one_per_photo
from semclip.data.readers.base import say
from semclip.data.splits import with_splits
from semclip.data.stored import StoredExamples, keep

#: Rows of a file whose examples are held as they are, in about 1 KB each.
ROWS_IN_MEMORY = 200_000


@dataclass(frozen=True, kw_only=True)
class DataConfig:
    """Where the data is and what its columns are called: the section `data:` of a config.

    root:    prefix of relative `path` and `images`.
    images:  folder that image names are relative to; "" is the folder of the data file, or one near it that holds the
             first photos.
    columns: our name -> column in the file, where the file's own names are not understood.
    seed:    for splitting a file that names no splits.
    validation: proportion of the training groups to hold out as the split `val`, for data that have none; 0: none.
    """

    path: str
    root: str = ""
    images: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    seed: int = 0
    validation: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.validation < 1:
            raise UserError(
                f"data.validation: {self.validation} is no proportion",
                where="data.validation",
                fix="set data.validation=0.1, or 0",
            )
        for name in ("root", "path", "images"):
            refuse_address(getattr(self, name), where=f"data.{name}")


def data_file(config: DataConfig) -> Path:
    """The data file (or folder of class folders) that a config names."""
    return Path(config.root).expanduser() / Path(config.path).expanduser()


def image_folder(config: DataConfig) -> Path:
    """The folder that image names are relative to."""
    if config.images:
        return Path(config.root).expanduser() / Path(config.images).expanduser()
    path = data_file(config)
    return path if path.is_dir() else path.parent


def load_examples(config: DataConfig, incomplete: IncompleteRows | None = None) -> Sequence[Example]:
    """All examples of a data file, each with an id and a split; images are not opened.

    Rows of one photo that hold captions only are one example (`one_per_photo`).
    incomplete: takes note of rows that lack their caption or image; without it they are told on stderr.
    Raises UserError, with `file:row`, for anything malformed, two equal ids, or a group that crosses splits.
    """
    path = data_file(config)
    parser = row_parser(config)
    left_out = incomplete or IncompleteRows()
    _, photos = rows_and_photos(left_out.examples(path, parser))
    examples = with_splits(with_ids(photos), config.seed, config.validation)
    for note in (*parser.notes(), *([] if incomplete else filter(None, [left_out.sentence(path)]))):
        say(f"{path.name}: {note}")
    return examples


def rows_and_photos(rows: Iterable[Example]) -> tuple[Sequence[Example], Sequence[Example]]:
    """The rows of a file, and those of one photo as one example (`one_per_photo`), with ids and splits as they are.

    More than `ROWS_IN_MEMORY` are stored in the cache, and made when asked for (`data.stored`).
    """
    rows = iter(rows)
    held = list(islice(rows, ROWS_IN_MEMORY))
    return StoredExamples.of(chain(held, rows)) if len(held) == ROWS_IN_MEMORY else (held, one_per_photo(held))


def row_parser(config: DataConfig) -> RowParser:
    """What turns the rows of the data file into Examples."""
    return RowParser(config.columns, image_folder(config), look_around=not config.images)


def select(examples: Sequence[Example], split: str) -> Sequence[Example]:
    """The examples of one split; "all" is every one. Raises UserError, with the splits there are, when none is."""
    chosen = keep(examples, lambda example: split in ("all", example.split))
    if not chosen:
        there = Counter(example.split for example in examples)
        counts = ", ".join(f"{name}: {count}" for name, count in there.items()) or "no examples at all"
        raise UserError(
            f"no example in split '{split}'",
            where=examples[0].where.rpartition(":")[0] if examples else "",
            fix=f"the data has {counts}: give one of these or 'all' to a command with --split; for one without, write "
            f"'{split}' into the column `split` of some rows",
        )
    return chosen
