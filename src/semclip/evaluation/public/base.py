"""What a public benchmark is: official files read unchanged, items, and two protocols of scoring them."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from semclip.core.config import parse
from semclip.core.errors import UserError
from semclip.core.example import ImageRef
from semclip.core.files import read_json, sha256_file
from semclip.core.registry import FAMILIES
from semclip.core.run_info import versions
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.metrics.result import Result
from semclip.evaluation.own.base import Scores


@dataclass(frozen=True, kw_only=True)
class AnnotationFile:
    """An official file. path: below ROOT/BENCHMARK/. sha256, size: of the official file, "" and 0 where unknown.

    copy_in: the repository of the copy that sha256 and size are of, where those of the original are unknown.
    url: where `semclip benchmarks fetch` gets it; "" where its licence or host forbids that (`obtain` says how then).
    optional: the benchmark can be read without it (one subset of several).
    """

    path: str
    sha256: str = ""
    size: int = 0
    url: str = ""
    optional: bool = False
    copy_in: str = ""


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """The images a benchmark asks about, found by their official base names in a folder of the user's.

    name: "COCO val2017". folder: where they are looked for, below ROOT. obtain: how to get them, for people.
    listed: official files say which images there are. A folder that is its own list cannot lack one: it only has fewer,
    and the result says how many it has.
    """

    name: str
    folder: str
    obtain: str
    listed: bool = True


@dataclass(frozen=True, kw_only=True)
class Items:
    """What `read` returns. items: of the benchmark's own type. defects: known faults of the data that were found in it.

    images, texts: everything that scoring will ask the encodings for. left_out: what is not scored, and why.
    """

    items: Sequence[Any]
    images: Sequence[ImageRef]
    texts: Sequence[str]
    defects: Sequence[str] = ()
    left_out: Sequence[str] = field(default_factory=tuple)


class Published(ABC):
    """Base of all public benchmarks: set the class attributes, write `read` and `score`.

    files, pictures: what has to be there. licence: of the annotations. source: paper and code, with the commit read.
    primary: the metric that stands for the benchmark. version: raised when a change moves the numbers.
    reproducible: a published script exists, so that there are `official_` metrics.
    """

    name: ClassVar[str] = ""
    version: ClassVar[int] = 1
    files: ClassVar[Sequence[AnnotationFile]]
    pictures: ClassVar[Pictures | None]
    licence: ClassVar[str]
    source: ClassVar[str]
    obtain: ClassVar[str] = ""
    primary: ClassVar[str]
    reproducible: ClassVar[bool] = True
    config: Any

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """Options, as `--benchmarks` and YAML name them."""

    def __init__(self, config: Any = None) -> None:
        self.config = self.Config() if config is None else config

    @property
    def main(self) -> str:
        """The metric that stands for the benchmark with these options: `primary`, unless an option says else."""
        return self.primary

    def needed(self) -> list[AnnotationFile]:
        """The files that have to be there with these options: all that are not optional, unless an option says else."""
        return [file for file in self.files if not file.optional]

    def images_of(self, item: Any) -> Sequence[ImageRef]:
        """The images that an item cannot be scored without: every ImageRef in it, at any depth."""
        return list(_refs_in(item))

    @abstractmethod
    def read(self, folder: Path, images: Path) -> Items:
        """Read the official files in `folder`, unchanged; images are named, not opened.

        Raises UserError with `file:row` for what is malformed.
        """

    @abstractmethod
    def score(self, items: Sequence[Any], encodings: Encodings) -> Scores:
        """Metrics of both protocols: `harness` (ties are chance), and `official_...` with kind="official"."""

    def prepare(self, root: Path, allow_missing: bool = False, opens_images: bool = True) -> Items:
        """Read below ROOT, and see that every image is there.

        allow_missing: leave out the items whose images are not there, and say so.
        opens_images: False for models that know images by name alone. Raises UserError for a missing annotation file
        or image (with the count and the first names), and for a malformed row.
        """
        folder = root / self.name
        for file in self.needed():
            if not (folder / file.path).is_file():
                fix = f"`semclip benchmarks fetch {self.name} --root {root}`" if file.url else self.obtain
                raise UserError(f"no annotation file {file.path}", where=str(folder / file.path), fix=fix)
        read = self.read(folder, root / self.pictures.folder if self.pictures else folder)
        if not read.items:
            raise UserError(f"'{self.name}' has no items", where=str(folder), fix="check the annotation files")
        if not opens_images:
            return read
        there = {path: path.is_file() for path in {ref.path for ref in read.images} if path is not None}
        missing = sorted(str(path.name) for path, found in there.items() if not found)
        return self._without(read, {p for p in there if not there[p]}, missing, allow_missing) if missing else read

    def _without(self, read: Items, gone: set[Path], missing: Sequence[str], allow_missing: bool) -> Items:
        what = self.pictures.name if self.pictures else "its images"
        first = f"{', '.join(missing[:3])}{', ...' if len(missing) > 3 else ''}"
        said = f"{len(missing):,} of {len({ref.path for ref in read.images}):,} images of {what} are missing ({first})"
        items = [item for item in read.items if not any(ref.path in gone for ref in self.images_of(item))]
        if not allow_missing or not items:
            raise UserError(
                f"'{self.name}': {said}",
                where=str(min(gone).parent),
                fix=f"{self.pictures.obtain if self.pictures else self.obtain}"
                + ("; or evaluate the rest with --allow-missing" if items else ""),
            )
        note = f"left out: {len(read.items) - len(items):,} of {len(read.items):,} items, since {said}"
        images = [ref for ref in read.images if ref.path not in gone]
        return replace(read, items=items, images=images, left_out=[*read.left_out, note])

    def described(self, root: Path) -> tuple[dict[str, Any], list[str]]:
        """What to say of the data in a result, and a note on every file that is not the official version."""
        folder = root / self.name
        there = [file for file in self.files if (folder / file.path).is_file()]
        sums = {file.path: sha256_file(folder / file.path) for file in there}
        official = {file.path: sums[file.path] == file.sha256 for file in there if file.sha256 and not file.copy_in}
        files = {path: {"sha256": sums[path], "official": official.get(path)} for path in sums}
        notes = [
            f"{path} is another version than the official one (sha256 {sums[path][:12]}...)"
            for path, same in official.items()
            if not same
        ]
        notes += [
            f"{file.path} is {'' if sums[file.path] == file.sha256 else 'not '}the copy in {file.copy_in}; "
            "the sha256 of the original is not known"
            for file in there
            if file.copy_in
        ]
        return {"path": str(folder), "files": files, "source": self.source, "licence": self.licence}, notes

    def run(self, read: Items, encodings: Encodings, model: str, data: Mapping[str, Any]) -> Result:
        """Score and describe."""
        scores = self.score(read.items, encodings)
        return Result(
            benchmark=self.name,
            version=self.version,
            model=model,
            data={**data, "examples": len(read.items), "images": len(set(read.images))},
            metrics=list(scores.metrics),
            primary=self.main,
            items=scores.items,
            extra=scores.extra,
            notes=[*read.left_out, *read.defects, *encodings.notes(read.texts), *scores.notes],
            versions=versions(),
        )


def create(name: str, config: Any = None) -> Published:
    """The public benchmark called `name`, with the options of a YAML section."""
    cls = FAMILIES["published"].get(name)
    benchmark: Published = cls(parse(cls.Config, config, where=f"benchmark '{name}'"))
    return benchmark


def json_rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rows of an official JSON file, each with its place: a dict of rows has keys, a list counts from 0.

    Raises UserError with `file:key` for a row that lacks one of `columns` or has no text there.
    """
    found = read_json(path)
    if not isinstance(found, dict | list):
        raise UserError("neither a dict nor a list of rows", where=str(path), fix="get the official file again")
    for key, row in found.items() if isinstance(found, dict) else enumerate(found):
        for column in columns:
            if not isinstance(row, dict) or not isinstance(row.get(column), str):
                raise UserError(f"no text '{column}'", where=f"{path}:{key}", fix="get the official file again")
        yield str(key), row


def picture(images: Path, name: str) -> ImageRef:
    """The image with an official name: by its base name, since official files carry other people's folders."""
    base = name.replace("\\", "/").rpartition("/")[2]
    if not base:
        raise UserError(f"'{name}' names no image", where=str(images), fix="check the annotation file")
    return ImageRef(base, images / base)


def _refs_in(value: Any) -> Iterator[ImageRef]:
    if isinstance(value, ImageRef):
        yield value
    elif is_dataclass(value) and not isinstance(value, type):
        for f in fields(value):
            yield from _refs_in(getattr(value, f.name))
    elif isinstance(value, list | tuple | set | frozenset):
        for part in value:
            yield from _refs_in(part)
