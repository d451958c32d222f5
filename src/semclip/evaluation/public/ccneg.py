"""CC-Neg: the true caption of a web image against the same caption with a denial written into it."""

import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from semclip.core.errors import UserError
from semclip.evaluation import choices
from semclip.evaluation.base import Items, Scores
from semclip.evaluation.blind import negation_kind
from semclip.evaluation.choices import Question, Tie
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.public._rows import Row
from semclip.evaluation.public.base import AnnotationFile, ImageFolder, PublicBenchmark, image_ref

_FILE = "ccneg_preprocessed.pt"
_OFFICIAL_ROWS = 228_246

#: The first object of a file in torch's format before 1.6; two more stand before the content.
_OLD_FORMAT = 0x1950A86A20F9469CFC6C

_ALLOWED: dict[tuple[str, str], type] = {("collections", "OrderedDict"): OrderedDict} | {
    ("builtins", kind.__name__): kind
    for kind in (bool, bytes, complex, dict, float, frozenset, int, list, set, str, tuple)
}


@dataclass(frozen=True, slots=True)
class _Item:
    """official: commas are removed from the negated caption alone. even: from both captions."""

    official: Question
    even: Question


class CcNeg(PublicBenchmark):
    """The last 40,000 of 228,246 images of CC3M, each with its caption and a negated one (arXiv 2403.20312).

    accuracy           = mean 1[s(image, caption) > s(image, negated)], chance 1/2, on the official texts
    official_accuracy  = the script: argmax, so that a tie is right and a constant encoder scores 1
    accuracy_no_commas = ours: commas are removed from both captions; the script removes them from the negated one
                         alone, so that a comma gives the true caption away

    The script multiplies by the logarithm of the logit scale, which changes no order while it is positive. Every
    negated caption is wrong by construction: a detector of negation words scores nearly 1, so a high score alone shows
    no understanding, and there is no affirmative part. The first 188,246 images are CoN-CLIP's training data.
    The annotation file is a pickle; it is read without running anything in it.
    """

    files = (AnnotationFile(path=_FILE),)
    image_folder = ImageFolder(
        name="the CC3M images of CC-Neg", folder="ccneg", obtain="the image archive beside the annotations"
    )
    licence = "repository MIT; CC3M texts freely usable with acknowledgement of Google"
    source = "CoN-CLIP, arXiv 2403.20312; jaisidhsingh/CoN-CLIP 503388ac, README.md:76-141"
    obtain = "ccneg_preprocessed.pt from the links in the README of github.com/jaisidhsingh/CoN-CLIP"
    primary = "accuracy"

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """last: how many rows, counted from the end, are the evaluation split."""

        last: int = 40_000

        def __post_init__(self) -> None:
            if self.last < 1:
                raise UserError(f"the last {self.last} rows", where="benchmark 'ccneg'", fix="give 1 or more")

    def read(self, folder: Path, images: Path) -> Items:
        paths, annotations = _lists(folder / _FILE)
        start = max(0, len(paths) - self.config.last)
        items = [_item(folder / _FILE, n, paths[n], annotations[n], images) for n in range(start, len(paths))]
        official, even = [i.official for i in items], [i.even for i in items]
        defects = []
        if len(paths) != _OFFICIAL_ROWS:
            defects.append(f"the file has {len(paths):,} rows, the official one {_OFFICIAL_ROWS:,}: the split differs")
        commas = sum("," in str(q.options[0]) for q in official)
        if commas:
            defects.append(
                f"{commas:,} of {len(items):,} true captions have a comma, and no negated one: it gives them away "
                "(accuracy_no_commas is without)"
            )
        read = choices.items_of(official, items, [*defects, *choices.find_defects(official)])
        return replace(read, texts=[*read.texts, *choices.items_of(even).texts])

    def score(self, items: Sequence[_Item], encodings: Encodings) -> Scores:
        official, even = [i.official for i in items], [i.even for i in items]
        scores, even_scores = choices.scores_of(official, encodings), choices.scores_of(even, encodings)
        what = "the caption is nearer to the image than the negated one"
        outcomes = choices.harness_outcomes(even, even_scores)
        without = choices.rate("accuracy_no_commas", f"{what}, both without commas", even, outcomes)
        found = choices.scored(what, official, scores, Tie.FIRST, means=[without])
        return replace(found, items={**found.items, "accuracy_no_commas": choices.record(even, outcomes)})


def _lists(path: Path) -> tuple[list[Any], list[Any]]:
    content = read_torch_file(path)
    fix = "get the official file again"
    if not isinstance(content, dict):
        raise UserError("not a dict with 'image_paths' and 'annotations'", where=str(path), fix=fix)
    lists = [content.get(key) for key in ("image_paths", "annotations")]
    paths, annotations = lists
    if not isinstance(paths, list) or not isinstance(annotations, list) or len(paths) != len(annotations):
        raise UserError("'image_paths' and 'annotations' are not two lists of equal length", where=str(path), fix=fix)
    return paths, annotations


def _item(file: Path, number: int, path: Any, annotation: Any, images: Path) -> _Item:
    row = Row(f"{file}:{number}", annotation if isinstance(annotation, dict) else {})
    caption, negated = _inner(row, "json").text("caption"), _inner(row, "sop_data").text("negative-prompt")
    ref = image_ref(images, Row(row.where, {"image_paths": path}).text("image_paths"))
    kind, negated = negation_kind(negated), negated.replace(",", "")

    def question(true: str) -> Question:
        return Question(str(number), ref, (true, negated), 0, kind, ref.name)

    return _Item(question(caption), question(caption.replace(",", "")))


def _inner(row: Row, key: str) -> Row:
    values = row.values.get(key)
    if not isinstance(values, dict):
        raise row.fault(f"no object '{key}'")
    return Row(row.where, values)


def read_torch_file(path: Path) -> Any:
    """The content of what `torch.save` wrote, without running anything in it: plain containers, texts and numbers only.

    `torch.load(weights_only=True)` reads few of pickle's protocols, and `weights_only=False` runs what the file says.
    """
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                name = next((n for n in archive.namelist() if n.rpartition("/")[2] == "data.pkl"), "data.pkl")
                return _Plain(BytesIO(archive.read(name)), path).load()
        with path.open("rb") as file:
            content = _Plain(file, path).load()
            if content != _OLD_FORMAT:
                return content
            return [_Plain(file, path).load() for _ in range(3)][-1]
    except FileNotFoundError:
        raise UserError("file not found", where=str(path), fix="check the path") from None
    except (
        pickle.UnpicklingError, zipfile.BadZipFile, EOFError, KeyError, ValueError, IndexError, AttributeError,
        TypeError, OverflowError, MemoryError,
    ) as error:  # fmt: skip  # what a damaged pickle raises
        raise UserError(
            f"not a readable .pt file: {error or type(error).__name__}",
            where=str(path),
            fix="get the official file again",
        ) from error


class _Plain(pickle.Unpickler):
    def __init__(self, file: IO[bytes], path: Path) -> None:
        super().__init__(file)
        self._path = path

    def find_class(self, module: str, name: str) -> type:
        # Python 2's name of the same module.
        found = _ALLOWED.get(("builtins" if module == "__builtin__" else module, name))
        if found is None:
            raise self._refused(f"asks for {module}.{name}")
        return found

    def persistent_load(self, pid: Any) -> Any:
        raise self._refused("holds tensors")

    def _refused(self, why: str) -> UserError:
        return UserError(
            f"the file {why}, and only plain lists, dicts, texts and numbers are read: loading anything else runs code",
            where=str(self._path),
            fix="get the official file again; if you trust this one, load it with torch and save its lists alone",
        )
