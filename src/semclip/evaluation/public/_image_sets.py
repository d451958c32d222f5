"""Labelled image sets on disk, as CLIP_benchmark and torchvision lay them out.

A set NAME is a folder of that name, in one of three layouts, tried in this order:
    NAME/SPLIT/*.tar          webdataset of CLIP_benchmark: KEY.cls beside KEY.jpg (or .jpeg, .png, .webp)
    NAME/SPLIT/CLASS/*.jpg    a folder per class; classes in alphabetical order of their folders
    NAME/                     what torchvision downloaded, for cifar10, cifar100, flowers, food101 and pets
Class names: NAME/classnames.txt, a line per class, else `en_classnames.json` beside the sets, else the set's own.
Folders called by numbers are in the order of the numbers. Folders called as the classes belong to these, whatever the
order of the list; where that is in doubt, the set is refused.
Templates: NAME/zeroshot_classification_templates.txt, a line per template with `{c}` in it, else
`en_zeroshot_classification_templates.json` beside the sets. Prompts of their own for each class (CuPL):
NAME/zeroshot_classification_prompts.json, {class: [texts]}, or such a mapping in place of the list of templates.
"""

import hashlib
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from semclip.core.caches import ELSEWHERE, cache_folder
from semclip.core.errors import UserError, did_you_mean
from semclip.core.example import ImageRef
from semclip.core.files import read_json
from semclip.core.folders import new_folder
from semclip.data.readers.webdataset import samples, text_of

PLACE = "{c}"
_IMAGES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")


@dataclass(frozen=True, slots=True)
class Classes:
    """The classes of a set. templates: texts with `{c}` where the name goes; prompts: in place of these, by class."""

    of: str
    names: tuple[str, ...]
    templates: tuple[str, ...]
    prompts: tuple[tuple[str, ...], ...] = ()

    def texts(self, templates: Sequence[str]) -> list[str]:
        """Every text of every class; names as they are, underscores too."""
        return [template.replace(PLACE, name) for template in templates for name in self.names]

    def texts_by_class(self, templates: Sequence[str]) -> list[list[str]]:
        """The texts that stand for each class: its own prompts, else every template with its name."""
        return [list(own) for own in self.prompts] or [self._filled(templates, name) for name in self.names]

    @staticmethod
    def _filled(templates: Sequence[str], name: str) -> list[str]:
        return [template.replace(PLACE, name) for template in templates]


@dataclass(frozen=True, slots=True)
class Labelled:
    """An image and its class. label: place in `classes.names`."""

    image: ImageRef
    label: int
    classes: Classes


def read_sets(folder: Path, names: Sequence[str], split: str, with_templates: bool = True) -> list[Labelled]:
    """All images of the named sets below `folder`; of every set there where no name is given.

    with_templates: as CLIP_benchmark does, a set's own names spelled as it spells them; without, names are raw.
    Raises UserError for sets, class names or templates that are missing or do not fit.
    """
    there = sorted(p.name for p in folder.iterdir() if p.is_dir()) if folder.is_dir() else []
    for name in names:
        if name not in there:
            raise UserError(f"no image set '{name}'", where=str(folder), fix=did_you_mean(name, there))
    if not there:
        raise UserError("no image sets", where=str(folder), fix="make a folder per set there, such as cifar10")
    items: list[Labelled] = []
    for name in names or there:
        own_names, pairs = _read_set(folder / name, split)
        if with_templates and name == "food101":  # there CLIP_benchmark takes the underscores out, in cifar100 not
            own_names = [n.replace("_", " ") for n in own_names]
        labels = [label for _, label in pairs]
        called = class_names(folder, name, own_names)
        prompts = class_prompts(folder, name, called) if with_templates else ()
        classes = Classes(
            name, called, class_templates(folder, name) if with_templates and not prompts else (), prompts
        )
        if not pairs or min(labels) < 0 or max(labels) >= len(classes.names):
            raise UserError(
                f"{len(pairs):,} images with labels up to {max(labels, default=-1)} for {len(classes.names)} classes",
                where=str(folder / name),
                fix="give a class name per label, in the order of the labels",
            )
        items += [Labelled(image, label, classes) for image, label in pairs]
    return items


def class_names(folder: Path, name: str, own: Sequence[str]) -> tuple[str, ...]:
    """The names of a set's classes. own: the set's own names, in the order of its labels; none where it has none."""
    lines = _lines(folder / name / "classnames.txt")
    shared = _of_json(folder / "en_classnames.json", name)
    names = lines or shared or tuple(own)
    if not names:
        raise UserError(f"the set '{name}' has no class names", where=str(folder / name), fix="write classnames.txt")
    if own and len(names) != len(own):
        raise UserError(
            f"{len(names)} class names for {len(own)} classes", where=str(folder / name), fix="mend classnames.txt"
        )
    return _matched(names, own, folder / name) if own and names != tuple(own) else names


