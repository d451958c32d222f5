"""Where photos are that are not beside the data file: in a folder there, or beside its folder of annotations."""

from collections.abc import Iterator
from pathlib import Path

from semclip.core.files import is_file

#: Folders of other things than photos that a search in a user's home could end up in.
_MOST_FOLDERS = 500
_USUAL = ("images", "imgs", "photos", "pictures", "train", "val")
#: Folders of texts; beside any other folder, a file of the same name may well be another data set's.
_OF_TEXTS = ("annot", "caption", "text", "label", "meta", "split", "json")


def folders_with(folder: Path, name: str) -> list[Path]:
    """Folders near `folder` that hold the file `name`: below it, beside it if it is one of annotations, two below."""
    return [near for near in _near(folder) if is_file(near / name)]


def folders_of_texts(folder: Path) -> list[Path]:
    """The folders in a folder whose names say that they hold texts: `annotations`, `Flickr8k_text`."""
    return [below for below in _folders_in(folder) if _is_of_texts(below)]


def _is_of_texts(folder: Path) -> bool:
    return any(part in folder.name.lower() for part in _OF_TEXTS)


def _near(folder: Path) -> Iterator[Path]:
    seen = {folder}
    below = _folders_in(folder)
    beside = [folder.parent, *_folders_in(folder.parent)] if _is_of_texts(folder) else []
    for level in (below, beside, [deeper for near in below for deeper in _folders_in(near)]):
        for near in level[:_MOST_FOLDERS]:
            if near not in seen:
                seen.add(near)
                yield near


def _folders_in(folder: Path) -> list[Path]:
    """The folders in a folder, in the order of their names, those with the usual names of photo folders first."""
    try:
        found = [path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")]
    except OSError:
        return []
    return sorted(found, key=lambda path: (path.name.lower() not in _USUAL, path.name))[:_MOST_FOLDERS]
