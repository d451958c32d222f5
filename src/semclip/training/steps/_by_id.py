"""Files with a list of texts or names for every example, read by id: never by line, so that nothing can shift."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from semclip.core.errors import UserError
from semclip.core.example import Example
from semclip.core.files import read_json
from semclip.data.readers.jsonl import Jsonl


@dataclass(frozen=True)
class Entry:
    """The entry of a file for one example. where: `file:row`, or `file, id '...'` in a file without rows."""

    value: Any
    where: str


def read_by_id(path: str | Path, column: str, examples: Sequence[Example]) -> tuple[list[Entry], str]:
    """One entry for each example, in their order; and a sentence on ids that no example has, "" where all are known.

    A `.json` file is one object `{id: value}`; a `.jsonl` file has lines `{"id": ..., column: value}`.
    Raises UserError, with counts and the first case, for malformed lines, repeated ids, and examples that the file does
    not name. Ids of no training example are no error: a file may well cover the other splits too.
    """
    path = Path(path).expanduser()
    entries = _json(path) if path.suffix == ".json" else _jsonl(path, column)
    ids = {example.id for example in examples}
    missing = [example for example in examples if example.id not in entries]
    if missing:
        raise UserError(
            f"{len(missing):,} of {len(examples):,} training examples are not in the file, first '{missing[0].id}'",
            where=f"{path} (example: {missing[0].where or missing[0].id})",
            fix="add them, with an empty list where there is nothing to say",
        )
    unknown = [id_ for id_ in entries if id_ not in ids]
    note = f"{len(unknown):,} of its ids belong to no training example, first '{unknown[0]}'" if unknown else ""
    return [entries[example.id] for example in examples], note


def texts_of(entry: Entry, what: str) -> list[str]:
    """The entry's value as a list of texts. Raises UserError for anything else."""
    value = [entry.value] if isinstance(entry.value, str) else entry.value
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise UserError(f"{what} must be a list of texts, found {entry.value!r:.60}", where=entry.where, fix="mend it")
    return value


def _json(path: Path) -> dict[str, Entry]:
    found = read_json(path)
    if not isinstance(found, dict):
        raise UserError(
            f"the file holds {type(found).__name__}, no object of ids", where=str(path), fix='write {"ID": [...], ...}'
        )
    return {id_: Entry(value, f"{path}, id '{id_}'") for id_, value in found.items()}


def _jsonl(path: Path, column: str) -> dict[str, Entry]:
    if not path.is_file():
        raise UserError("file not found", where=str(path), fix="check the path")
    entries: dict[str, Entry] = {}
    for number, row in Jsonl().rows(path):
        where = f"{path}:{number}"
        id_ = row.get("id")
        if isinstance(id_, bool) or not isinstance(id_, str | int) or column not in row:
            raise UserError(
                f"a line needs 'id' and '{column}', found {', '.join(row) or 'nothing'}",
                where=where,
                fix=f'write {{"id": ..., "{column}": [...]}}, one per line',
            )
        if str(id_) in entries:
            raise UserError(
                f"the id '{id_}' occurs twice, first at {entries[str(id_)].where}", where=where, fix="remove one"
            )
        entries[str(id_)] = Entry(row[column], where)
    return entries