def _matched(names: tuple[str, ...], folders: Sequence[str], where: Path) -> tuple[str, ...]:
    """The names in the order of the folders. Raises UserError where the two orders cannot be the same."""
    if all(f.isdecimal() for f in folders):
        numbers = [int(f) for f in folders]
        if numbers not in (list(range(len(numbers))), list(range(1, len(numbers) + 1))):
            gap = next(i for i, number in enumerate(numbers) if number != numbers[0] + i) if numbers[0] < 2 else 0
            raise UserError(
                f"the class folders are numbered {', '.join(folders[max(0, gap - 2) : gap + 2])}, with a gap: which of "
                f"the {len(names)} class names is whose?",
                where=str(where),
                fix="number the folders from 0 without a gap, in the order of the class names, or call them as these",
            )
        return names
    listed = {_spelled(name): name for name in names}
    if listed.keys() == {_spelled(f) for f in folders}:
        return tuple(listed[_spelled(f)] for f in folders)
    odd = [f for f, name in zip(folders, names, strict=True) if _spelled(f) in listed and _spelled(f) != _spelled(name)]
    if odd:
        place = list(folders).index(odd[0])
        raise UserError(
            f"the class folder '{odd[0]}' would be called '{names[place]}': folders are in alphabetical order, the "
            "class names in another",
            where=str(where),
            fix="write the class names in the order of the folders, or call all folders as their classes",
        )
    return names


def _spelled(name: str) -> str:
    return " ".join(name.lower().replace("_", " ").replace("-", " ").split())


def class_templates(folder: Path, name: str) -> tuple[str, ...]:
    """The templates of a set. Raises UserError where there are none, and for one without a place for the name."""
    file = "zeroshot_classification_templates"
    templates = _lines(folder / name / f"{file}.txt") or _of_json(folder / f"en_{file}.json", name)
    bad = [t for t in templates if PLACE not in t]
    if not templates or bad:
        raise UserError(
            f"template '{bad[0]}' has no {PLACE}" if bad else f"the set '{name}' has no templates",
            where=str(folder / name / f"{file}.txt"),
            fix=f"write a template per line with {PLACE} where the class name goes, or put CLIP_benchmark's "
            f"en_{file}.json into {folder}",
        )
    return templates


