"""A folder of pictures with their texts beside them: NAME.jpg with NAME.txt, NAME.caption or NAME.json."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from semclip.core.counts import counted
from semclip.core.errors import UserError
from semclip.core.parsing import parse_json
from semclip.data.readers._pictures import is_picture, is_split, walk
from semclip.data.readers._text import captions_of, read_text
from semclip.data.readers.base import Place, Reader

#: Suffixes of texts; the first that a picture has is its caption.
_TEXTS = (".txt", ".caption", ".captions")


class Sidecars(Reader):
    """Folders of any depth, sorted by name. The place of a row is its picture; each line of its text is a caption.

    NAME.json holds further columns, among them `caption` where there is no text, as img2dataset writes it
    (`output_format=files`). Where all pictures lie below folders called train, val and test, these are the splits. A
    picture without a text is a row with an empty caption, so that it is told and not left out.
    """

    rank = 3  # a list of captions for the whole folder goes first

    @classmethod
    def reads(cls, path: Path) -> bool:
        return path.is_dir() and any(_texts(names, name) for _, names, name in _pictures(path))

    def rows(self, path: Path) -> Iterator[tuple[Place, dict[str, Any]]]:
        splits = _has_splits(path)
        for folder, names, name in _pictures(path):
            inner = (folder / name).relative_to(path)
            try:
                row = _row(folder, _texts(names, name))
            except UserError as error:
                self.bad_row(error)
                continue
            if splits:
                row["split"] = inner.parts[0]
            yield f"/{inner.as_posix()}", {**row, "image": inner.as_posix()}

    def skipped(self, path: Path) -> list[Path]:
        used = set[Path]()
        for folder, names, name in _pictures(path):
            used |= {folder / name, *(folder / text for text in _texts(names, name).values())}
        return [folder / name for folder, names in walk(path) for name in names if folder / name not in used]

    def notes(self, path: Path) -> list[str]:
        several = doubled = 0
        for folder, names, name in _pictures(path):
            texts = [text for suffix, text in _texts(names, name).items() if suffix != ".json"]
            doubled += len(texts) > 1
            several += bool(texts) and len(captions_of(read_text(folder / texts[0]))) > 1
        notes = []
        if several:
            notes.append(f"{counted(several, 'picture')} with a text of several lines: each line is a caption")
        if doubled:
            what = f"{counted(doubled, 'picture')} with two texts"
            notes.append(f"{what}: .txt goes before .caption; move the one away that is none")
        return notes


def _pictures(path: Path) -> Iterator[tuple[Path, dict[str, str], str]]:
    """(folder, all files in it by their names with the suffix in small letters, name of one picture) for all pictures.

    Cameras write IMG.JPG, and other programs IMG.txt beside it.
    """
    for folder, names in walk(path):
        there = {_small_suffix(name): name for name in names}
        yield from ((folder, there, name) for name in names if is_picture(Path(name)))


def _small_suffix(name: str) -> str:
    stem, dot, suffix = name.rpartition(".")
    return f"{stem}{dot}{suffix.lower()}"


def _texts(names: Mapping[str, str], picture: str) -> dict[str, str]:
    """Suffix -> file, of the texts of a picture, the caption first."""
    stem = picture.rpartition(".")[0]
    return {suffix: names[stem + suffix] for suffix in (*_TEXTS, ".json") if stem + suffix in names}


def _has_splits(path: Path) -> bool:
    return all(is_split((folder / name).relative_to(path).parts[0]) for folder, _, name in _pictures(path))


def _row(folder: Path, texts: Mapping[str, str]) -> dict[str, Any]:
    row = _columns(folder / texts[".json"]) if ".json" in texts else {}
    text = next((texts[suffix] for suffix in _TEXTS if suffix in texts), None)
    if text:
        for column in ("caption", "captions"):
            row.pop(column, None)
        row["captions"] = captions_of(read_text(folder / text))
    elif not texts:
        row["caption"] = ""
    return row


def _columns(path: Path) -> dict[str, Any]:
    row = parse_json(read_text(path), str(path), fix='write one JSON object, {"caption": ...}')
    if not isinstance(row, dict):
        raise UserError(
            f"a JSON object is expected, found {type(row).__name__}", where=str(path), fix='write {"caption": ...}'
        )
    return row
