"""Lists of photos beside the captions, one for each split: `Flickr_8k.trainImages.txt`, or `train.txt` of Flickr30k."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from semclip.core.counts import counted
from semclip.data.readers._text import numbered_lines
from semclip.data.readers.base import Place

_NAME = re.compile(r"(?:flickr_?\d+k[._-]?)?(train|dev|val|valid|validation|test)(?:_?images)?\.txt", re.IGNORECASE)
#: A photo in several lists is in the first of these: what is measured on must not be trained on.
_ORDER = ("test", "val", "train")


class SplitFiles:
    """The lists beside a file of captions. A line is a photo's name, with its suffix or without.

    Rows of photos that no list names are left out, as those who publish such lists do. `notes` tells of them, of photos
    in several lists, and of names without captions. A list of one split alone is told and not used.
    """

    def __init__(self, captions: Path) -> None:
        lists = {file: _split_and_names(file) for file in sorted(captions.parent.glob("*.txt")) if file != captions}
        found = {file: known for file, known in lists.items() if known}
        splits = {split for split, _ in found.values()}
        self.files = tuple(found) if "train" in splits and len(splits) > 1 else ()
        self._unused = () if self.files else tuple(found)
        self._split: dict[str, str] = {}
        self._several: list[str] = []
        for split, names in sorted((found[file] for file in self.files), key=lambda known: _ORDER.index(known[0])):
            for name in names:
                if self._split.setdefault(name, split) != split:
                    self._several.append(f"'{name}' ({self._split[name]} and {split})")
        self._with_captions = set[str]()
        self._left_out: dict[str, int] = {}

    def applied(self, rows: Iterable[tuple[Place, dict[str, Any]]]) -> Iterator[tuple[Place, dict[str, Any]]]:
        """The rows with the split that the lists name; all as they are where there are no lists."""
        for place, row in rows:
            name = _stem(str(row.get("image")))
            self._with_captions.add(name)
            if not self.files or "split" in row:
                yield place, row
            elif name in self._split:
                yield place, {**row, "split": self._split[name]}
            else:
                self._left_out[name] = self._left_out.get(name, 0) + 1

    def notes(self) -> list[str]:
        """After all rows: what the lists say and do not say."""
        notes = [f"splits are those of {', '.join(file.name for file in self.files)}"] if self.files else []
        if self._unused:
            names = ", ".join(file.name for file in self._unused)
            notes.append(f"{names} is not used: splits need a list of training photos and another one")
        if self._several:
            notes.append(
                f"{counted(len(self._several), 'photo')} in two lists, not trained on; first {self._several[0]}"
            )
        if self._left_out:
            rows = sum(self._left_out.values())
            few = f"{counted(len(self._left_out), 'photo')} ({counted(rows, 'caption')})"
            notes.append(f"{few} in none of these lists, left out; first '{next(iter(self._left_out))}'")
        unknown = [name for name in self._split if name not in self._with_captions]
        if unknown:
            notes.append(f"{counted(len(unknown), 'name')} in these lists without a caption; first '{unknown[0]}'")
        return notes


def _split_and_names(file: Path) -> tuple[str, list[str]] | None:
    """The split that a list is of, and its names; None for a file of another kind."""
    found = _NAME.fullmatch(file.name)
    if not found or not file.is_file():
        return None
    lines = [line.strip() for _, line in numbered_lines(file)]
    names = [_stem(line) for line in lines if line]
    if any(re.search(r"[\s,|]", line) for line in lines):
        return None  # captions, or a table
    split = found[1].lower()
    return ("train" if split == "train" else "test" if split == "test" else "val"), names


def _stem(name: str) -> str:
    return PurePosixPath(name).name.removesuffix(PurePosixPath(name).suffix)
