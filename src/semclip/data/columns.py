"""Columns of a data file: raw row -> Example, by common column names or an explicit mapping."""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from semclip.core.errors import UserError, did_you_mean
from semclip.core.example import Example, ImageRef, normal_name
from semclip.core.files import is_file
from semclip.core.rows import IMAGE_COLUMNS
from semclip.data.cells import (
    EmptyTextError,
    list_in,
    name_of,
    names_of,
    parallel_lists,
    refuse_no_text,
    split_of,
    text_of,
    texts_of,
)
from semclip.data.inside import picture_inside
from semclip.data.nearby import folders_with

#: Field of a record -> the column names that mean it, in any case; where a file has several, the first of them counts,
#: and the others are told. Any of them may stand left in `columns: {ours: theirs}`.
ALIASES: dict[str, tuple[str, ...]] = {
    "image": IMAGE_COLUMNS,
    "caption": (
        *(
            "caption",
            "title",
            "text",
            "sentence",
            "comment",
            "description",
            "raw",
            "caption_text",
            "caption_str",
            "txt",
        ),
        *("alt_text", "alt"),
    ),
    "captions": ("captions", "sentences", "sentences_raw", "comments", "texts", "descriptions", "reference_strs"),
    "paraphrases": ("paraphrases", "paraphrase", "paraphrased"),
    "negations": (
        *("negations", "negation", "negated", "negative_caption", "negative_captions", "neg_caption", "neg_captions"),
        *("negative_text", "negative_texts", "hard_negative", "hard_negatives", "negative", "negatives"),
    ),
    "absences": ("absences", "absence"),
    "rewrites": ("rewrites", "rewrite"),
    "negative_images": ("negative_images", "negative_image"),
    "group": ("group",),
    "split": ("split",),
    "id": ("id",),
    # Lists that run parallel to the texts of a view; they stay in `meta` under these names.
    "paraphrase_kinds": ("paraphrase_kinds",),
    "negation_kinds": ("negation_kinds",),
    "absence_kinds": ("absence_kinds",),
    "paraphrase_of": ("paraphrase_of",),
    "negation_of": ("negation_of",),
    "absence_of": ("absence_of",),
}
_FIELD = {alias: field for field, aliases in ALIASES.items() for alias in aliases}
#: The lower, the sooner taken; of a list of captions and one caption that rank equally, the list.
_RANK = {
    alias: rank - (field == "captions") / 2 for field, aliases in ALIASES.items() for rank, alias in enumerate(aliases)
}
_URL = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
#: Photos looked for around the data file before it is taken that they are somewhere else.
_LOOKED_FOR = 20

#: Rows that are read before columns that fit none of them are refused: the first ones may lack what the others have.
_ROWS_TRIED = 100

#: Columns of published files that nothing here reads, and why.
_KNOWN_COLUMNS = {
    "neg_image": "NegCLIP's row numbers of similar photos are not read; its hard negative texts, 'neg_caption', are",
}

#: Names of columns that an error lists, and characters of each.
_NAMES_SHOWN, _NAME_SHOWN = 30, 60


def means(column: str) -> str | None:
    """The field that a column's name means, None for a name that means nothing here."""
    return _FIELD.get(column.strip().lower())


@dataclass(frozen=True)
class Layout:
    """used: field -> the file's column. meta: columns that mean nothing to us and are kept as they are.

    passed_over: column among `meta` -> the field it could have meant as well.
    """

    used: Mapping[str, str]
    meta: tuple[str, ...]
    passed_over: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def notes(self) -> list[str]:
        """For people: which column counts where several could, and how to take another."""
        taken = {"caption": self.used.get("captions", ""), "captions": self.used.get("caption", "")} | dict(self.used)
        return [
            f"'{taken[name]}' is read as '{name}', and '{column}' is not, which could be it as well: "
            f"{_ways_to_map(name, column)} takes it"
            for column, name in self.passed_over.items()
        ] + [
            f"'{column}': {_KNOWN_COLUMNS[column.lower()]}" for column in self.meta if column.lower() in _KNOWN_COLUMNS
        ]


