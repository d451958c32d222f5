"""Any data file as JSON lines or as webdataset shards, one line or sample for each photo."""

import io
import json
import os
import tarfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from PIL import Image

from semclip.core.errors import UserError
from semclip.core.example import Example, ImageRef
from semclip.core.files import write_atomic
from semclip.core.folders import new_folder
from semclip.data.incomplete import IncompleteRows
from semclip.data.load import DataConfig, data_file, row_parser, rows_and_photos
from semclip.data.readers.base import say

#: Pillow's name of a format -> the suffix that every reader knows it by.
_SUFFIXES = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "BMP": "bmp", "GIF": "gif", "TIFF": "tif", "MPO": "jpg"}

#: Shows progress while it passes items on: (items, label, total).
ProgressBar = Callable[[Iterable[Example], str, int], Iterable[Example]]


def convert(
    config: DataConfig,
    out: Path,
    shard_size: int = 10_000,
    progress: ProgressBar = lambda items, label, total: items,
) -> int:
    """Write the data again; returns the number of photos.

    out: `NAME.jsonl`, or a new folder for shards of `shard_size` samples. Of a .jsonl, pictures that lie inside another
    file (a tar, a table) go to the folder `NAME_images` beside it, others stay where they are. What the file says about
    ids, groups and splits is kept; where it names no split none is written, and it is drawn as before. Further columns
    are kept, times and decimal numbers as texts; those that hold bytes are left out, which is told.
    Raises UserError for whatever `load_examples` refuses, pictures that are missing or none, and an `out` that is
    there.
    """
    if out.exists() and (out.is_file() or any(out.iterdir())):
        raise UserError("something is there already", where=str(out), fix="name a new file or folder")
    if out.suffix not in (".jsonl", ""):
        raise UserError(
            f"'{out.suffix}' is no format to write", where=str(out), fix="end in .jsonl, or name a folder for shards"
        )
    path = data_file(config)
    parser = row_parser(config)
    left_out = IncompleteRows()
    _, examples = rows_and_photos(left_out.examples(path, parser))
    for note in filter(None, [left_out.sentence(path)]):
        say(f"{path.name}: {note}")
    shown = progress(examples, "photos", len(examples))
    unwritten = set[str]()
    if out.suffix:
        _write_lines(out, shown, unwritten)
    else:
        _write_shards(out, shown, shard_size, unwritten)
    for column in sorted(unwritten):
        say(f"{path.name}: the column '{column}' holds bytes, which {out.name} has no place for, and is left out")
    return len(examples)


def _write_lines(out: Path, examples: Iterable[Example], unwritten: set[str]) -> None:
    def write(temporary: Path) -> None:
        with ExitStack() as folders, temporary.open("w", encoding="utf-8", newline="\n") as file:
            pictures = _Pictures(out.with_name(f"{out.stem}_images"), folders)
            for example in examples:
                names = [pictures.name(ref, example.where) for ref in (example.image, *example.negative_images)]
                file.write(_line(example, names[0], names[1:], unwritten) + "\n")

    write_atomic(out, write)


class _Pictures:
    """Names of pictures as a .jsonl names them; those inside other files are written to `folder`, each once.

    folders: ends when all are named; the folder is made for the first picture that needs it, and has its name then.
    """

    def __init__(self, folder: Path, folders: ExitStack) -> None:
        self.folder, self._folders = folder, folders
        self._filling: Path | None = None
        self._written: dict[str, str] = {}

    def name(self, ref: ImageRef, where: str) -> str:
        if ref.path is not None and ref.span is None:
            return _relative(ref.path, self.folder.parent)
        if ref.key not in self._written:
            content, suffix = _picture(ref, where)
            if self._filling is None:
                self._filling = self._folders.enter_context(new_folder(self.folder, "cannot write the pictures"))
            name = f"{len(self._written):08}.{suffix}"
            (self._filling / name).write_bytes(content)
            self._written[ref.key] = f"{self.folder.name}/{name}"
        return self._written[ref.key]


