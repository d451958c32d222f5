"""CC-Neg: the true caption of a web image against the same caption with a denial written into it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from semclip.core.errors import UserError
from semclip.evaluation.blind import has_negation_word
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.own.base import Scores
from semclip.evaluation.public._choice import (
    Question,
    Tie,
    accuracy,
    baselines,
    images_of,
    record,
    scores_of,
    texts_of,
)
from semclip.evaluation.public._faults import faults
from semclip.evaluation.public._rows import Row
from semclip.evaluation.public._torch_file import read_torch_file
from semclip.evaluation.public.base import AnnotationFile, Items, Pictures, Published, picture

_FILE = "ccneg_preprocessed.pt"
_OFFICIAL_ROWS = 228_246


@dataclass(frozen=True, slots=True)
class _Item:
    """official: commas are removed from the negated caption alone. even: from both captions."""

    official: Question
    even: Question


class CcNeg(Published):
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

    files: ClassVar[Sequence[AnnotationFile]] = (AnnotationFile(path=_FILE),)
    pictures: ClassVar[Pictures] = Pictures(
        name="the CC3M images of CC-Neg", folder="ccneg", obtain="the image archive beside the annotations"
    )
    licence: ClassVar[str] = "repository MIT; CC3M texts freely usable with acknowledgement of Google"
    source: ClassVar[str] = "CoN-CLIP, arXiv 2403.20312; jaisidhsingh/CoN-CLIP 503388ac, README.md:76-141"
    obtain: ClassVar[str] = "ccneg_preprocessed.pt from the links in the README of github.com/jaisidhsingh/CoN-CLIP"
    primary: ClassVar[str] = "accuracy"

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
        return Items(
            items=items,
            images=images_of(official),
            texts=[*texts_of(official), *texts_of(even)],
            defects=[*defects, *faults(official)],
        )

    def score(self, items: Sequence[_Item], encodings: Encodings) -> Scores:
        official, even = [i.official for i in items], [i.even for i in items]
        what = "the caption is nearer to the image than the negated one"
        metrics, outcomes = accuracy("accuracy", what, official, scores_of(official, encodings), Tie.FIRST)
        (without, _), outcomes_without = accuracy(
            "accuracy_no_commas", f"{what}, both without commas", even, scores_of(even, encodings), Tie.FIRST
        )
        return Scores(
            metrics=[*metrics, without, *baselines("accuracy", official, Tie.FIRST)],
            items={"accuracy": record(official, outcomes), "accuracy_no_commas": record(even, outcomes_without)},
        )


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
    ref = picture(images, Row(row.where, {"image_paths": path}).text("image_paths"))
    kind = f"{'with' if has_negation_word(negated) else 'without'} negation word"
    negated = negated.replace(",", "")

    def question(true: str) -> Question:
        return Question(str(number), ref, (true, negated), 0, kind, ref.name)

    return _Item(question(caption), question(caption.replace(",", "")))


def _inner(row: Row, key: str) -> Row:
    values = row.values.get(key)
    if not isinstance(values, dict):
        raise row.fault(f"no object '{key}'")
    return Row(row.where, values)
