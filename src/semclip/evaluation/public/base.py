"""Base class of public benchmarks: official files read unchanged, items, and two protocols of scoring them."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from semclip.core.errors import UserError
from semclip.core.example import ImageRef
from semclip.core.files import is_file, sha256_file
from semclip.core.protocols import DualEncoder
from semclip.evaluation.base import Benchmark, Items, Sources, Task
from semclip.evaluation.encodings import reads_pixels

_Part = TypeVar("_Part")


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
class ImageFolder:
    """The images a benchmark asks about, found by their official base names in a folder of the user's.

    name: "COCO val2017". folder: where they are looked for, below ROOT. obtain: how to get them, for people.
    listed: official files say which images there are. A folder that is its own list cannot lack one: it only has fewer,
    and the result says how many it has.
    """

    name: str
    folder: str
    obtain: str
    listed: bool = True


class PublicBenchmark(Benchmark):
    """Base of all public benchmarks: set the class attributes, write `read` and `score`.

    files, image_folder: what has to be there. licence: of the annotations. source: paper and code, with its commit.
    obtain: how to get the files that may not be fetched. `score` gives the metrics of both protocols: ours, in which
    ties are chance, and `official_...` with kind="official".
    reproducible: a published script exists, so that there are `official_` metrics.
    """

    kind = "public"
    files: ClassVar[Sequence[AnnotationFile]]
    image_folder: ClassVar[ImageFolder]
    licence: ClassVar[str]
    source: ClassVar[str]
    obtain: ClassVar[str] = ""
    reproducible: ClassVar[bool] = True

    @abstractmethod
    def read(self, folder: Path, images: Path) -> Items:
        """Read the official files in `folder`, unchanged; images are named, not opened.

        Raises UserError with `file:row` for what is malformed.
        """

    def needed(self) -> list[AnnotationFile]:
        """The files that have to be there with these options: all that are not optional, unless an option says else."""
        return [file for file in self.files if not file.optional]

    def images_of(self, item: Any) -> Sequence[ImageRef]:
        """The images that an item cannot be scored without: every ImageRef in it, at any depth."""
        return list(_parts_in(item, ImageRef))

    def texts_of(self, item: Any) -> Sequence[str]:
        """The texts that an item cannot be scored without: every text in it, at any depth."""
        return list(_parts_in(item, str))

    def _limited(self, read: Items, limit: int) -> Items:
        items, note = self.drawn(read.items, limit)
        if not note:
            return read
        images = {ref for item in items for ref in self.images_of(item)}
        texts = {text for item in items for text in self.texts_of(item)}
        return replace(
            read,
            items=items,
            images=[ref for ref in read.images if ref in images],
            texts=[text for text in read.texts if text in texts],
            left_out=[*read.left_out, *note],
        )

    def task(self, encoder: DualEncoder, sources: Sources) -> Task:
        if sources.root is None:
            raise UserError(
                f"'{self.name}' is a public benchmark, read from a folder of yours",
                where=f"benchmark '{self.name}'",
                fix="give --root DIR; `semclip benchmarks check DIR` shows what is in it",
            )
        opens_images = reads_pixels(encoder)
        read = self._limited(self.prepare(sources.root, sources.allow_missing, opens_images), sources.limit)
        described, remarks = self.described(sources.root)
        data = {
            **described,
            "options": self.options,
            "allow_missing": sources.allow_missing,
            "limit": sources.limit,
            "pixels": opens_images,
            "pictures": str(sources.root / self.image_folder.folder),  # for reports, which show items
            "examples": len(read.items),
            "images": len(set(read.images)),
        }
        return self._task(read, data, remarks)

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
        read = self.read(folder, root / self.image_folder.folder)
        if not read.items:
            raise UserError(f"'{self.name}' has no items", where=str(folder), fix="check the annotation files")
        if not opens_images:
            return read
        there = {path: is_file(path) for path in {ref.path for ref in read.images} if path is not None}
        missing = sorted(str(path.name) for path, found in there.items() if not found)
        return self._without(read, {p for p in there if not there[p]}, missing, allow_missing) if missing else read

    def _without(self, read: Items, gone: set[Path], missing: Sequence[str], allow_missing: bool) -> Items:
        first = f"{', '.join(missing[:3])}{', ...' if len(missing) > 3 else ''}"
        of = f"{len({ref.path for ref in read.images}):,} images of {self.image_folder.name}"
        said = f"{len(missing):,} of {of} are missing ({first})"
        items = [item for item in read.items if not any(ref.path in gone for ref in self.images_of(item))]
        if not allow_missing or not items:
            rest = "; or evaluate the rest with --allow-missing" if items else ""
            fix = self.image_folder.obtain + rest
            raise UserError(f"'{self.name}': {said}", where=str(min(gone).parent), fix=fix)
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


create = PublicBenchmark.create


def image_ref(folder: Path, name: str) -> ImageRef:
    """The image with an official name: by its base name, since official files carry other people's folders."""
    base = name.replace("\\", "/").rpartition("/")[2]
    if not base:
        raise UserError(f"'{name}' names no image", where=str(folder), fix="check the annotation file")
    return ImageRef(base, folder / base, as_stored=True)


def _parts_in(value: Any, kind: type[_Part]) -> Iterator[_Part]:
    """Every part of a kind in a value, at any depth."""
    if isinstance(value, kind):
        yield value
    elif is_dataclass(value) and not isinstance(value, type):
        for f in fields(value):
            yield from _parts_in(getattr(value, f.name), kind)
    elif isinstance(value, list | tuple | set | frozenset):
        for part in value:
            yield from _parts_in(part, kind)
