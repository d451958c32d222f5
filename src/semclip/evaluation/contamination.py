"""Overlap of benchmarks with training data: images by name or content, texts word for word."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from semclip.core.config import load_config, parse
from semclip.core.errors import UserError
from semclip.core.example import TEXT_VIEWS, ImageRef
from semclip.data.load import DataConfig, load_examples
from semclip.evaluation.base import Items, Task
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.metrics.result import Result

_COCO = re.compile(r"(?:COCO_(?:train|val|test)\d{4}_)?(\d{12})\.jpe?g", re.IGNORECASE)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_IMAGE = re.compile(r"\S+\.(?:jpe?g|png|webp|bmp|gif)", re.IGNORECASE)


@dataclass(frozen=True)
class TrainingData:
    """What a model was trained on. names: of images, as `image_key` gives them. files: images whose content counts.

    hashes: sha256 of images' content. texts: exact. source: what it was read from, for people.
    """

    source: str
    names: frozenset[str] = frozenset()
    hashes: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()
    files: Sequence[ImageRef] = ()


@dataclass(frozen=True)
class Overlap:
    """What of one benchmark a model has seen. images: base names, by name or content. texts: exact ones.

    counts: images and texts of the benchmark, and how many images were found by_name and by_content.
    """

    benchmark: str
    images: Sequence[str] = ()
    texts: Sequence[str] = ()
    counts: Mapping[str, int] = field(default_factory=dict)

    def note(self, seen: TrainingData) -> str:
        """One sentence for the result."""
        c = self.counts
        return (
            f"trained on {seen.source}: it holds {len(self.images):,} of the {c['images']:,} images of this benchmark "
            f"({c['by_name']:,} by name, {c['by_content']:,} by content) and {len(self.texts):,} of its {c['texts']:,} "
            "texts word for word" + ("; this is no test of unseen data" if self.images or self.texts else "")
        )


def image_key(name: str) -> str:
    """An image's base name; COCO's by its id, since 000000397133.jpg is COCO_val2014_000000397133.jpg."""
    base = name.replace("\\", "/").rpartition("/")[2]
    coco = _COCO.fullmatch(base)
    return f"coco:{coco.group(1)}" if coco else base


def training_data_of(source: Path) -> TrainingData:
    """What was seen, from a run folder (its config names the data file) or from a text file.

    The text file has one thing per line: an image name (it ends like one and has no space), a sha256 in hexadecimal,
    or a text. Of a run, all views count, of all splits that it trains on (`train`, or rows without a split).
    Raises UserError for a source that is neither, and what reading the data raises.
    """
    if (source / "config.yaml").is_file():
        return _seen_by_run(source)
    if not source.is_file():
        raise UserError("neither a run folder nor a list", where=str(source), fix="name a run, or a file with a line "
                        "per image name, sha256 or text")  # fmt: skip
    lines = [line for line in source.read_text("utf-8").splitlines() if line.strip()]
    hashes = {line for line in lines if _SHA256.fullmatch(line)}
    names = {line for line in lines if _IMAGE.fullmatch(line)}
    return TrainingData(
        source=str(source),
        names=frozenset(map(image_key, names)),
        hashes=frozenset(hashes),
        texts=frozenset(set(lines) - hashes - names),
    )


def _seen_by_run(run: Path) -> TrainingData:
    path = run / "config.yaml"
    section: Any = load_config(path).get("data")
    if not isinstance(section, dict):
        raise UserError("the run's config has no section 'data'", where=str(path), fix="give a list file instead")
    config = parse(DataConfig, section, where=str(path))
    examples = [e for e in load_examples(config) if e.split in (None, "train")]
    refs = [ref for e in examples for ref in (e.image, *e.negative_images)]
    return TrainingData(
        source=f"{run.name} ({config.path})",
        names=frozenset(image_key(ref.name) for ref in refs),
        texts=frozenset(text for e in examples for view in TEXT_VIEWS for text in e.texts(view)),
        files=[ref for ref in dict.fromkeys(refs) if ref.path is not None and ref.path.is_file()],
    )


def with_overlap(task: Task, seen: TrainingData) -> Task:
    """The task, whose result says what of it was seen: in a note, and in `data["seen"]` with the images' names."""
    found = overlap(task.name, task, seen)
    record = {
        "source": seen.source,
        "images": list(found.images),
        "texts": len(found.texts),
        "of": dict(found.counts),
    }

    def run(encodings: Encodings, model: str) -> Result:
        result = task.run(encodings, model)
        data = {**result.data, "seen": [*result.data.get("seen", ()), record]}
        return replace(result, data=data, notes=[*result.notes, found.note(seen)])

    return replace(task, run=run)


def overlap(benchmark: str, read: Items | Task, seen: TrainingData) -> Overlap:
    """Which images and texts of a benchmark were seen: by base name (COCO's by id), by content, and by exact text.

    Only files of equal size are hashed, so that a benchmark costs no reading of all training images.
    """
    refs = list(dict.fromkeys(read.images))
    texts = sorted({text for text in read.texts if text})
    by_name = {ref for ref in refs if image_key(ref.name) in seen.names}
    by_content = _same_content(refs, seen)
    images = sorted({ref.name for ref in by_name | by_content})
    counts = {"images": len({r.name for r in refs}), "texts": len(texts),
              "by_name": len({r.name for r in by_name}), "by_content": len({r.name for r in by_content})}  # fmt: skip
    return Overlap(benchmark, images, [text for text in texts if text in seen.texts], counts)


def _same_content(refs: Iterable[ImageRef], seen: TrainingData) -> set[ImageRef]:
    there = [ref for ref in refs if ref.path is not None and ref.path.is_file()]
    sizes: dict[int, list[ImageRef]] = {}
    for ref in seen.files:
        sizes.setdefault(_size(ref), []).append(ref)
    wanted = {_size(ref) for ref in there} & sizes.keys()
    hashes = set(seen.hashes) | {_sha256(ref) for size in wanted for ref in sizes[size]}
    if not hashes:
        return set()
    return {ref for ref in there if (seen.hashes or _size(ref) in wanted) and _sha256(ref) in hashes}


def _size(ref: ImageRef) -> int:
    """Bytes of an image that is there."""
    assert ref.path is not None
    return ref.path.stat().st_size if ref.span is None else ref.span[1]


def _sha256(ref: ImageRef) -> str:
    with ref.open() as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
