"""SugarCrepe and SugarCrepe++: a JSON file per subset, each row an image of COCO with its texts."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from semclip.core.example import ImageRef
from semclip.evaluation.public._image_folders import COCO_VAL2017
from semclip.evaluation.public._rows import Row, objects
from semclip.evaluation.public.base import AnnotationFile, PublicBenchmark, image_ref


def subset_files(folder: str, known: Mapping[str, tuple[int, str]]) -> tuple[AnnotationFile, ...]:
    """The files SUBSET.json in a folder of the web. known: bytes and sha256 of each subset's official file."""
    return tuple(
        AnnotationFile(path=f"{subset}.json", size=size, sha256=sha256, url=f"{folder}/{subset}.json")
        for subset, (size, sha256) in known.items()
    )


class Subsets(PublicBenchmark):
    """Base of both: what stands in the files that the options ask for."""

    image_folder = COCO_VAL2017

    def subsets(
        self, folder: Path, images: Path, texts: tuple[str, ...]
    ) -> Iterator[tuple[str, list[tuple[ImageRef, Row]]]]:
        """Each subset with its rows and their images. texts: columns that every row must have."""
        for file in self.needed():
            rows = objects(folder / file.path, ("filename", *texts))
            yield Path(file.path).stem, [(image_ref(images, row.text("filename")), row) for row in rows]