def _relative(picture: Path, folder: Path) -> str:
    """A picture's path as a data file in `folder` names it."""
    return Path(os.path.relpath(picture, folder)).as_posix()


def _write_shards(out: Path, examples: Iterable[Example], shard_size: int, unwritten: set[str]) -> None:
    with new_folder(out, "cannot write the shards") as folder:
        for number, shard in enumerate(_runs(examples, shard_size)):
            with tarfile.open(folder / f"{number:05}.tar", "w") as archive:
                for position, example in enumerate(shard):
                    _add(archive, f"{number:05}{position:06}", example, out, unwritten)


def _runs(examples: Iterable[Example], size: int) -> Iterator[list[Example]]:
    run: list[Example] = []
    for example in examples:
        run.append(example)
        if len(run) == size:
            yield run
            run = []
    if run:
        yield run


def _add(archive: tarfile.TarFile, key: str, example: Example, out: Path, unwritten: set[str]) -> None:
    names = []
    for ref in example.negative_images:
        if ref.path is None or ref.span is not None:
            raise UserError(
                "a negative image lies inside another file, and a sample holds one picture",
                where=example.where,
                fix="convert to .jsonl",
            )
        names.append(_relative(ref.path, out))
    content, suffix = _picture(example.image, example.where)
    for name, held in ((f"{key}.{suffix}", content), (f"{key}.json", _line(example, "", names, unwritten).encode())):
        member = tarfile.TarInfo(name)
        member.size = len(held)
        archive.addfile(member, io.BytesIO(held))


def _picture(ref: ImageRef, where: str) -> tuple[bytes, str]:
    """The bytes of a picture, and the suffix for what they are."""
    try:
        with ref.open() as file:
            content = file.read()
        with Image.open(io.BytesIO(content)) as image:
            kind = image.format or ""
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UserError(
            f"cannot read the picture '{ref.name}': {error}",
            where=where,
            fix="`semclip data check FILE` lists all such; mend them or remove their rows",
        ) from error
    if kind not in _SUFFIXES:
        raise UserError(f"a picture of the format {kind}", where=where, fix=f"save it as one of {', '.join(_SUFFIXES)}")
    return content, _SUFFIXES[kind]


def _line(example: Example, image: str, negative_images: Sequence[str], unwritten: set[str]) -> str:
    """The row as JSON; columns whose cells JSON has no place for are left out, and named in `unwritten`."""
    binary = {name for name, cell in example.meta.items() if _holds_bytes(cell)}
    unwritten |= binary
    meta = {name: cell for name, cell in example.meta.items() if name not in binary}
    equal = bool(meta.pop("captions_equal", False))
    paraphrases = example.paraphrases[len(example.captions) - 1 :] if equal else example.paraphrases
    row: dict[str, Any] = {
        "id": example.id,
        "image": image,
        **({"captions": example.captions} if equal else {"caption": example.caption}),
        "paraphrases": paraphrases,
        "negations": example.negations,
        "absences": example.absences,
        "rewrites": example.rewrites,
        "negative_images": negative_images,
        "group": example.group,
        "split": example.split,
    }
    row = {name: cell for name, cell in row.items() if cell not in ("", None, ()) and cell != []}
    try:
        return json.dumps(row | meta, ensure_ascii=False, allow_nan=False, default=str)
    except ValueError as error:
        raise UserError(
            f"a cell that JSON cannot hold: {error}", where=example.where, fix="remove the column or mend the cell"
        ) from error


def _holds_bytes(cell: Any) -> bool:
    """Whether a cell is bytes or a picture inside a file, or has one in it."""
    if isinstance(cell, Mapping):
        return any(map(_holds_bytes, cell.values()))
    if isinstance(cell, list | tuple):
        return any(map(_holds_bytes, cell))
    return isinstance(cell, bytes | ImageRef)
