"""Scenes onto the disk as an ordinary dataset: pictures, masks and one data file; whole or not at all."""

import hashlib
import io
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import PIL
from PIL import Image

from semclip.core.errors import UserError
from semclip.core.files import read_json, sha256_file, write_json, write_text
from semclip.core.folders import new_folder
from semclip.core.shape import shaped
from semclip.data.scenes import world
from semclip.data.scenes.render import class_ids, draw, draw_mask
from semclip.data.scenes.rows import make_row, scenes_of

#: The data file, and the test pictures once more in wordings that training never has; how they were made; what the
#: values in masks mean.
DATA_FILE, UNSEEN_FILE, INFO_FILE, CLASSES_FILE = (
    "scenes.jsonl", "unseen_wordings.jsonl", "scenes.json", "classes.json"
)  # fmt: skip
_FOLDERS = ("images", "negative_images", "masks")
#: Says to galleries of photos, `semclip index` among them, that a folder has none for them; so they see the images.
_NO_PHOTOS = ".nomedia"
_SMALLEST, _LARGEST = 24, 512
#: Key in `INFO_FILE` -> the file whose sha256 it holds.
_HASHED = {"sha256": DATA_FILE, "unseen_wordings_sha256": UNSEEN_FILE}


def write_scenes(
    folder: str | Path,
    *,
    train: int,
    val: int,
    test: int,
    seed: int = 0,
    image_size: int = 48,
    negated_captions: float = world.NEGATED_CAPTION_SHARE,
    progress: Callable[[], None] | None = None,
) -> bool:
    """Write a scenes dataset into `folder`; False where the same one stands there already, and nothing was done.

    train, val, test: number of images. Row i of a split is the same however many rows are written.
    image_size:       pixels along each side.
    negated_captions: share of training captions with a true negated clause; other splits keep the world's own.
    progress:         called after each row.

    The files appear all at once at the end; an interrupted call leaves `folder` as it was. A folder of other scenes is
    replaced. Raises UserError for counts or a size that make no dataset, for a folder that holds anything else, and
    when the disk is full.
    """
    folder = Path(folder)
    counts = {"train": train, "val": val, "test": test}
    _check(counts, image_size, negated_captions)
    drawn = {"seed": seed, "image_size": image_size, "negated_captions": negated_captions}
    parameters = {**counts, **drawn, "code": _code_sha256(), "pillow": PIL.__version__}
    if _stands_already(folder, parameters):
        return False
    with new_folder(folder, "cannot write the scenes", there="replaced") as filling:
        for name in _FOLDERS:
            (filling / name).mkdir()
            if name != "images":
                (filling / name / _NO_PHOTOS).touch()
        rows, pixels_sha256 = _write_pictures(filling, counts, seed, image_size, negated_captions, progress)
        for name in (DATA_FILE, UNSEEN_FILE):
            write_text(filling / name, "".join(rows[name]))
        write_json(filling / CLASSES_FILE, {str(index): name for name, index in class_ids().items()})
        hashes = {**_hashes(filling), "pixels_sha256": pixels_sha256}
        write_json(filling / INFO_FILE, {"parameters": parameters, **hashes})
    return True


def _write_pictures(
    folder: Path,
    counts: Mapping[str, int],
    seed: int,
    image_size: int,
    negated_captions: float,
    progress: Callable[[], None] | None,
) -> tuple[dict[str, list[str]], str]:
    """Write all pictures; returns the lines of each data file, and the hash of the pictures in order."""
    digest = hashlib.sha256()
    lines: dict[str, list[str]] = {DATA_FILE: [], UNSEEN_FILE: []}
    for split, count in counts.items():
        for index in range(count):
            for name, row in _rows(seed, split, index, negated_captions):
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
                lines[name].append(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")
            if progress is not None:
                progress()
    return lines, digest.hexdigest()


def _rows(seed: int, split: str, index: int, negated_captions: float) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rows of one scene, each with the name of its file."""
    if split == "test":
        yield DATA_FILE, make_row(seed, split, index, wordings="val")
        yield UNSEEN_FILE, make_row(seed, split, index)
    else:
        negated = negated_captions if split == "train" else world.NEGATED_CAPTION_SHARE
        yield DATA_FILE, make_row(seed, split, index, negated_captions=negated)


def _hashes(folder: Path) -> dict[str, str]:
    """sha256 of each data file, as `INFO_FILE` holds them."""
    return {key: sha256_file(folder / name) for key, name in _HASHED.items()}


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()


def _check(counts: Mapping[str, int], image_size: int, negated_captions: float) -> None:
    for split, count in counts.items():
        if count < 0:
            raise UserError(f"--{split} is {count}", where="command line", fix="give 0 or more images")
    if not any(counts.values()):
        raise UserError("no images asked for", where="command line", fix="give --train, --val or --test a number")
    if not _SMALLEST <= image_size <= _LARGEST:
        raise UserError(
            f"--image-size is {image_size}", where="command line", fix=f"choose {_SMALLEST} to {_LARGEST} pixels"
        )
    if not 0 <= negated_captions <= 1:
        raise UserError(
            f"--negated-captions is {negated_captions}", where="command line", fix="give a share between 0 and 1"
        )


def _stands_already(folder: Path, parameters: Mapping[str, Any]) -> bool:
    """Whether `folder` holds exactly these scenes. UserError where writing would destroy something else."""
    if not folder.exists():
        return False
    if not folder.is_dir():
        raise UserError("this is a file, not a folder", where=str(folder), fix="choose another folder")
    found = {path.name for path in folder.iterdir()}
    ours = {*_HASHED.values(), INFO_FILE, CLASSES_FILE, *_FOLDERS}
    foreign = found - ours
    if foreign or (found and INFO_FILE not in found):
        raise UserError(
            f"the folder holds something else than scenes: {', '.join(sorted(foreign or found)[:3])}",
            where=str(folder),
            fix="choose an empty or new folder; nothing was changed",
        )
    if not found or found != ours:
        return False
    fix = "choose an empty or new folder; nothing was changed"
    info = shaped(dict[str, Any], read_json(folder / INFO_FILE), "the record of scenes", str(folder / INFO_FILE), fix)
    count = sum(int(parameters[split]) for split in ("train", "val", "test"))
    # A test picture has a false twin, too, for its texts in unseen wordings.
    counts = {name: count + (int(parameters["test"]) if name == "negative_images" else 0) for name in _FOLDERS}
    complete = all(sum(1 for _ in (folder / name).glob("[!.]*")) == n for name, n in counts.items())
    return bool(info.get("parameters") == dict(parameters) and complete and _hashes(folder).items() <= info.items())


def _code_sha256() -> str:
    """Hash of this package's own files: scenes made by other code are other scenes."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
