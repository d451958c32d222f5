"""Scenes onto the disk as an ordinary dataset: pictures, masks and one data file; whole or not at all."""

import hashlib
import io
import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import PIL
from PIL import Image

from semclip.core.errors import UserError
from semclip.core.files import read_json, sha256_file, write_json, write_text
from semclip.data.scenes.render import class_ids, draw, draw_mask
from semclip.data.scenes.rows import make_row, scenes_of

#: The data file; beside it `INFO_FILE` says how it was made and `CLASSES_FILE` what the values in masks mean.
DATA_FILE, INFO_FILE, CLASSES_FILE = "scenes.jsonl", "scenes.json", "classes.json"
_FOLDERS = ("images", "negative_images", "masks")
#: Says to galleries of photos, `semclip index` among them, that a folder has none for them; so they see the images.
_NO_PHOTOS = ".nomedia"
_SMALLEST, _LARGEST = 24, 512


def write_scenes(
    folder: str | Path,
    *,
    train: int,
    val: int,
    test: int,
    seed: int = 0,
    image_size: int = 48,
    progress: Callable[[], None] | None = None,
) -> bool:
    """Write a scenes dataset into `folder`; False where the same one stands there already, and nothing was done.

    train, val, test: number of images. Row i of a split is the same however many rows are written.
    image_size:       pixels along each side.
    progress:         called after each row.

    The files appear all at once at the end; an interrupted call leaves `folder` as it was. A folder of other scenes is
    replaced. Raises UserError for counts or a size that make no dataset, for a folder that holds anything else, and
    when the disk is full.
    """
    folder = Path(folder)
    counts = {"train": train, "val": val, "test": test}
    _check(counts, image_size)
    parameters = {**counts, "seed": seed, "image_size": image_size, "code": _code_sha256(), "pillow": PIL.__version__}
    if _stands_already(folder, parameters):
        return False
    folder = folder.resolve()
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    try:
        for name in _FOLDERS:
            (temporary / name).mkdir(parents=True)
            if name != "images":
                (temporary / name / _NO_PHOTOS).touch()
        pixels_sha256 = _write_rows(temporary, counts, seed, image_size, progress)
        write_json(temporary / CLASSES_FILE, {str(index): name for name, index in class_ids().items()})
        hashes = {"sha256": sha256_file(temporary / DATA_FILE), "pixels_sha256": pixels_sha256}
        write_json(temporary / INFO_FILE, {"parameters": parameters, **hashes})
        if folder.exists():
            shutil.rmtree(folder)  # an empty folder or an older scenes dataset, as _stands_already made sure
        temporary.rename(folder)
    except OSError as error:
        raise UserError(
            f"cannot write the scenes: {error.strerror or error}",
            where=str(folder),
            fix="free some space or choose a folder you may write to",
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return True


def _write_rows(
    folder: Path, counts: Mapping[str, int], seed: int, image_size: int, progress: Callable[[], None] | None
) -> str:
    """Write pictures and the data file; returns the hash of all pictures in order."""
    digest = hashlib.sha256()
    lines = []
    for split, count in counts.items():
        for index in range(count):
            row = make_row(seed, split, index)
            scene, negative_scene = scenes_of(row)
            pictures = {
                "image": draw(scene, image_size),
                "negative_image": draw(negative_scene, image_size),
                "mask": draw_mask(scene, image_size),
            }
            for column, picture in pictures.items():
                data = _png(picture)
                digest.update(data)
                (folder / row[column]).write_bytes(data)
            lines.append(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")
            if progress is not None:
                progress()
    write_text(folder / DATA_FILE, "".join(lines))
    return digest.hexdigest()


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()


def _check(counts: Mapping[str, int], image_size: int) -> None:
    for split, count in counts.items():
        if count < 0:
            raise UserError(f"--{split} is {count}", where="command line", fix="give 0 or more images")
    if not any(counts.values()):
        raise UserError("no images asked for", where="command line", fix="give --train, --val or --test a number")
    if not _SMALLEST <= image_size <= _LARGEST:
        raise UserError(
            f"--image-size is {image_size}", where="command line", fix=f"choose {_SMALLEST} to {_LARGEST} pixels"
        )


def _stands_already(folder: Path, parameters: Mapping[str, Any]) -> bool:
    """Whether `folder` holds exactly these scenes. UserError where writing would destroy something else."""
    if not folder.exists():
        return False
    if not folder.is_dir():
        raise UserError("this is a file, not a folder", where=str(folder), fix="choose another folder")
    found = {path.name for path in folder.iterdir()}
    foreign = found - {DATA_FILE, INFO_FILE, CLASSES_FILE, *_FOLDERS}
    if foreign or (found and INFO_FILE not in found):
        raise UserError(
            f"the folder holds something else than scenes: {', '.join(sorted(foreign or found)[:3])}",
            where=str(folder),
            fix="choose an empty or new folder; nothing was changed",
        )
    if not found or found != {DATA_FILE, INFO_FILE, CLASSES_FILE, *_FOLDERS}:
        return False
    info = read_json(folder / INFO_FILE)
    count = sum(int(parameters[split]) for split in ("train", "val", "test"))
    complete = all(sum(1 for _ in (folder / name).glob("[!.]*")) == count for name in _FOLDERS)
    return bool(
        info["parameters"] == dict(parameters) and complete and info["sha256"] == sha256_file(folder / DATA_FILE)
    )


def _code_sha256() -> str:
    """Hash of this package's own files: scenes made by other code are other scenes."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