def class_prompts(folder: Path, name: str, classes: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """The texts of each class, where a file has them; () otherwise."""
    path, shared = folder / name / "zeroshot_classification_prompts.json", None
    own = read_json(path) if path.is_file() else None
    if own is None:
        path = folder / "en_zeroshot_classification_templates.json"
        shared = read_json(path) if path.is_file() else None
        own = shared.get(name) if isinstance(shared, dict) else None
        if not isinstance(own, dict):
            return ()
    if not isinstance(own, dict) or not all(isinstance(t, list) and t for t in own.values()):
        raise UserError("not {class: [texts]}", where=str(path), fix="write a list of texts for each class")
    lacking = [c for c in classes if c not in own]
    if lacking:
        raise UserError(
            f"no prompts for {len(lacking)} of the {len(classes)} classes of '{name}' ({', '.join(lacking[:3])})",
            where=str(path),
            fix=f"write them under the class names as they are; the file has {', '.join(map(str, list(own)[:3]))}, ...",
        )
    return tuple(tuple(str(text).replace(PLACE, c) for text in own[c]) for c in classes)


def _lines(path: Path) -> tuple[str, ...]:
    return tuple(line for line in path.read_text("utf-8").splitlines() if line) if path.is_file() else ()


def _of_json(path: Path, name: str) -> tuple[str, ...]:
    content = read_json(path) if path.is_file() else {}
    found = content.get(name) if isinstance(content, dict) else None
    return tuple(map(str, found)) if isinstance(found, list) else ()


def _read_set(folder: Path, split: str) -> tuple[list[str], list[tuple[ImageRef, int]]]:
    """The set's own class names, if any, and its images with their labels."""
    tars = sorted((folder / split).glob("*.tar"))
    if tars:
        return [], [pair for tar in tars for pair in _read_tar(tar, f"{folder.name}/{split}")]
    if (folder / split).is_dir():
        return _read_folders(folder / split, f"{folder.name}/{split}")
    if folder.name in _TORCHVISION:
        return _read_torchvision(folder, split)
    raise UserError(
        f"no split '{split}' in the set '{folder.name}'",
        where=str(folder),
        fix=f"put a folder per class, or webdataset tars, into {folder / split}; torchvision's sets are called "
        f"{', '.join(_TORCHVISION)}",
    )


def _read_folders(folder: Path, called: str) -> tuple[list[str], list[tuple[ImageRef, int]]]:
    names = _in_order([p.name for p in folder.iterdir() if p.is_dir()], folder)
    return names, [
        (ImageRef(f"{called}/{name}/{path.name}", path, as_stored=True), label)
        for label, name in enumerate(names)
        for path in sorted((folder / name).iterdir())
        if path.suffix.lower() in _IMAGES
    ]


def _in_order(names: Sequence[str], folder: Path) -> list[str]:
    """Numbers as numbers, since 10 stands behind 2; other names as texts."""
    if not all(name.isdecimal() for name in names):
        return sorted(names)
    numbers = sorted(names, key=lambda name: (int(name), name))
    twice = next((a for a, b in pairwise(numbers) if int(a) == int(b)), None)
    if twice is not None:
        raise UserError(f"two class folders have the number {int(twice)}", where=str(folder), fix="rename one")
    return numbers


def _read_tar(tar: Path, called: str) -> list[tuple[ImageRef, int]]:
    """Images are read from where they lie in their tar."""
    found: dict[str, dict[str, tarfile.TarInfo]] = {}
    for key, members in samples(tar):
        found.setdefault(key, {}).update(members)
    kinds = [suffix.removeprefix(".") for suffix in _IMAGES]
    images = {key: kind for key, members in found.items() for kind in kinds if kind in members}
    labels = {key: members["cls"] for key, members in found.items() if "cls" in members}
    if not images or images.keys() != labels.keys():
        raise UserError(
            f"{len(images):,} images and {len(labels):,} .cls files", where=str(tar),
            fix="each KEY.jpg (or .jpeg, .png, .webp, .bmp) needs a KEY.cls with the number of its class",
        )  # fmt: skip
    pairs = []
    for number, (key, kind) in enumerate(sorted(images.items())):
        text = text_of(tar, labels[key]).strip()
        if not text.isdecimal():
            raise UserError(f"'{key}.cls' holds '{text}'", where=str(tar), fix="write the number of the class")
        member = found[key][kind]
        name = f"{called}/{tar.stem}/{number:07d}-{text}.{kind}"
        pairs.append((ImageRef(name, tar, span=(member.offset_data, member.size), as_stored=True), int(text)))
    return pairs


#: CLIP_benchmark's name of a set -> torchvision's class, and its test split.
_TORCHVISION: dict[str, tuple[str, dict[str, Any]]] = {
    "cifar10": ("CIFAR10", {"train": False}),
    "cifar100": ("CIFAR100", {"train": False}),
    "flowers": ("Flowers102", {"split": "test"}),
    "food101": ("Food101", {"split": "test"}),
    "pets": ("OxfordIIITPet", {"split": "test"}),
}


def _read_torchvision(folder: Path, split: str) -> tuple[list[str], list[tuple[ImageRef, int]]]:
    import torchvision

    if split != "test":
        raise UserError(f"torchvision's sets are read in their test split, not '{split}'", where=str(folder),
                        fix="leave `split` out")  # fmt: skip
    kind, settings = _TORCHVISION[folder.name]
    try:
        data = vars(torchvision.datasets)[kind](root=str(folder), download=False, **settings)
    except RuntimeError as error:
        raise UserError(
            f"torchvision finds no {kind}: {error}",
            where=str(folder),
            fix=f'download it once: torchvision.datasets.{kind}("{folder}", download=True)',
        ) from error
    own = list(data.classes)
    if kind.startswith("CIFAR"):
        return own, _unpacked(data, folder.name)
    # torchvision keeps the paths to itself; opening every image to write it again would cost hours.
    paths = data._images if kind == "OxfordIIITPet" else data._image_files
    return own, [(ImageRef(f"{folder.name}/test/{Path(p).name}", Path(p), as_stored=True), int(label))
                 for p, label in zip(paths, data._labels, strict=True)]  # fmt: skip


def _unpacked(data: Any, name: str) -> list[tuple[ImageRef, int]]:
    """Images as files called NUMBER-LABEL.png in a folder of the cache, written where they are not there yet."""
    pixels = hashlib.sha256(np.ascontiguousarray(data.data).tobytes()).hexdigest()[:16]
    folder = cache_folder("pictures") / f"{name}-{pixels}"
    if not folder.is_dir():
        with new_folder(folder, "cannot unpack the pictures", there="kept", fix=ELSEWHERE) as filling:
            for number, (image, label) in enumerate(data[i] for i in range(len(data))):
                image.save(filling / f"{number:07d}-{label}.png")
    return [
        (ImageRef(f"{name}/test/{p.name}", p, as_stored=True), int(p.stem.rpartition("-")[2]))
        for p in sorted(folder.iterdir())
    ]
