"""A JSON file read item by item, so that a file larger than memory is read as well and an error can name the item.

Not the library ijson: it keeps a path for every open bracket, so a file of 100,000 brackets takes all memory, and its
errors do not say which item they are in.
"""

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from semclip.core.errors import UserError
from semclip.core.files import reason
from semclip.core.parsing import parse_json_at
from semclip.data.readers._text import HOW_TO_RECODE

_FIRST_READ, _READ = 1 << 16, 1 << 20
#: Characters of one item; a larger one is no row, and would have to be held as a whole.
_LARGEST_ITEM = 1 << 26
_WHITE = re.compile(r"[ \t\n\r]*")
#: Items looked at to tell what a file is.
_LOOKED_AT = 1_000


@dataclass(frozen=True, slots=True)
class Item:
    """key: of the top-level object, "" in a top-level list. index: in the list, None for a value that is no list."""

    key: str
    index: int | None
    value: Any

    @property
    def place(self) -> str:
        """What stands behind the file's name in a message."""
        return f":{self.key}" if self.index is None else f":{self.key}[{self.index}]"


def items(path: Path) -> Iterator[Item]:
    """The items of a top-level list, or the values of a top-level object, those of its lists one by one.

    Raises UserError, with `file:key[index]`, for what is no JSON, not UTF-8, nested too deeply or cut short.
    """
    try:
        with path.open("rb") as file:
            yield from _Scanner(path, file).items()
    except (OSError, ValueError) as error:
        raise UserError(f"cannot read the file: {reason(error)}", where=str(path), fix="check it") from error


def first_items(path: Path) -> dict[str, Any]:
    """Key -> first value or list item under it, "" for a top-level list; as far as the beginning of the file shows."""
    found: dict[str, Any] = {}
    try:
        for number, item in enumerate(items(path)):
            found.setdefault(item.key, item.value)
            if number >= _LOOKED_AT:
                break
    except UserError:
        pass  # whoever reads the file reports it with its place
    return found


def is_lines(path: Path) -> bool:
    """Whether a file holds one JSON object per line: two objects with nothing but white space between them."""
    try:
        with path.open("rb") as file:
            start = file.read(_READ).decode("utf-8-sig", "replace")
        begin = _white(start, 0)
        _, end = json.JSONDecoder().raw_decode(start, begin)
    except (OSError, ValueError, RecursionError):
        return False
    return start[begin : begin + 1] == "{" and start[_white(start, end) :].startswith("{")


class _Scanner:
    """A window on the text: `json` decodes one value at a time, and more is read where it ends too early."""

    def __init__(self, path: Path, file: Any) -> None:
        self.path, self.file = path, file
        self.decode_bytes = codecs.getincrementaldecoder("utf-8-sig")()
        self.text, self.at, self.ended = "", 0, False
        self.place = ""  # of the item being read

    def items(self) -> Iterator[Item]:
        first = self._next()
        if first == "[":
            yield from self._list("")
        elif first == "{":
            yield from self._object()
        elif first:
            raise self._malformed("a list or an object must come first")
        if self._next():
            raise self._malformed("something follows the end")

    def _object(self) -> Iterator[Item]:
        self.at += 1
        if self._next() == "}":
            self.at += 1
            return
        while True:
            if self._next() != '"':
                raise self._malformed("a key in double quotes is missing")
            key = self._value()
            self.place = f":{key}"[:200]
            if self._next() != ":":
                raise self._malformed("':' is missing after the key")
            self.at += 1
            if self._next() == "[":
                yield from self._list(key)
            else:
                yield Item(key, None, self._value())
            if self._step("}"):
                return

    def _list(self, key: str) -> Iterator[Item]:
        self.at += 1
        index = 0
        if self._next() == "]":
            self.at += 1
            return
        while True:
            self.place = f":{key}[{index}]"
            yield Item(key, index, self._value())
            index += 1
            if self._step("]"):
                return

    def _step(self, end: str) -> bool:
        """Past a comma, or past the end of the list or object, which is said."""
        mark = self._next()
        if mark not in (",", end):
            raise self._malformed("the file is cut short" if not mark else f"',' or '{end}' is missing after the value")
        self.at += 1
        return mark == end

    def _next(self) -> str:
        """The next character that is no white space, "" at the end of the file."""
        while True:
            self.at = _white(self.text, self.at)
            if self.at < len(self.text):
                return self.text[self.at]
            if not self._read():
                return ""

    def _value(self) -> Any:
        self._next()
        while True:
            try:
                value, end = parse_json_at(self.text, self.at)
            except json.JSONDecodeError as error:
                cut = error.pos >= len(self.text.rstrip()) or error.msg.startswith("Unterminated")
                if not self._read():
                    raise self._malformed("the file is cut short" if cut else error.msg) from None
            except ValueError as error:  # nested too deeply, a number of thousands of digits, NaN
                raise self._malformed(str(error)) from None
            else:
                if end < len(self.text) or not self._read():  # a number may go on in what is not read yet
                    self.at = end
                    return value

    def _read(self) -> bool:
        """More of the file behind what is not used yet. False at the end of the file."""
        if self.ended:
            return False
        rest = self.text[self.at :]
        if len(rest) > _LARGEST_ITEM:
            raise self._malformed(f"one value of more than {_LARGEST_ITEM:,} characters, or a quote is missing")
        # As much again as is left: an item of many reads would otherwise be decoded once for each.
        data = self.file.read(max(_READ, len(rest)) if self.at or rest else _FIRST_READ)
        try:
            more = self.decode_bytes.decode(data, final=not data)
        except UnicodeDecodeError as error:
            raise UserError(
                f"not UTF-8: {error.reason}",
                where=f"{self.path}{self.place}",
                fix=HOW_TO_RECODE,
            ) from None
        self.text, self.at, self.ended = rest + more, 0, not data
        return not self.ended

    def _malformed(self, what: str) -> UserError:
        return UserError(
            f"not valid JSON: {what}",
            where=f"{self.path}{self.place}",
            fix="mend it there or write the file again; `python -m json.tool FILE` shows the line",
        )


def _white(text: str, at: int) -> int:
    found = _WHITE.match(text, at)
    return found.end() if found else at
