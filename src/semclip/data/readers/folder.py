"""A folder of class folders: every image is a row, and the name of its class folder is its caption and label."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from semclip.core.errors import UserError
from semclip.core.rows import how_to_unpack
from semclip.data.readers._pictures import IMAGE_SUFFIXES, SPLITS, TEXT_SUFFIXES, is_picture, is_split, walk
from semclip.data.readers.base import Place, Reader

#: Names of folders that say where pictures lie and not what they show.
_NO_CLASSES = {
    *SPLITS,
    *(
        "images",
        "image",
        "imgs",
        "img",
        "jpegimages",
        "jpeg",
        "jpg",
        "png",
        "photos",
        "pictures",
        "pics",
        "data",
        "files",
    ),
}
#: Texts that lie in a folder and hold no captions.
_NO_CAPTIONS = ("readme", "license", "licence", "citation", "changelog", "classes", "class_names", "labels")


class Folder(Reader):
    """Images directly inside a class folder count, sorted by name; a row's place is its file. Class folders may lie in
    folders called train, val and test, which are the splits then.

    Names of folders are captions only where nothing speaks against it: two classes at least, names that are no
    numbers of shards and no `images` or `train`, and no file that may hold the real captions.
    """

    rank = 9  # where nothing else says what the pictures show

    @classmethod
    def reads(cls, path: Path) -> bool:
        return path.is_dir()

    def rows(self, path: Path) -> Iterator[tuple[Place, dict[str, Any]]]:
        images = _images(path)
        if not images:
            files = [folder / name for folder, names in walk(path) for name in names]
            if packed := next(filter(how_to_unpack, files), None):
                raise UserError("the folder holds a packed file, and no data that can be read", str(packed),
                                how_to_unpack(packed))  # fmt: skip
            loose = any(map(is_picture, files))
            raise UserError(
                "no images in class folders" + "; the pictures that are there have no texts" * loose,
                where=str(path),
                fix=f"lay them out as {path.name}/CLASS/IMAGE, with a suffix of {', '.join(IMAGE_SUFFIXES)}, or put "
                "the text for each picture beside it (1.txt beside 1.jpg)"
                + (f"; `semclip index {path}` searches pictures without texts" if loose else ""),
            )
        _refuse_other_evidence(path, {file.parent.name for file in images})
        splits = _has_splits(path, images)
        for file in images:
            label = file.parent.name
            inner = file.relative_to(path)
            row = {"image": inner.as_posix(), "caption": label.replace("_", " "), "label": label}
            yield f"/{inner.as_posix()}", row | ({"split": inner.parts[0]} if splits else {})

    def skipped(self, path: Path) -> list[Path]:
        images = set(_images(path))
        return [folder / name for folder, names in walk(path) for name in names if folder / name not in images]


def _images(path: Path) -> list[Path]:
    """The pictures in class folders: one folder down, or two where the first are splits."""
    found = [folder / name for folder, names in walk(path) for name in names if is_picture(folder / name)]
    splits = _has_splits(path, found)
    return [file for file in found if len(file.relative_to(path).parts) == (3 if splits else 2)]


def _has_splits(path: Path, images: list[Path]) -> bool:
    parts = [file.relative_to(path).parts for file in images]
    return any(len(part) > 2 for part in parts) and all(is_split(part[0]) for part in parts if len(part) > 1)


def _refuse_other_evidence(path: Path, classes: set[str]) -> None:
    """Raise UserError where the names of the folders are no captions, by all that lies in the folder."""
    texts = [
        folder / name
        for folder, names in walk(path)
        for name in names
        if Path(name).suffix.lower() in TEXT_SUFFIXES and not name.lower().startswith(_NO_CAPTIONS)
    ]
    if texts:
        raise UserError(
            f"{texts[0].relative_to(path)} may hold the captions, so the names of folders are not taken for them"
            + f"; {len(texts):,} such files" * (len(texts) > 1),
            where=str(path),
            fix="give the file itself if it lists pictures and captions (CSV, JSON, ...), call it as its picture if it "
            "belongs to one (1.txt beside 1.jpg), or move it elsewhere if the folders are classes",
        )
    empty = sorted(
        name for name in classes if name.lower() in _NO_CLASSES or (name.isdecimal() and name[0] == "0" != name)
    )
    if len(classes) == 1 or empty:
        name = empty[0] if empty else next(iter(classes))
        what = f"'{name}' does not say what its pictures show" if empty else f"all pictures are in one folder, '{name}'"
        raise UserError(
            f"{what}, and nothing else gives captions",
            where=f"{path}/{name}",
            fix="put a text beside each picture (1.txt beside 1.jpg), write a table of image and caption, or sort the "
            "pictures into folders named by what they show",
        )
