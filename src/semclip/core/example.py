"""The data record: one image with its texts, and the names of its views."""

import io
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

#: Views that are images, and views that are texts: the names of columns, Features, configs and metrics.
#: A negation contradicts the image (a hard negative); an absence is TRUE and says what is not there (a positive).
IMAGE_VIEWS = ("image", "negative_image")
TEXT_VIEWS = ("caption", "paraphrase", "negation", "absence", "rewrite", "query")
VIEWS = IMAGE_VIEWS + TEXT_VIEWS

#: The value of a pixel in a mask that holds no label: it is neither learned from nor scored.
NO_LABEL = 255


def normal_name(name: str, folder: Path = Path()) -> str:
    """The one name of a path: without `./`, `//` and `x/../`, and relative to `folder` where it lies in it."""
    path = os.path.normpath(name)
    root = os.path.normpath(folder.absolute())
    return os.path.relpath(path, root) if path.startswith(root + os.sep) else path


@dataclass(frozen=True, slots=True)
class ImageRef:
    """An image as the user's file names it, and where its pixels are.

    name: the text in the data file, such as `images/1.jpg`; features files are looked up by it.
    path: the file with the pixels; None where only precomputed features exist.
    box:  x, y, x + width, y + height in pixels, where only that part is meant; two parts of a file are two images.
    span: offset and length of the image's bytes where the file holds other things beside it, as a tar does.
    as_stored: the pixels as they lie in the file, neither turned as EXIF data say nor laid on a ground where they are
          transparent: how the scripts of public benchmarks read them.
    """

    name: str
    path: Path | None = None
    box: tuple[float, float, float, float] | None = None
    span: tuple[int, int] | None = None
    as_stored: bool = False

    @property
    def key(self) -> str:
        """What stores of images and features file it under: its name, with the box where it has one."""
        return self.name if self.box is None else f"{self.name}#{','.join(repr(float(side)) for side in self.box)}"

    @property
    def where(self) -> str:
        """Where the pixels are, for messages: the file, or the file and the name inside it."""
        if self.path is None:
            return self.name
        return str(self.path) if self.span is None else f"{self.path}/{self.name.removeprefix(f'{self.path.name}/')}"

    def size(self) -> int:
        """Bytes of the image. Raises OSError where the file is missing, or a pipe, which would wait for a writer."""
        if self.span is not None:
            return self.span[1]
        if self.path is None:
            raise FileNotFoundError(f"no file is known for '{self.name}'")
        status = self.path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise OSError(f"not a regular file: '{self.path}'")
        return status.st_size

    def open(self) -> io.BufferedReader | io.BytesIO:
        """The image's bytes, from their first on. Raises OSError where the file is missing or ends too early."""
        if self.path is None:
            raise FileNotFoundError(f"no file is known for '{self.name}'")
        if self.span is None:
            self.size()  # of what can be read
            return self.path.open("rb")
        offset, length = self.span
        with self.path.open("rb") as file:
            file.seek(offset)
            held = file.read(length)
        if len(held) < length:
            raise OSError(f"{self.path} ends within '{self.name}'")
        return io.BytesIO(held)


@dataclass(frozen=True, slots=True)
class Example:
    """One image with its texts. Lists, because one image has many texts.

    group: what must never be each other's negative; readers set it to the image's name unless told otherwise.
    split: `train`, `val`, `test` or None.
    negative_images: parallel to `negations`: image i shows what negations[i] says; may be shorter.
    meta:  whatever else the row holds; `VIEW_kinds` and `VIEW_of` run parallel to the list of the view's texts.
           `paraphrase_of` marks the last paraphrases as made from the texts before them.
    where: `file:row`, for messages.
    """

    id: str
    image: ImageRef
    caption: str
    paraphrases: tuple[str, ...] = ()
    negations: tuple[str, ...] = ()
    absences: tuple[str, ...] = ()
    rewrites: tuple[str, ...] = ()
    negative_images: tuple[ImageRef, ...] = ()
    group: str = ""
    split: str | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)
    where: str = ""

    @property
    def captions(self) -> tuple[str, ...]:
        """[caption, *paraphrases] without the paraphrases that were made from these texts: what writers write for."""
        texts = (self.caption, *self.paraphrases)
        return texts[: len(texts) - len(self.meta.get("paraphrase_of", ()))]

    def texts(self, view: str) -> tuple[str, ...]:
        """All texts of a text view: `texts("paraphrase")` is `paraphrases`."""
        return {
            "caption": (self.caption,),
            "paraphrase": self.paraphrases,
            "negation": self.negations,
            "absence": self.absences,
            "rewrite": self.rewrites,
            "query": (),  # made in the batch, by what else is in it
        }[view]

    def has(self, view: str) -> bool:
        """Whether this record can serve a view."""
        if view == "image":
            return True
        if view == "negative_image":
            return bool(self.negative_images)
        return bool(self.texts(view))
