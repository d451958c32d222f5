"""COCO captions: a JSON file of `images` and `annotations`, or the folder with `annotations/captions_*.json`."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from semclip.core.errors import UserError
from semclip.data.cells import EmptyTextError
from semclip.data.readers._json_stream import Item, first_items, items
from semclip.data.readers.base import Place, Reader, say

_SPLITS = ("train", "val", "test")


class Coco(Reader):
    """A row is an annotation; the photo's name comes from `images`. Its place is `annotations[17]`.

    Where `instances_X.json` lies beside `captions_X.json`, a column `objects` names the categories annotated in the
    photo. In a folder with several captions files the split comes from their names (`captions_val2017.json`).
    Memory grows with the number of photos, not with that of the captions.
    """

    suffixes = (".json",)

    @classmethod
    def reads(cls, path: Path) -> bool:
        if path.is_dir():
            return bool(_captions_files(path))
        if path.suffix.lower() not in cls.suffixes:
            return False
        first = first_items(path)
        photo, caption = first.get("images"), first.get("annotations")
        return (isinstance(photo, dict) and "file_name" in photo) or (
            isinstance(caption, dict) and "image_id" in caption and "image" not in caption
        )

    def rows(self, path: Path) -> Iterator[tuple[Place, dict[str, Any]]]:
        if not path.is_dir():
            yield from _rows(path, {}, self.bad_row)
            return
        files = _captions_files(path)
        for file in files:
            split = next((name for name in _SPLITS if name in file.stem), None) if len(files) > 1 else None
            photos = file.stem.removeprefix("captions_") + "/"  # the folder that COCO's photos come in
            for place, row in _rows(file, {"split": split} if split else {}, self.bad_row):
                image = photos + row["image"] if (path / photos).is_dir() else row["image"]
                yield f"/{file.relative_to(path)}{place}", row | {"image": image}

    def notes(self, path: Path) -> list[str]:
        notes = []
        for file in _captions_files(path) if path.is_dir() else [path]:
            notes += _without_caption(file, _photos(file), {str(i.value.get("image_id")) for i in _annotations(file)})
            instances = _instances_file(file)
            if instances.is_file():
                notes.append(f"{file.name}: the column 'objects' comes from {instances.name}")
        return notes


def _captions_files(folder: Path) -> list[Path]:
    return sorted([*folder.glob("annotations/captions_*.json"), *folder.glob("captions_*.json")])


def _instances_file(path: Path) -> Path:
    return path.with_name(path.name.replace("captions", "instances")) if "captions" in path.name else path / "none"


def _rows(
    path: Path, more: dict[str, Any], bad_row: Callable[[UserError], None]
) -> Iterator[tuple[Place, dict[str, Any]]]:
    photos = _photos(path)
    objects = _objects(_instances_file(path))
    captioned = set[str]()
    for item in _annotations(path):
        where = f"{path}{item.place}"
        id = str(item.value.get("image_id"))
        if "caption" not in item.value:
            beside = path.with_name(path.name.replace("instances", "captions"))
            name = beside.name if beside != path and beside.is_file() else "captions_X.json"
            bad_row(
                EmptyTextError("the annotation has no 'caption'", where=where, fix=f"give the captions file, {name}")
            )
            continue
        if id not in photos:
            what = f"the annotation is about the photo with the id {item.value.get('image_id')!r}, which 'images' lacks"
            such = next(iter(photos))
            fix = f"add the photo to 'images' or remove the annotation; ids there are such as {such}"
            bad_row(UserError(what, where=where, fix=fix))
            continue
        row = {"image": photos[id], "caption": item.value["caption"], "image_id": item.value["image_id"], **more}
        if objects:
            row["objects"] = objects.get(id, [])
        captioned.add(id)
        yield item.place, row
    for note in _without_caption(path, photos, captioned):
        say(note)


def _without_caption(path: Path, photos: Mapping[str, str], captioned: set[str]) -> list[str]:
    lacking = [name for id, name in photos.items() if id not in captioned]
    what = f"{len(lacking):,} of {len(photos):,} photos have no caption and are left out"
    return [f"{path.name}: {what}, first '{lacking[0]}'"] if lacking else []


def _annotations(path: Path) -> Iterator[Item]:
    for item in items(path):
        if item.key == "annotations":
            if not isinstance(item.value, dict):
                raise UserError(
                    f"an annotation must be an object, found {type(item.value).__name__}",
                    where=f"{path}{item.place}",
                    fix='write {"image_id": 1, "caption": "a cat"}',
                )
            yield item


def _photos(path: Path) -> dict[str, str]:
    """Id -> file name. An id as a number and one as a text are the same."""
    photos: dict[str, str] = {}
    for item in items(path):
        if item.key != "images":
            continue
        where = f"{path}{item.place}"
        if not isinstance(item.value, dict) or "id" not in item.value or "file_name" not in item.value:
            raise UserError("a photo lacks its id or file_name", where=where, fix='write {"id": 1, "file_name": ...}')
        id, name = str(item.value["id"]), item.value["file_name"]
        if photos.setdefault(id, name) != name:
            raise UserError(
                f"the photo id {id} occurs twice, also for '{photos[id]}'", where=where, fix="give each its own id"
            )
    if not photos:
        raise UserError(
            "'images' names no photos, so the captions belong to none",
            where=str(path),
            fix='add "images": [{"id": 1, "file_name": "1.jpg"}, ...] beside "annotations"',
        )
    return photos


def _objects(path: Path) -> dict[str, list[str]]:
    """Id of a photo -> names of the categories annotated in it, sorted; empty where there is no such file."""
    if not path.is_file():
        return {}
    names: dict[Any, str] = {}
    found: dict[str, set[Any]] = {}
    for item in items(path):
        if item.key in ("categories", "annotations") and not isinstance(item.value, dict):
            raise UserError("an object is expected", where=f"{path}{item.place}", fix="mend or remove the file")
        if item.key == "categories":
            names[item.value.get("id")] = str(item.value.get("name"))
        elif item.key == "annotations":
            found.setdefault(str(item.value.get("image_id")), set()).add(item.value.get("category_id"))
    unknown = {category for categories in found.values() for category in categories} - set(names)
    if unknown:
        raise UserError(
            f"annotations name the category {min(map(str, unknown))}, which 'categories' lacks",
            where=str(path),
            fix="write the file again, or move it away to do without the column 'objects'",
        )
    return {id: sorted(names[category] for category in categories) for id, categories in found.items()}
