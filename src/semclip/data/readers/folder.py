"""A folder of class folders: every image is a row, and the name of its class folder is its caption and label."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from semclip.core.errors import UserError
from semclip.data.readers.base import Reader
from semclip.data.readers.webdataset import holds_shards

_IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm")


class Folder(Reader):
    """Images directly inside a class folder count, sorted by name; the row number is the position in that order."""

    @classmethod
    def reads(cls, path: Path) -> bool:
        return path.is_dir() and not holds_shards(path)

    def rows(self, path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
        images = [file for file in _files(path) if _is_image(file, path)]
        if not images:
            raise UserError(
                "no images in class folders",
                where=str(path),
                fix=f"lay them out as {path.name}/CLASS/IMAGE, with a suffix of {', '.join(_IMAGE_SUFFIXES)}",
            )
        for number, file in enumerate(images, 1):
            label = file.parent.name
            name = file.relative_to(path).as_posix()
            yield number, {"image": name, "caption": label.replace("_", " "), "label": label}

    def skipped(self, path: Path) -> list[Path]:
        return [file for file in _files(path) if not _is_image(file, path)]


def _files(path: Path) -> list[Path]:
    return sorted(p for p in path.rglob("*") if p.is_file())


def _is_image(file: Path, path: Path) -> bool:
    hidden = file.name.startswith(".") or file.parent.name.startswith(".")
    return file.parent.parent == path and file.suffix.lower() in _IMAGE_SUFFIXES and not hidden
