"""Zero-shot classification of images that show several things: mean average precision over the classes."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semclip.core.errors import UserError, did_you_mean
from semclip.core.example import ImageRef
from semclip.core.rows import read_rows
from semclip.data.readers.webdataset import samples
from semclip.evaluation.base import Items, Scores
from semclip.evaluation.encodings import Array, Encodings
from semclip.evaluation.metrics.crossed import crossed_mean
from semclip.evaluation.metrics.outcomes import Outcomes
from semclip.evaluation.metrics.ranking import average_precision
from semclip.evaluation.metrics.result import Metric
from semclip.evaluation.metrics.summary import alike, item_record
from semclip.evaluation.prompts import rows_of_classes
from semclip.evaluation.public._image_sets import Classes, class_names, class_prompts, class_templates
from semclip.evaluation.public._retrieval import official_tensor
from semclip.evaluation.public.base import ImageFolder, PublicBenchmark

_IMAGES = ("jpg", "jpeg", "png", "webp", "bmp")


@dataclass(frozen=True, slots=True)
class Tagged:
    """An image and all its classes. labels: places in `classes.names`."""

    image: ImageRef
    labels: frozenset[int]
    classes: Classes


class MultilabelClassification(PublicBenchmark):
    """Every set NAME below ROOT/multilabel_classification, such as VOC2007 or COCO with their objects as labels.

    NAME/SPLIT/*.tar    webdataset of CLIP_benchmark: KEY.npy, 0 or 1 for each class, beside KEY.jpg
    NAME/SPLIT.jsonl    {"image": "a.jpg", "labels": ["dog", "ball"]} a row; images are relative to NAME
    Class names and templates as in `zeroshot_classification`: NAME/classnames.txt and so on.

    mean_average_precision = mean over classes that some image shows of the average precision of all images, ranked by
    their cosine with the class (AP = mean, over the images with it, of the precision at their place); the mean over
    sets where there are several. Equal scores count in expectation over random orders; n and the interval are of
    classes. `official_`: CLIP_benchmark's (metrics/zeroshot_classification.py), where a class that no image shows
    counts as 0 and torch.sort decides ties. When to use: images of everyday scenes, which show more than one thing.
    """

    files = ()
    image_folder = ImageFolder(
        name="the multi-label sets",
        folder="multilabel_classification",
        obtain="download a webdataset of clip-benchmark, such as wds_voc2007_multilabel, into "
        "multilabel_classification/NAME/",
    )
    licence = "that of each image set; templates and class names of CLIP_benchmark: MIT"
    source = "LAION-AI/CLIP_benchmark@48de38c1"
    primary = "mean_average_precision"

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """sets: names of folders; all that are there where empty. split: the folder, or the file, of a set to read."""

        sets: tuple[str, ...] = ()
        split: str = "test"

    def images_of(self, item: Tagged) -> Sequence[ImageRef]:
        return (item.image,)

    def texts_of(self, item: Tagged) -> Sequence[str]:
        return [text for own in item.classes.texts_by_class(item.classes.templates) for text in own]

    def said_of(self, items: Sequence[Tagged]) -> Mapping[str, Any]:
        sets = dict.fromkeys(item.classes for item in items)
        return {
            "templates": {c.of: [list(own) for own in c.prompts] or list(c.templates) for c in sets},
            "classes": {c.of: list(c.names) for c in sets},
        }

    def read(self, folder: Path, images: Path) -> Items:
        there = sorted(p.name for p in images.iterdir() if p.is_dir()) if images.is_dir() else []
        for name in self.config.sets:
            if name not in there:
                raise UserError(f"no image set '{name}'", where=str(images), fix=did_you_mean(name, there))
        if not there:
            raise UserError("no image sets", where=str(images), fix=self.image_folder.obtain)
        items = [item for name in self.config.sets or there for item in _set(images, name, self.config.split)]
        texts = [text for c in dict.fromkeys(item.classes for item in items) for text in self.texts_of(_any(items, c))]
        return Items(items=items, images=[item.image for item in items], texts=texts)

    def score(self, items: Sequence[Tagged], encodings: Encodings) -> Scores:
        ids, sets, ours, theirs, guesses, notes = [], [], [], [], [], []
        for classes in dict.fromkeys(item.classes for item in items):
            own = [item for item in items if item.classes == classes]
            rows = rows_of_classes(encodings, classes.texts_by_class(classes.templates))  # (C, D)
            images = encodings.image([item.image for item in own])  # (n, D)
            shown = np.zeros((len(own), len(classes.names)), dtype=bool)  # (n, C)
            for i, item in enumerate(own):
                shown[i, list(item.labels)] = True
            official = official_precisions(official_tensor(images, encodings), official_tensor(rows, encodings), shown)
            for c in np.flatnonzero(shown.any(axis=0)):
                ids.append(f"{classes.of}: {c} {classes.names[c]}")
                sets.append(classes.of)
                ours.append(average_precision((images * rows[c]).sum(axis=1), shown[:, c]))
                guesses.append(average_precision(np.zeros(len(own)), shown[:, c]))
            theirs.append(official)
            absent = len(classes.names) - int(shown.any(axis=0).sum())
            without = f"; no image of {absent} of them, which count as 0 in the official value alone" if absent else ""
            notes.append(f"{classes.of}: {len(own):,} images, {len(classes.names):,} classes{without}")
        what = "mean over classes of the average precision of all images"
        metric = _mean(self.primary, what, ours, ids, guesses, sets)
        names = list(dict.fromkeys(sets))
        official_ids = [f"{name} {c}" for name, own in zip(names, theirs, strict=True) for c in range(len(own))]
        official_sets = [name for name, own in zip(names, theirs, strict=True) for _ in own]
        joined = np.concatenate(theirs).tolist()
        how = f"{what} as torch.sort ranks them; classes without an image count as 0"
        official_metric = _mean(f"official_{self.primary}", how, joined, official_ids, None, official_sets, "official")
        values = np.array(ours)
        record = item_record(ids, Outcomes.certain(values), ids, sets, weights=alike(sets))
        return Scores(metrics=[metric, official_metric], items={self.primary: record}, notes=notes)


def official_precisions(images: Any, rows: Any, shown: NDArray[np.bool_]) -> Array:
    """(C,) what CLIP_benchmark's `average_precision_per_class` gives. images (n, D), rows (C, D)."""
    import torch

    scores, places = images @ rows.T, torch.arange(1, len(images) + 1, dtype=torch.float32)
    found = np.zeros(len(rows))
    for c in range(len(rows)):
        truth = torch.from_numpy(shown[:, c])[torch.sort(scores[:, c], descending=True).indices]
        precision = truth.float().cumsum(0) / places
        found[c] = float(precision[truth].sum()) / max(float(truth.sum()), 1.0)
    return found


def _mean(
    name: str,
    what: str,
    values: Sequence[float],
    ids: Sequence[str],
    guesses: Sequence[float] | None,
    sets: Sequence[str],
    kind: str = "model",
    slices: bool = True,
) -> Metric:
    weights = alike(sets)
    value = float(np.clip(np.sort(weights * values).sum(), 0.0, 1.0))
    low, high = crossed_mean([values], ids, weights).interval if len(ids) > 1 else (0.0, 1.0)
    places = {s: [i for i, own in enumerate(sets) if own == s] for s in dict.fromkeys(sets)} if slices else {}
    return Metric(
        name=name,
        value=value,
        n=len(values),
        description=what,
        interval=(min(max(0.0, low), value), max(min(1.0, high), value)),
        chance=None if guesses is None else float(np.sort(weights * guesses).sum()),
        kind=kind,
        per_slice={
            s: _mean(
                name, f"{what}; only {s}", [values[i] for i in own], [ids[i] for i in own],
                None if guesses is None else [guesses[i] for i in own], [s] * len(own), kind, slices=False,
            )
            for s, own in places.items()
        },
    )  # fmt: skip


def _any(items: Sequence[Tagged], classes: Classes) -> Tagged:
    return next(item for item in items if item.classes == classes)


def _set(folder: Path, name: str, split: str) -> list[Tagged]:
    names = class_names(folder, name, ())
    prompts = class_prompts(folder, name, names)
    classes = Classes(name, names, () if prompts else class_templates(folder, name), prompts)
    tars, rows = sorted((folder / name / split).glob("*.tar")), folder / name / f"{split}.jsonl"
    if tars:
        return [item for tar in tars for item in _of_tar(tar, f"{name}/{split}", classes)]
    if rows.is_file():
        return _of_rows(rows, classes)
    raise UserError(
        f"no split '{split}' in the set '{name}'",
        where=str(folder / name),
        fix=f"put webdataset tars with KEY.npy into {folder / name / split}, or write {rows.name}: "
        '{"image": "a.jpg", "labels": ["dog"]} a row',
    )


def _of_tar(tar: Path, called: str, classes: Classes) -> list[Tagged]:
    """Images are read from where they lie in their tar."""
    found = []
    for key, members in samples(tar):
        kinds = [kind for kind in _IMAGES if kind in members]
        where = f"{tar}/{key}"
        if len(kinds) != 1 or "npy" not in members:
            raise UserError(
                f"a sample with {', '.join(members)}", where=where, fix="each KEY.jpg needs a KEY.npy of 0 and 1"
            )
        image, labels = members[kinds[0]], members["npy"]
        with tar.open("rb") as file:
            file.seek(labels.offset_data)
            held = file.read(labels.size)
        try:
            marks = np.load(io.BytesIO(held), allow_pickle=False)
        except (ValueError, EOFError, OSError) as error:
            raise UserError(f"'{key}.npy' cannot be read: {error}", where=where, fix="write it again") from error
        if marks.shape != (len(classes.names),) or not np.isin(marks, (0, 1)).all():
            raise UserError(
                f"'{key}.npy' is of shape {marks.shape}, for {len(classes.names)} classes",
                where=where,
                fix="write 0 or 1 for each line of classnames.txt",
            )
        ref = ImageRef(f"{called}/{tar.stem}/{image.name}", tar, span=(image.offset_data, image.size), as_stored=True)
        found.append(Tagged(ref, frozenset(np.flatnonzero(marks).tolist()), classes))
    return found


def _of_rows(path: Path, classes: Classes) -> list[Tagged]:
    place = {name: i for i, name in enumerate(classes.names)}
    found = []
    for number, row in read_rows(path):
        where, labels, image = f"{path}:{number}", row.get("labels"), row.get("image")
        if not isinstance(image, str) or not image or not isinstance(labels, list):
            raise UserError("a row without `image` and a list `labels`", where=where, fix="write both")
        unknown = [str(label) for label in labels if str(label) not in place]
        if unknown:
            raise UserError(f"no class '{unknown[0]}'", where=where, fix=did_you_mean(unknown[0], list(place)))
        ref = ImageRef(f"{classes.of}/{image}", path.parent / image, as_stored=True)
        found.append(Tagged(ref, frozenset(place[str(label)] for label in labels), classes))
    return found
