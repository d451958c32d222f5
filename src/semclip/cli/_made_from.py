"""What the results in a folder were made from, kept beside them: nothing made from anything else is written over."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from semclip.core.errors import UserError

FILE = "made_from.json"
#: Characters of a value in a message.
_SHOWN = 60


def claim(out: Path, made_from: Mapping[str, Any], writes: Sequence[str]) -> None:
    """Note in a folder what its results are made from, before the first of them is.

    writes: names of files and folders that will be written. Raises UserError where the folder holds results of
    something else, or such files of which nothing is known.
    """
    from semclip.core.files import read_json, write_json

    fix = "choose another --out, or delete this folder if nobody needs it"
    note = out / FILE
    found = [name for name in writes if (out / name).exists()]
    if note.is_file() and found:  # a note alone is left of a run that failed before its first result
        there = read_json(note)
        there = there if isinstance(there, dict) else {}
        coming = _plain(made_from)
        keys = [key for key in dict.fromkeys((*there, *coming)) if there.get(key) != coming.get(key)]
        if keys:
            said = "; ".join(f"{key} was {_shown(there.get(key))}, is {_shown(coming.get(key))}" for key in keys)
            raise UserError(f"the results here are made from something else: {said}", where=str(note), fix=fix)
        return
    if found:
        raise UserError(f"'{found[0]}' is there already, made from something else", where=str(out / found[0]), fix=fix)
    write_json(note, made_from)


def _plain(value: Any) -> Any:
    """As it is after being written as JSON and read again."""
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
