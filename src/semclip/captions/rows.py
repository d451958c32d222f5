"""From rows to Examples and back; a bad row is left out with its reason."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from semclip.captions.config import COLUMNS
from semclip.core.errors import UserError
from semclip.core.example import Example
from semclip.core.files import write_text
from semclip.core.objects import objects_of
from semclip.core.rows import read_rows, where_of
from semclip.data.ids import with_ids
from semclip.data.load import DataConfig, data_file, row_parser
from semclip.data.one_per_photo import one_per_photo
from semclip.data.readers.base import say
from semclip.data.splits import with_splits


@dataclass(frozen=True)
class LeftOut:
    """A row of the input that cannot be read. where: `file:row`. fix: what to do about it."""

    where: str
    reason: str
    fix: str


@dataclass(frozen=True)
class WrittenText:
    """A text of a row as a job's output holds it. of: index into `example.captions`. verdicts: verifiers and scores."""

    view: str
    kind: str
    of: int
    text: str
    verdicts: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Input:
    """The readable rows as Examples, the others with their reasons, and a hash of the content of the former.

    images: the folder that names of pictures are relative to.

    The hash covers what the output copies and what writers read: not where the file is, nor in what format.
    """

    examples: Sequence[Example]
    left_out: Sequence[LeftOut]
    sha256: str
    images: Path


def read_input(config: DataConfig) -> Input:
    """Every row of a data file, read one by one.

    Left out are malformed rows, rows with an empty or endless text, without an image, with the id of an earlier row,
    with cells that JSON cannot hold, or with `objects` that are no list of nouns. Raises UserError, with `file:row`,
    where the file itself is broken, no row can be read, or a group crosses splits.
    """
    path = data_file(config)
    parser = row_parser(config)
    examples: list[Example] = []
    left_out: list[LeftOut] = []
    first_error: UserError | None = None
    ids: dict[str, str] = {}

    def bad_row(error: UserError) -> None:
        nonlocal first_error
        first_error = first_error or error
        left_out.append(LeftOut(error.where, error.what, error.fix))

    for place, row in read_rows(path, bad_row):
        where = where_of(path, place)
        try:
            example = parser.example(row, where)
            if ids.setdefault(example.id, where) != where and example.id:
                first = ids[example.id].rpartition(":")[2]
                fix = "give every row an id of its own, or none"
                raise UserError(f"the id occurs twice, first at row {first}", where=where, fix=fix)
            _line(base_row(example), where)
            objects_of(example)
        except UserError as error:
            bad_row(error)
        else:
            examples.append(example)
    parser.finish(str(path))  # a column that no row has is told before what the first row lacks
    if first_error and not examples:
        raise first_error
    for note in parser.notes():
        say(f"{path.name}: {note}")
    if any(example.split for example in examples):
        # Where some rows name a split, those that do not are left out: a drawn one could put a group on both sides.
        what, fix = "the row names no split, but others do", "name its split, or none in any row"
        left_out += [LeftOut(example.where, what, fix) for example in examples if not example.split]
        examples = [example for example in examples if example.split]
    examples = list(with_splits(with_ids(one_per_photo(examples)), config.seed))
    digest = hashlib.sha256()
    for example in examples:
        digest.update(_line(base_row(example), example.where))
    return Input(examples, left_out, digest.hexdigest(), parser.images)


def save_left_out(left_out: Sequence[LeftOut], out: Path) -> Path:
    """List the unreadable rows in a file beside the output; no file where there are none."""
    path = out.with_name(out.name + ".left_out")
    if left_out:
        write_text(path, "".join(json.dumps(asdict(row)) + "\n" for row in left_out))
    else:
        path.unlink(missing_ok=True)
    return path


def base_row(example: Example) -> dict[str, Any]:
    """The row of an example as the readers take it."""
    meta = dict(example.meta)
    row: dict[str, Any] = {"id": example.id, "image": example.image.name}
    paraphrases = example.paraphrases
    if meta.pop("captions_equal", False):
        row["captions"] = list(example.captions)
        paraphrases = paraphrases[len(example.captions) - 1 :]
    else:
        row["caption"] = example.caption
    row["paraphrases"] = list(paraphrases)
    for column in ("rewrites", "negations", "absences"):
        row[column] = list(getattr(example, column))
    row["negative_images"] = [ref.name for ref in example.negative_images]
    row |= {"group": example.group, "split": example.split}
    return {key: value for key, value in row.items() if value not in ("", None, [])} | meta


def full_row(example: Example, results: Mapping[str, Mapping[str, Any]], provenance: Mapping[str, Any]) -> bytes:
    """The line of the output: the row with what was written for it.

    results: view -> `{"texts": [...], "refused": [...]}` as the journal holds them.
    """
    row = base_row(example)
    for view, result in results.items():
        texts = result["texts"]
        row[COLUMNS[view]] = [text["text"] for text in texts]
        row[f"{view}_kinds"] = [text["kind"] for text in texts]
        row[f"{view}_of"] = [text["of"] for text in texts]
        row[f"{view}_verdicts"] = [text["verdicts"] for text in texts]
        if any(text["provenance"] for text in texts):
            row[f"{view}_provenance"] = [text["provenance"] for text in texts]
        if result["refused"]:
            row[f"{view}_refused"] = result["refused"]
    earlier = {"earlier": row["provenance"]} if "provenance" in row else {}  # a job wrote other views of this row
    return _line(row | {"provenance": {**provenance, **earlier}}, example.where)


def written_texts(example: Example, view: str) -> list[WrittenText]:
    """The texts of a view that were written for a row; captions of equal standing are no written paraphrases."""
    meta = example.meta
    texts = example.texts(view)
    if view == "paraphrase" and ("paraphrase_of" in meta or meta.get("captions_equal")):
        texts = texts[len(example.captions) - 1 :]
    sources = meta.get(f"{view}_of") or [0] * len(texts)
    kinds = meta.get(f"{view}_kinds") or [""] * len(texts)
    verdicts = meta.get(f"{view}_verdicts") or [[]] * len(texts)
    sound = isinstance(verdicts, list) and all(
        isinstance(v, list) and all(isinstance(x, dict) for x in v) for v in verdicts
    )
    if not sound or not len(texts) == len(sources) == len(kinds) == len(verdicts):
        raise UserError(
            f"'{view}_of', '{view}_kinds' and '{view}_verdicts' are not parallel to the {len(texts)} texts of '{view}'",
            where=example.where,
            fix="put the file back as `semclip captions write` wrote it, or remove these columns",
        )
    return [
        WrittenText(view, kind, of, text, scores)
        for text, of, kind, scores in zip(texts, sources, kinds, verdicts, strict=True)
    ]


def _line(row: Mapping[str, Any], where: str) -> bytes:
    try:
        return (json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n").encode()
    except UnicodeEncodeError:
        what = "half of a surrogate pair, which is no character"
    except (TypeError, ValueError) as error:
        what = f"a cell that JSON cannot hold: {error}"
    raise UserError(what, where=where, fix="mend the cell, or remove its column")
