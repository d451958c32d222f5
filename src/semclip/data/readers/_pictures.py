"""Which files are pictures, which hold texts, and a walk over a folder of both."""

import os
from collections.abc import Iterator
from pathlib import Path

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm")
#: What may hold captions: a folder with such a file is no plain folder of pictures.
TEXT_SUFFIXES = (
    *(".txt", ".caption", ".captions", ".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".token", ".parquet", ".arrow"),
    *(".xlsx", ".xls", ".xml", ".yaml", ".yml", ".pkl", ".pickle", ".mat", ".h5", ".db", ".sqlite"),
)

#: Names of folders that are splits, in any case.
SPLITS = ("train", "training", "val", "valid", "validation", "dev", "test", "testing")


def is_split(folder: str) -> bool:
    """Whether a folder's name is that of a split."""
    return folder.lower() in SPLITS


def is_picture(path: Path) -> bool:
    """By its name; hidden files are none."""
    return path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".")


def walk(folder: Path) -> Iterator[tuple[Path, list[str]]]:
    """(folder, names of its files) for a folder and all below it but hidden ones, sorted by name."""
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield Path(here), sorted(name for name in files if not name.startswith("."))
