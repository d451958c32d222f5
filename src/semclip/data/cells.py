"""Cells of a data file: what a table's or a JSON row's cell holds, as texts, names, a split, or parallel lists.

Every function takes the cell, the column it stands in and where it is (`file:row`), and refuses what it cannot be.
"""

import ast
import re
from collections.abc import Mapping, Sequence
from typing import Any

from semclip.core.errors import UserError, did_you_mean
from semclip.core.parsing import parse_json

#: Where a cell holds an object instead of a text, what of it is the text: Karpathy's sentences.
_TEXT_KEYS = ("raw", "caption", "text")
#: Characters; a longer text is a broken file (two quotes missing) and no caption.
LONGEST_TEXT = 10_000

#: Characters of a name: of a file with its folders, a group, an id. No system takes longer paths.
LONGEST_NAME = 4096

_NO_TEXT = re.compile("[\0\ud800-\udfff]")

_SPLITS = {
    **dict.fromkeys(("train", "training", "restval"), "train"),  # restval: Karpathy's
    **dict.fromkeys(("val", "valid", "validation", "dev"), "val"),
    **dict.fromkeys(("test", "testing"), "test"),
}


class EmptyTextError(UserError):
    """A row without what it must have: its caption or its image, or a text that holds nothing."""


class LongTextError(UserError):
    """A text cell far too long for a caption."""


def text_of(cell: Any, column: str, where: str) -> str:
    if isinstance(cell, Mapping):
        cell = next((cell[key] for key in _TEXT_KEYS if isinstance(cell.get(key), str)), cell)
    if cell is None or cell == "":
        raise EmptyTextError(f"empty text in '{column}'", where=where, fix="write the text or remove the row")
    if not isinstance(cell, str):
        raise UserError(f"'{column}' must be a text, found {_shown(cell)}", where=where, fix="write a text")
    text = cell.strip()
    if not text:
        raise EmptyTextError(f"empty text in '{column}'", where=where, fix="write the text or remove the row")
    refuse_no_text(text, column, where, allowed="\0")
    if len(text) > LONGEST_TEXT:
        raise LongTextError(
            f"'{column}' is {len(text):,} characters long, more than {LONGEST_TEXT:,}: {text[:40]!r}...",
            where=where,
            fix="shorten the text; a missing closing quote can run many rows together",
        )
    return text


def texts_of(cell: Any, column: str, where: str) -> tuple[str, ...]:
    """Texts of a cell that may hold several: nothing, one text, a list, or a list written out in a table's cell."""
    if isinstance(cell, str) and not cell.strip():
        return ()
    return tuple(text_of(item, column, where) for item in _items(cell, column, where))


def _items(cell: Any, column: str, where: str) -> Sequence[Any]:
    if cell is None:
        return ()
    if isinstance(cell, str):
        text = cell.strip()
        return _written_list(text, column, where) if text.startswith("[") and text.endswith("]") else (cell,)
    return cell if isinstance(cell, list | tuple) else (cell,)


def list_in(text: str, column: str, where: str) -> Any:
    """The list that a table's cell holds as text, None for an empty cell; any other text as it is."""
    return _written_list(text, column, where) if text.startswith("[") and text.endswith("]") else text or None


def _written_list(text: str, column: str, where: str) -> list[Any]:
    """A list in a table's cell, as JSON or as Python prints one (published tables hold both)."""
    fix = 'write ["one", "two"]'
    try:
        return list(parse_json(text, where, fix))
    except UserError as error:
        try:
            if len(text) > LONGEST_TEXT:  # Python's parser can fall over a long one
                raise ValueError
            return list(ast.literal_eval(text))
        except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
            what = f"'{column}' looks like a list but is none: {text[:60]!r} ({error.what})"
            raise UserError(what, where=where, fix=fix) from None


def name_of(cell: Any, column: str, where: str) -> str:
    """A file name, group or id as text; numbers are accepted. "" where the cell is empty."""
    if cell is None:
        return ""
    if isinstance(cell, bool) or not isinstance(cell, str | int):
        raise UserError(f"'{column}' must be a name, found {_shown(cell)}", where=where, fix="write a text or a number")
    name = str(cell).strip()
    refuse_no_text(name, column, where)
    if len(name) > LONGEST_NAME:
        what = f"the name in '{column}' is {len(name):,} characters long, more than {LONGEST_NAME:,}: {name[:40]!r}..."
        raise LongTextError(what, where=where, fix="shorten it; a missing closing quote can run many rows together")
    return name


def refuse_no_text(text: str, column: str, where: str, allowed: str = "") -> None:
    """Refuse what is no text, though Python holds it in one: it cannot be saved, and no file's name can hold NUL."""
    found = next((match for match in _NO_TEXT.finditer(text) if match[0] not in allowed), None)
    if found:
        what = "a NUL character" if found[0] == "\0" else "half a character (a lone surrogate, as of a name in Latin-1)"
        at = f"at position {found.start() + 1:,} of '{column}'"
        raise UserError(f"{what} {at}", where=where, fix="remove it; rename the file where it is in a file's name")


def names_of(cell: Any, column: str, where: str) -> tuple[str, ...]:
    """Names of a cell that may hold several, as `texts_of` reads texts; an empty one among several is refused."""
    names = tuple(name_of(item, column, where) for item in _items(cell, column, where))
    if names == ("",):
        return ()
    if "" in names:
        raise EmptyTextError(f"empty name in '{column}'", where=where, fix="write the name; the list may end early")
    return names


def split_of(cell: Any, where: str) -> str | None:
    name = name_of(cell, "split", where)
    if name and name.lower() not in _SPLITS:
        raise UserError(f"unknown split '{name[:60]}'", where=where, fix=did_you_mean(name, _SPLITS))
    return _SPLITS[name.lower()] if name else None


def parallel_lists(cells: Mapping[str, Any], view: str, count: int, captions: int, where: str) -> dict[str, list[Any]]:
    """`VIEW_kinds` and `VIEW_of` as lists as long as the view's texts; left out where the row has none."""
    found: dict[str, list[Any]] = {}
    for field, kind in ((f"{view}_kinds", str), (f"{view}_of", int)):
        cell = cells.get(field)
        items = [] if cell == "" else list(_items(cell, field, where))
        if kind is int:
            items = [int(i) if isinstance(i, str) and len(i) < 10 and i.strip().isdecimal() else i for i in items]
        if not items and not (count == 0 and field in cells):
            continue
        if len(items) != count:
            raise UserError(
                f"'{field}' has {len(items)} entries for {count} {view}s", where=where, fix=f"one for each {view}"
            )
        wrong = [item for item in items if isinstance(item, bool) or not isinstance(item, kind)]
        if wrong:
            expected = "a text" if kind is str else "a number"
            raise UserError(
                f"'{field}' must hold {expected} each, found {_shown(wrong[0])}", where=where, fix="mend it"
            )
        if kind is int and any(not 0 <= item < captions for item in items):
            raise UserError(
                f"'{field}' points outside the {captions} texts it counts in: {items!r:.80}",
                where=where,
                fix="0 is the caption; then come the other captions or, but for 'paraphrase_of', the paraphrases",
            )
        found[field] = items
    return found


def _shown(cell: Any) -> str:
    return f"{type(cell).__name__} {repr(cell)[:60]}"
