"""Zero-shot classification on labelled image sets: what its two benchmarks share."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from semclip.core.example import ImageRef
from semclip.evaluation.base import Items
from semclip.evaluation.encodings import Array, Encodings
from semclip.evaluation.metrics.outcomes import Outcomes
from semclip.evaluation.metrics.result import Metric
from semclip.evaluation.metrics.retrieval import Ranks, chance_recall_at, rank, recall_at
from semclip.evaluation.metrics.summary import alike, macro, proportion
from semclip.evaluation.prompts import rows_of_classes
from semclip.evaluation.public._image_sets import Classes, Labelled, read_sets
from semclip.evaluation.public._retrieval import official_tensor
from semclip.evaluation.public.base import ImageFolder, PublicBenchmark

_BLOCK = 4096  # images whose logits are held at a time


class ImageSets(PublicBenchmark):
    """Base of both benchmarks: every image set below ROOT/zeroshot_classification; see `_image_sets` for layouts.

    files_have_templates: the texts are made from the sets' own templates; class names are then spelled as
    CLIP_benchmark spells them.
    """

    files = ()
    image_folder = ImageFolder(
        name="the image sets",
        folder="zeroshot_classification",
        obtain="download a set with torchvision, or a webdataset of clip-benchmark, into zeroshot_classification/NAME/",
        listed=False,
    )
    files_have_templates: ClassVar[bool]

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """sets: names of folders; all that are there where empty. split: the folder of a set to read."""

        sets: tuple[str, ...] = ()
        split: str = "test"

    @abstractmethod
    def templates(self, classes: Classes) -> Sequence[str]:
        """The templates that are filled with the names of a set's classes."""

    @abstractmethod
    def defects(self, sets: Sequence[Classes]) -> list[str]:
        """What is at fault in the sets, or in the published numbers."""

    def images_of(self, item: Labelled) -> Sequence[ImageRef]:
        return (item.image,)

    def texts_of(self, item: Labelled) -> Sequence[str]:
        return [text for own in item.classes.texts_by_class(self.templates(item.classes)) for text in own]

    def said_of(self, items: Sequence[Labelled]) -> Mapping[str, Any]:
        sets = dict.fromkeys(item.classes for item in items)
        return {
            "templates": {c.of: [list(own) for own in c.prompts] or list(self.templates(c)) for c in sets},
            "classes": {c.of: list(c.names) for c in sets},
        }

    def read(self, folder: Path, images: Path) -> Items:
        items = read_sets(images, self.config.sets, self.config.split, self.files_have_templates)
        sets = list(dict.fromkeys(item.classes for item in items))
        texts = [text for classes in sets for own in classes.texts_by_class(self.templates(classes)) for text in own]
        return Items(items=items, images=[item.image for item in items], texts=texts, defects=self.defects(sets))


@dataclass(frozen=True)
class Ranked:
    """One set, scored. ranks: of the label among the classes. first: (n,) class that the official script predicts.

    in_top5: (n,) whether the label is in the official top five; empty where there are fewer classes.
    """

    items: list[Labelled]
    ranks: Ranks
    first: NDArray[np.int64]
    in_top5: Array

    @property
    def labels(self) -> NDArray[np.int64]:
        return np.array([item.label for item in self.items], dtype=np.int64)

    @property
    def right(self) -> Outcomes:
        """The label is the nearest class; ties are chance."""
        return recall_at(self.ranks, 1)

    @property
    def official_right(self) -> Outcomes:
        return Outcomes.certain(self.first == self.labels)


def ranked(
    items: Sequence[Labelled], encodings: Encodings, templates: Callable[[Classes], Sequence[str]]
) -> list[Ranked]:
    """Each set's images against its classes. Official: argmax and `torch.topk` of 100 x the float32 cosines."""
    import torch

    found = []
    for name in dict.fromkeys(item.classes.of for item in items):
        own = [item for item in items if item.classes.of == name]
        classes = own[0].classes
        rows = rows_of_classes(encodings, classes.texts_by_class(templates(classes)))  # (C, D)
        images = encodings.image([item.image for item in own])  # (n, D)
        weights = official_tensor(rows, encodings)
        first, in_top5 = [], []
        for start in range(0, len(own), _BLOCK):
            logits = 100 * official_tensor(images[start : start + _BLOCK], encodings) @ weights.T  # (block, C)
            labels = torch.tensor([item.label for item in own[start : start + _BLOCK]])
            first.append(logits.argmax(dim=1).numpy())
            if len(classes.names) >= 5:
                in_top5.append((logits.topk(5, dim=1).indices == labels[:, None]).any(dim=1).double().numpy())
        ranks = rank(images, rows, [[item.label] for item in own])
        found.append(Ranked(own, ranks, np.concatenate(first), np.concatenate([np.zeros(0), *in_top5])))
    return found


def sizes(sets: Sequence[Ranked]) -> list[str]:
    """A note per set: how many images and classes it has, and which classes no image is of."""
    found = []
    for s in sets:
        classes = s.items[0].classes
        empty = [name for label, name in enumerate(classes.names) if label not in set(s.labels.tolist())]
        without = f"; no image of {len(empty):,} of them ({', '.join(empty[:3])}{', ...' * (len(empty) > 3)})"
        found.append(f"{classes.of}: {len(s.items):,} images, {len(classes.names):,} classes{without if empty else ''}")
        if all(name.isdecimal() for name in classes.names):
            found.append(
                f"{classes.of}: the class names are numbers; if they stand for other names, write classnames.txt"
            )
    return found


def over_sets(
    name: str, description: str, sets: Sequence[Ranked], outcomes: Sequence[Outcomes], k: int, **how: Any
) -> list[Metric]:
    """The mean over sets, each counting alike, with a slice per set; none where there is no set."""
    if not sets:
        return []
    names = [s.items[0].classes.of for s in sets]
    clusters = [[item.image.name for item in s.items] for s in sets]
    chances = [chance_recall_at(s.ranks, k) for s in sets]
    slices = {
        n: proportion(name, f"{description}; only {n}", o, c, g, **how)
        for n, o, c, g in zip(names, outcomes, clusters, chances, strict=True)
    }
    better = how.pop("higher_is_better", True)
    whole = macro(
        name,
        f"{description}; mean over {len(sets)} sets",
        joint(outcomes),
        [c for own in clusters for c in own],
        np.concatenate(chances),
        alike([n for n, own in zip(names, clusters, strict=True) for _ in own]),
        **how,
    )
    return [replace(whole, per_slice=slices, higher_is_better=better)]


def joint(outcomes: Sequence[Outcomes]) -> Outcomes:
    """The outcomes of several sets, one after the other."""
    columns = zip(*((o.expected, o.strict, o.optimistic) for o in outcomes), strict=True)
    return Outcomes(*map(np.concatenate, columns))