class RowParser:
    """Turns raw rows of one file into Examples.

    columns: explicit mapping, our name -> the file's column; it goes before the names we know.
    images:  the folder that image names are relative to.
    look_around: where the first photos are not there, take the folder around it that holds them.
    `images` is that folder afterwards.
    """

    def __init__(self, columns: Mapping[str, str], images: Path, look_around: bool = False) -> None:
        self._mapping = _mapping(columns)
        self.images = images
        self._layouts: dict[tuple[str, ...], Layout] = {}
        self._lacking = 0
        self._no_column = UserError("")  # of the first row that lacks one
        self._looking = _LOOKED_FOR if look_around else 0
        self._other_folders: list[Path] = []

    def notes(self) -> list[str]:
        """For people: what was chosen where something else could be meant."""
        notes = self.layout.notes()
        if self._other_folders:
            taken, *others = self._other_folders
            also = f"; also found in {', '.join(map(str, others))}" if others else ""
            notes.append(f"photos are read from {taken}{also}: --images DIR or `images` of a config names another")
        return notes

    @property
    def layout(self) -> Layout:
        """What all rows so far use, taken together: rows of JSON lines may differ in their columns."""
        used: dict[str, str] = {}
        for layout in self._layouts.values():
            used = {**layout.used, **used}
        meta = dict.fromkeys(name for layout in self._layouts.values() for name in layout.meta)
        passed = {column: field for layout in self._layouts.values() for column, field in layout.passed_over.items()}
        return Layout({field: used[field] for field in ALIASES if field in used}, tuple(meta), passed)

    def example(self, row: Mapping[str, Any], where: str) -> Example:
        """The record of one row; `id` is "" where the file has none.

        Raises EmptyTextError for a row without caption or image, and UserError for a cell that is too long or of the
        wrong kind, and where no row so far has such columns.
        """
        names = tuple(row)
        if names not in self._layouts:
            self._layouts[names] = self._understand(names, where)
        layout = self._layouts[names]
        cells = {field: row[column] for field, column in layout.used.items()}
        equal = "captions" in cells or isinstance(cells["caption"], list | tuple)  # human ones of equal standing
        named = "captions" if "captions" in cells else "caption"
        captions = (
            texts_of(cells[named], layout.used[named], where)
            if equal
            else (text_of(cells[named], layout.used[named], where),)
        )
        if not captions:
            raise EmptyTextError("no caption", where=where, fix=f"fill the column '{layout.used[named]}'")
        paraphrases = texts_of(cells.get("paraphrases"), layout.used.get("paraphrases", ""), where)
        texts = (*captions, *paraphrases)
        negations = texts_of(cells.get("negations"), layout.used.get("negations", ""), where)
        absences = texts_of(cells.get("absences"), layout.used.get("absences", ""), where)
        image = self._image(cells["image"], layout.used["image"], where)
        negative_images = names_of(cells.get("negative_images"), layout.used.get("negative_images", ""), where)
        if len(negative_images) > max(1, len(negations)):
            raise UserError(
                f"{len(negative_images)} negative images for {len(negations)} negations",
                where=where,
                fix="image i shows what negation i says: give at most one for each",
            )
        meta = {name: row[name] for name in layout.meta}
        if isinstance(meta.get("objects"), str):
            meta["objects"] = list_in(meta["objects"].strip(), "objects", where)
        if equal:
            meta["captions_equal"] = True
        meta |= parallel_lists(cells, "paraphrase", len(paraphrases), len(captions), where)
        if equal and paraphrases and "paraphrase_of" not in meta:
            raise UserError(
                "the row has paraphrases beside a list of captions, which are paraphrases of each other",
                where=where,
                fix="put all of them into 'captions', use a single 'caption', or say in 'paraphrase_of' which caption "
                "each was made from",
            )
        meta |= parallel_lists(cells, "negation", len(negations), len(texts), where)
        meta |= parallel_lists(cells, "absence", len(absences), len(texts), where)
        return Example(
            id=name_of(cells.get("id"), "id", where),
            image=image,
            caption=texts[0],
            paraphrases=texts[1:],
            negations=negations,
            absences=absences,
            rewrites=texts_of(cells.get("rewrites"), layout.used.get("rewrites", ""), where),
            negative_images=tuple(map(self._named, negative_images)),
            group=name_of(cells.get("group"), "group", where) or normal_name(image.name, self.images),
            split=split_of(cells.get("split"), where),
            meta=meta,
            where=where,
        )

    def _image(self, cell: Any, column: str, where: str) -> ImageRef:
        """The image of a cell: its name, or the reference where a reader has found its bytes."""
        if isinstance(cell, ImageRef):
            refuse_no_text(cell.name, column, where)
            return cell
        name = name_of(cell, column, where)
        if not name:
            raise EmptyTextError("no image name", where=where, fix=f"fill the column '{column}'")
        name = name.removeprefix("file://")
        if _URL.match(name):
            raise UserError(
                f"the image is a URL, {name[:80]!r}, and none is fetched while a model is trained or measured",
                where=where,
                fix=f"fetch all of them once: `img2dataset --url_list FILE --input_format csv --url_col {column} "
                "--caption_col CAPTION --output_format webdataset --output_folder shards`, then read the folder shards",
            )
        return self._named(name)

    def _named(self, name: str) -> ImageRef:
        """An image under the one name of its path: `./a.jpg`, `b/../a.jpg` and `.\\a.jpg` of Windows are `a.jpg`."""
        if "\\" in name and not is_file(self.images / name):
            name = name.replace("\\", "/")
        return picture_inside(name, self.images) or ImageRef(normal_name(name), self._path(name))

    def _path(self, name: str) -> Path:
        path = self.images / name
        if not self._looking:
            return path
        self._looking -= 1
        if is_file(path):
            self._looking = 0
        elif folders := folders_with(self.images, name):
            self.images, self._other_folders, self._looking = folders[0], folders, 0
        return self.images / name

    def finish(self, where: str) -> None:
        """Call after the last row. Raises UserError when no row had a caption's and an image's column, and when a
        column named in the mapping was in no row: a typo.
        """
        if not self._layouts:
            if self._lacking:
                raise self._no_column
            return
        found = {name for names in self._layouts for name in names}
        for field, column in self._mapping.items():
            if column not in found:
                raise UserError(
                    f"no column '{column}', which `columns` names for '{field}'",
                    where=where,
                    fix=f"{did_you_mean(column, found)} {_how_to_map(field, sorted(found))}",
                )

    def _understand(self, names: Sequence[str], where: str) -> Layout:
        used = {field: column for field, column in self._mapping.items() if column in names}
        taken_fields = set(self._mapping)
        if taken_fields & {"caption", "captions"}:
            taken_fields |= {"caption", "captions"}  # one named by the user leaves no room for the other
        passed_over: dict[str, str] = {}
        for name in sorted(names, key=lambda name: _RANK.get(name.strip().lower(), 0)):
            field = means(name)
            if field is None or field in taken_fields or name in self._mapping.values():
                continue
            if (
                field in used
                or (field == "caption" and "captions" in used)
                or (field == "captions" and "caption" in used)
            ):
                if "url" not in name.lower():  # where the photos came from, and no second name of them
                    passed_over[name] = field
            else:
                used[field] = name
        for field in ("image", "caption"):
            if field not in used and not (field == "caption" and "captions" in used):
                wanted = self._mapping.get(field) or (self._mapping.get("captions") if field == "caption" else None)
                what = f"no column '{wanted}' for '{field}'" if wanted else f"no column for '{field}'"
                if not self._lacking:
                    self._no_column = UserError(what, where=where, fix=_how_to_map(field, names))
                self._lacking += 1
                if not self._layouts and self._lacking > _ROWS_TRIED:
                    raise self._no_column
                # Where other rows have it, this one is incomplete, as a sample of a shard; `finish` knows.
                others = ", as other rows have" if self._layouts else ""
                raise EmptyTextError(
                    f"no {field} here{others}; there is only {', '.join(names)}",
                    where=where,
                    fix=f"write the {field}, or remove the row (of a shard: the sample)",
                )
        return Layout(used, tuple(name for name in names if name not in used.values()), passed_over)


