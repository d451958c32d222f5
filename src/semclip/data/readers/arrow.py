"""Arrow tables, .arrow or .feather, and folders that `datasets` has saved: `save_to_disk`, or its cache."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from semclip.core.errors import UserError
from semclip.core.files import read_json
from semclip.data.readers._arrow import Pictures, arrow_rows
from semclip.data.readers.base import Place, Reader


class Arrow(Reader):
    """The row number counts from 1 in each file. Pictures in a column are read where they lie in it.

    A folder is read as `datasets` writes one, with dataset_dict.json (its parts are the splits), state.json (the files
    in their order) or nothing but .arrow files. The library need not be installed.
    """

    suffixes = (".arrow", ".feather", ".ipc")

    @classmethod
    def reads(cls, path: Path) -> bool:
        return path.suffix.lower() in cls.suffixes or (
            path.is_dir() and ((path / "dataset_dict.json").is_file() or bool(_files(path)))
        )

    def rows(self, path: Path) -> Iterator[tuple[Place, dict[str, Any]]]:
        pictures = Pictures()
        if not path.is_dir():
            yield from arrow_rows(path, pictures)
            return
        for split, folder in _parts(path):
            for file in _files(folder):
                for number, row in arrow_rows(file, pictures):
                    known = {"split": split} if split and "split" not in row else {}
                    yield f"/{file.relative_to(path)}:{number}", row | known


def _parts(path: Path) -> list[tuple[str, Path]]:
    """(split, folder) of what `save_to_disk` wrote; one without a name where it is a single table."""
    described = path / "dataset_dict.json"
    if not described.is_file():
        return [("", path)]
    names = read_json(described)
    splits = names.get("splits") if isinstance(names, dict) else None
    if not isinstance(splits, list) or not all(isinstance(split, str) for split in splits):
        raise UserError("no list of splits", where=str(described), fix="save the data set again with `datasets`")
    missing = [split for split in splits if not _files(path / split)]
    if missing:
        raise UserError(
            f"the split '{missing[0]}' holds no Arrow files", where=str(path / missing[0]), fix="copy the folder again"
        )
    return [(split, path / split) for split in splits]


def _files(folder: Path) -> list[Path]:
    """Arrow files of one table, in the order that state.json gives. Raises UserError where one is missing."""
    state = folder / "state.json"
    if not state.is_file():
        return sorted(folder.glob("*.arrow"))
    saved = read_json(state)
    listed = saved.get("_data_files") if isinstance(saved, dict) else None
    if not isinstance(listed, list) or not all(
        isinstance(f, dict) and isinstance(f.get("filename"), str) for f in listed
    ):
        return sorted(folder.glob("*.arrow"))  # another program's state.json, or another version's
    files = [folder / Path(entry["filename"]).name for entry in listed]
    missing = [file for file in files if not file.is_file()]
    if missing:
        raise UserError(
            f"{len(missing)} of {len(files)} Arrow files are missing",
            where=str(missing[0]),
            fix="copy the folder again",
        )
    return files
