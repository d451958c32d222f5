"""Flickr8k and Flickr30k captions: `.token` (NAME#0, tab, caption), `results.csv` (with |), `captions.txt`."""

import re
from collections import deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from semclip.core.errors import UserError
from semclip.data.readers._pictures import IMAGE_SUFFIXES
from semclip.data.readers._split_files import SplitFiles
from semclip.data.readers._text import numbered_lines
from semclip.data.readers.base import Place, Reader, say
from semclip.data.readers.csv import Csv

_NAME = rf"[^\t|,]*?(?:{'|'.join(re.escape(suffix) for suffix in IMAGE_SUFFIXES)})"
#: A name, the caption's number where it has one, and the caption. One published line of Flickr30k has no | behind the
#: number ("2199200615.jpg| 4   A dog runs ..."), some names of Flickr8k go on after .jpg ("... .jpg.1#0").
_TOKEN = re.compile(rf"\s*(?P<image>{_NAME}(?:\.\d+)?)#(?P<number>\d+)\s+(?P<caption>.*)", re.IGNORECASE)
_BAR = re.compile(rf"\s*(?P<image>{_NAME})\s*\|\s*(?P<number>\d+)(?:\s*\||\s\s)\s*(?P<caption>.*)", re.IGNORECASE)
#: What follows the name is no caption's number: Flickr8k's judgements name a photo and a caption of another.
_PLAIN = re.compile(rf"\s*(?P<image>{_NAME})\s*(?:\t|\||,)\s*(?!\S+#\d+\s)(?P<caption>.*)", re.IGNORECASE)
_FORMS = (_TOKEN, _BAR, _PLAIN)
_HEADER = re.compile(r"\s*[a-z_ ]+\s*[|,\t]\s*[a-z_ |,\t]+", re.IGNORECASE)


class Flickr(Reader):
    """A row is a line, its number that of the line. A first line of column names is no row.

    `.txt` files of such lines are read as well, and those of a table with column names (`captions.txt` of Flickr8k,
    `image,caption`) as the table they are. Lists of photos beside the file are its splits (`SplitFiles`).
    """

    suffixes = (".token", ".txt", ".csv")

    @classmethod
    def reads(cls, path: Path) -> bool:
        suffix = path.suffix.lower()
        if not path.is_file() or suffix not in cls.suffixes:
            return False
        return suffix == ".token" or _form(path) is not None or (suffix == ".txt" and _is_table(path))

    def rows(self, path: Path) -> Iterator[tuple[Place, dict[str, Any]]]:
        splits = SplitFiles(path)
        yield from splits.applied(self._lines(path))
        for note in splits.notes():
            say(f"{path.name}: {note}")

    def notes(self, path: Path) -> list[str]:
        splits = SplitFiles(path)
        deque(splits.applied(Flickr(lambda error: None)._lines(path)), maxlen=0)
        return splits.notes()

    def _lines(self, path: Path) -> Iterator[tuple[Place, dict[str, Any]]]:
        form = _form(path)
        if form is None and _is_table(path):
            yield from Csv(self.bad_row).rows(path)
            return
        for number, line in numbered_lines(path):
            found = (form or _TOKEN).fullmatch(line.rstrip("\r\n"))
            if found:
                yield number, {"image": found["image"].strip(), "caption": found["caption"].strip()}
            elif line.strip() and not (number == 1 and _HEADER.fullmatch(line.strip())):
                fix = {_BAR: "write `1.jpg| 0| a cat`", _PLAIN: "write `1.jpg`, a tab and the caption"}
                self.bad_row(
                    UserError(
                        f"no line of a photo's name and its caption: {line.strip()[:60]!r}",
                        where=f"{path}:{number}",
                        fix=fix.get(form or _TOKEN, "write `1.jpg#0`, a tab and the caption"),
                    )
                )


def _form(path: Path) -> re.Pattern[str] | None:
    """The form that the first lines have: one of bars in a .csv, any in other files."""
    forms = (_BAR,) if path.suffix.lower() == ".csv" else _FORMS
    try:
        lines = [line.rstrip("\r\n") for _, line in islice(numbered_lines(path), 6) if line.strip()]
    except UserError:
        return None
    body = lines[1:] if lines and _HEADER.fullmatch(lines[0]) else lines
    if len(body) < len(lines) and path.suffix.lower() == ".csv" and lines[0].count("|") != 2:
        return None  # a table of other columns
    fits = (form for form in forms if body and all(form.fullmatch(line) for line in body[:5]))
    # A table with names of columns is read as one: it may have quotes, and more columns.
    found = next(fits, None)
    return None if found is _PLAIN and len(body) < len(lines) and _is_table(path) else found


def _is_table(path: Path) -> bool:
    """Whether the first line names columns, an image and a caption among them."""
    from semclip.data.columns import means

    first = next((line for _, line in islice(numbered_lines(path), 1)), "")
    for separator in ("\t", "|", ";", ","):
        fields = {means(name) for name in first.strip().split(separator)}
        if "image" in fields and fields & {"caption", "captions"}:
            return True
    return False