def _mapping(columns: Mapping[str, str]) -> dict[str, str]:
    """Field -> column, from a user's mapping that may use any name we know for the field."""
    result: dict[str, str] = {}
    for ours, theirs in columns.items():
        field = _FIELD.get(ours)
        if field is None:
            raise UserError(f"unknown name '{ours}' in `columns`", where="columns", fix=did_you_mean(ours, _FIELD))
        if field in result:
            raise UserError(
                f"`columns` names '{result[field]}' and '{theirs}' for '{field}'", where="columns", fix="keep one"
            )
        result[field] = theirs
    if "caption" in result and "captions" in result:
        raise UserError("`columns` names both 'caption' and 'captions'", where="columns", fix="keep one of them")
    return result


def _how_to_map(field: str, names: Sequence[str]) -> str:
    shown = ", ".join(name[:_NAME_SHOWN] for name in names[:_NAMES_SHOWN])
    more = f" and {len(names) - _NAMES_SHOWN:,} more" if len(names) > _NAMES_SHOWN else ""
    return f"columns found: {shown}{more}; name the right one: {_ways_to_map(field, 'YOUR_COLUMN')}"


def _ways_to_map(field: str, column: str) -> str:
    return (
        f"data.columns.{field}={column} in training, `--columns {field}={column}` where a command has that, and else "
        f"`semclip data convert FILE NEW.jsonl --columns {field}={column}` first"
    )
