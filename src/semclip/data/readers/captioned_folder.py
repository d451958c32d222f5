"""A folder with one file of captions in it, and the pictures in it or in a folder beside that file."""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from semclip.core.errors import UserError
from semclip.core.rows import reader_for, where_of
from semclip.data.nearby import folders_of_texts
from semclip.data.readers._pictures import TEXT_SUFFIXES, is_picture, walk
from semclip.data.readers._split_files import SplitFiles
from semclip.data.readers.base import Place, Reader


class CaptionedFolder(Reader):
    """Flickr8k, Flickr30k and many others come as `captions.txt` beside `Images/`. A row's place is that in the file.

    Of several files that could be it none is taken: the user names one.
    """

    rank = 4  # texts beside their pictures go first

    @classmethod
    def reads(cls, path: Path) -> bool:
        return path.is_dir() and bool(_captions_files(path))

    def rows(self, path: Path) -> Iterator[tuple[Place, dict[str, Any]]]:
        file = _only(path)
        for place, row in reader_for(file, self.bad_row).rows(file):
            yield where_of(file, place).removeprefix(str(path)), row

    def skipped(self, path: Path) -> list[Path]:
        file = _only(path)
        read = {file, *SplitFiles(file).files}
        return [
            folder / name
            for folder, names in walk(path)
            for name in names
            if folder / name not in read and not is_picture(folder / name)
        ]

    def notes(self, path: Path) -> list[str]:
        file = _only(path)
        return [f"captions are read from {file}", *reader_for(file).notes(file)]


def _only(path: Path) -> Path:
    files = _captions_files(path)
    if len(files) > 1:
        names = ", ".join(str(file.relative_to(path)) for file in files[:8])
        fix = f"name the one that is meant, for example {files[0]}"
        if all(file.suffix == ".jsonl" and file.parent == path for file in files):
            fix += (
                f"; if they are parts of one set, `cat {shlex.quote(str(path))}/*.jsonl > all.jsonl` puts them together"
            )
        raise UserError(f"{len(files)} files in the folder may hold the captions: {names}", where=str(path), fix=fix)
    return files[0]


def _captions_files(path: Path) -> list[Path]:
    """Files that a reader takes, in the folder itself or in those of texts in it.

    Those whose first row has an image and a text; where there is none, those that cannot be read and say why not.
    """
    found, broken = [], []
    for folder in (path, *folders_of_texts(path)):
        for file in sorted(folder.glob("*")):
            if file.is_file() and file.suffix.lower() in TEXT_SUFFIXES and not file.name.startswith("."):
                try:
                    reader = reader_for(file)
                except UserError:
                    continue  # a text in no format that lists pictures
                try:
                    if _names_pictures(reader, file):
                        found.append(file)
                except UserError:
                    broken.append(file)
    return [file for file in found if not _is_of_lemmas(file, found)] or broken


def _is_of_lemmas(file: Path, others: list[Path]) -> bool:
    """Whether a file holds the captions of another in their base forms, as `Flickr8k.lemma.token.txt` does."""
    return ".lemma" in file.name and file.with_name(file.name.replace(".lemma", "")) in others


def _names_pictures(reader: Reader, file: Path) -> bool:
    """Whether the first row has an image and a text. Raises UserError for a file that cannot be read."""
    from semclip.data.columns import means

    first = next(iter(reader.rows(file)), None)
    fields = {means(name) for name in first[1]} if first else set()
    return "image" in fields and bool(fields & {"caption", "captions"})
