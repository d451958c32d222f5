"""Segmentation masks of a data set: the number of each class, and the class of every pixel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

import numpy as np
from numpy.typing import NDArray

from semclip.core.errors import UserError
from semclip.core.example import NO_LABEL, Example
from semclip.core.files import read_json

#: What the values in masks mean: in the folder of the masks, or the one above it.
CLASSES_FILE = "classes.json"
#: The class that is everything else.
BACKGROUND = "background"


@dataclass(frozen=True)
class GroundTruth:
    """Masks as class indices. names: the classes, background left out. labels: what index each number in a mask is.

    examples: one per image, by name. classes: the names by index; background is the first where it is scored.
    """

    examples: list[Example]
    names: list[str]
    classes: list[str]
    labels: Mapping[int, int]

    @classmethod
    def of(cls, examples: Sequence[Example], background: bool, classes_file: str = "") -> "GroundTruth":
        """Read `classes.json`. background: whether background is a class; otherwise its pixels are not scored."""
        own = {e.image: e for e in reversed(examples)}
        first = sorted(own.values(), key=lambda e: (e.image.name, str(e.image.path)))
        path = Path(classes_file) if classes_file else _classes_beside(mask_path(first[0]), first[0].where)
        numbers = numbers_of_classes(path)
        ordered = [name for _, name in sorted((n, name) for name, n in numbers.items() if name != BACKGROUND)]
        if background and BACKGROUND not in numbers:
            raise UserError(
                f"no class is called '{BACKGROUND}', so it cannot be scored",
                where=str(path),
                fix="leave `background` and `threshold` out",
            )
        scored = [BACKGROUND, *ordered] if background else ordered
        if len(scored) < 2:
            raise UserError("segmentation needs two classes or more", where=str(path), fix="name more classes")
        labels = {number: scored.index(name) if name in scored else NO_LABEL for name, number in numbers.items()}
        return cls(first, ordered, scored, {**labels, NO_LABEL: NO_LABEL})

    def mask(self, example: Example) -> NDArray[np.int64]:
        """(H, W) class indices, 255 where nothing is scored. Raises UserError for an image that is no such mask."""
        from PIL import Image

        path = mask_path(example)
        try:
            with Image.open(path) as image:
                numbers = np.asarray(image)
        except (OSError, SyntaxError, ValueError) as error:
            raise UserError(
                f"cannot read the mask: {error}",
                where=f"{example.where}, {path}",
                fix="mend the file, or empty the cell",
            ) from error
        if numbers.ndim != 2:
            raise UserError(
                "the mask has colours, where class numbers are needed",
                where=str(path),
                fix="save it as a grey or palette image",
            )
        unknown = sorted(set(np.unique(numbers).tolist()) - set(self.labels))
        if unknown:
            raise UserError(
                f"the mask holds {unknown[0]}, which is no class",
                where=str(path),
                fix=f"name it in {CLASSES_FILE}, or write {NO_LABEL} for pixels not to score",
            )
        table = np.full(int(numbers.max()) + 1, NO_LABEL, dtype=np.int64)
        for number, index in self.labels.items():
            if number < len(table):
                table[number] = index
        return table[numbers]


def mask_path(example: Example) -> Path:
    """The file of an example's mask, whose name is relative to the same folder as the image's."""
    name, ref = Path(str(example.meta["mask"])).expanduser(), example.image
    if ref.path is None or name.is_absolute():
        return name
    return ref.path.parents[len(PurePath(ref.name).parts) - 1] / name


def _classes_beside(mask: Path, where: str) -> Path:
    for folder in (mask.parent, mask.parent.parent):
        if (folder / CLASSES_FILE).is_file():
            return folder / CLASSES_FILE
    raise UserError(
        f"no {CLASSES_FILE} says what the numbers in masks mean",
        where=f"{mask.parent} and the folder above it ({where})",
        fix='write one, such as {"0": "background", "1": "red circle"}, or give the option `classes`',
    )


def numbers_of_classes(path: Path) -> dict[str, int]:
    """Class name -> number in masks, from a `classes.json`. Raises UserError for a file that is no such mapping."""
    found = read_json(path)
    try:
        numbers = {str(name): int(number) for number, name in found.items()}
    except (AttributeError, ValueError, TypeError, OverflowError) as error:
        raise UserError(
            "not a mapping of numbers to class names",
            where=str(path),
            fix='write it as {"0": "background", "1": "red circle"}',
        ) from error
    if len(numbers) != len(found) or not all(0 <= n < NO_LABEL for n in numbers.values()):
        raise UserError("a class is named twice, or a number is not from 0 to 254", where=str(path), fix="mend it")
    return numbers
