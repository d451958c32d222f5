"""Karpathy's split of COCO, Flickr8k or Flickr30k: one JSON file of `images` with their `sentences` and `split`."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from semclip.core.errors import UserError
from semclip.data.readers._json_stream import first_items, items
from semclip.data.readers.base import Place, Reader


class Karpathy(Reader):
    """A row is a photo with all its sentences. Its place is `images[17]`.

    The file's splits are kept; `restval`, COCO's validation photos that are in neither test nor validation, trains.
    """

    suffixes = (".json",)

    @classmethod
    def reads(cls, path: Path) -> bool:
        if path.suffix.lower() not in cls.suffixes or not path.is_file():
            return False
        photo = first_items(path).get("images")
        return isinstance(photo, dict) and "sentences" in photo

    def rows(self, path: Path) -> Iterator[tuple[Place, dict[str, Any]]]:
        for item in items(path):
            if item.key != "images":
                continue
            photo = item.value if isinstance(item.value, dict) else {}
            sentences, name = photo.get("sentences"), photo.get("filename")
            if not isinstance(sentences, list) or not isinstance(name, str):
                raise UserError(
                    "a photo lacks its 'filename' or its list of 'sentences'",
                    where=f"{path}{item.place}",
                    fix='write {"filename": "1.jpg", "split": "train", "sentences": [{"raw": "a cat"}]}',
                )
            kept = {key: photo[key] for key in ("split", "imgid", "cocoid") if key in photo}
            folder = photo.get("filepath")  # COCO's photos lie in train2014 and val2014
            image = str(PurePosixPath(folder) / name) if isinstance(folder, str) else name
            yield item.place, {"image": image, "captions": sentences, **kept}
