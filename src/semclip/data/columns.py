"""Columns of a data file: raw row -> Example, by common column names or an explicit mapping."""

import ast
import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from semclip.core.errors import UserError, did_you_mean
from semclip.core.example import Example, ImageRef, normal_name
from semclip.core.files import is_file
from semclip.core.parsing import parse_json
from semclip.core.rows import IMAGE_COLUMNS
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
#: Where a cell holds an object instead of a text, what of it is the text: Karpathy's sentences.
_TEXT_KEYS = ("raw", "caption", "text")
_URL = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
#: Photos looked for around the data file before it is taken that they are somewhere else.
_LOOKED_FOR = 20

#: Rows that are read before columns that fit none of them are refused: the first ones may lack what the others have.
_ROWS_TRIED = 100

#: Columns of published files that nothing here reads, and why.
_KNOWN_COLUMNS = {
    "neg_image": "NegCLIP's row numbers of similar photos are not read; its hard negative texts, 'neg_caption', are",
}

#: Characters; a longer text is a broken file (two quotes missing) and no caption.
LONGEST_TEXT = 10_000

#: Characters of a name: of a file with its folders, a group, an id. No system takes longer paths.
LONGEST_NAME = 4096

_NO_TEXT = re.compile("[\0\ud800-\udfff]")

#: Names of columns that an error lists, and characters of each.
_NAMES_SHOWN, _NAME_SHOWN = 30, 60

_SPLITS = {
    **dict.fromkeys(("train", "training", "restval"), "train"),  # restval: Karpathy's
    **dict.fromkeys(("val", "valid", "validation", "dev"), "val"),
    **dict.fromkeys(("test", "testing"), "test"),
}


class EmptyTextError(UserError):
    """A row without what it must have: its caption or its image, or a text that holds nothing."""


class LongTextError(UserError):
    """A text cell far too long for a caption."""


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
    """

    def __init__(self, columns: Mapping[str, str], images: Path, look_around: bool = False) -> None:
        self._mapping = _mapping(columns)
        self._images = images
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
            _texts(cells[named], layout.used[named], where)
            if equal
            else (_text(cells[named], layout.used[named], where),)
        )
        if not captions:
            raise EmptyTextError("no caption", where=where, fix=f"fill the column '{layout.used[named]}'")
        paraphrases = _texts(cells.get("paraphrases"), layout.used.get("paraphrases", ""), where)
        texts = (*captions, *paraphrases)
        negations = _texts(cells.get("negations"), layout.used.get("negations", ""), where)
        absences = _texts(cells.get("absences"), layout.used.get("absences", ""), where)
        image = self._image(cells["image"], layout.used["image"], where)
        negative_images = _names(cells.get("negative_images"), layout.used.get("negative_images", ""), where)
        if len(negative_images) > max(1, len(negations)):
            raise UserError(
                f"{len(negative_images)} negative images for {len(negations)} negations",
                where=where,
                fix="image i shows what negation i says: give at most one for each",
            )
        meta = {name: row[name] for name in layout.meta}
        if isinstance(meta.get("objects"), str):
            meta["objects"] = _list_in_text(meta["objects"].strip(), "objects", where)
        if equal:
            meta["captions_equal"] = True
        meta |= _parallel(cells, "paraphrase", len(paraphrases), len(captions), where)
        if equal and paraphrases and "paraphrase_of" not in meta:
            raise UserError(
                "the row has paraphrases beside a list of captions, which are paraphrases of each other",
                where=where,
                fix="put all of them into 'captions', use a single 'caption', or say in 'paraphrase_of' which caption "
                "each was made from",
            )
        meta |= _parallel(cells, "negation", len(negations), len(texts), where)
        meta |= _parallel(cells, "absence", len(absences), len(texts), where)
        return Example(
            id=_name(cells.get("id"), "id", where),
            image=image,
            caption=texts[0],
            paraphrases=texts[1:],
            negations=negations,
            absences=absences,
            rewrites=_texts(cells.get("rewrites"), layout.used.get("rewrites", ""), where),
            negative_images=tuple(map(self._named, negative_images)),
            group=_name(cells.get("group"), "group", where) or normal_name(image.name, self._images),
            split=_split(cells.get("split"), where),
            meta=meta,
            where=where,
        )

    def _image(self, cell: Any, column: str, where: str) -> ImageRef:
        """The image of a cell: its name, or the reference where a reader has found its bytes."""
        if isinstance(cell, ImageRef):
            _refuse_no_text(cell.name, column, where)
            return cell
        name = _name(cell, column, where)
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
        if "\\" in name and not is_file(self._images / name):
            name = name.replace("\\", "/")
        return ImageRef(normal_name(name), self._path(name))

    def _path(self, name: str) -> Path:
        path = self._images / name
        if not self._looking:
            return path
        self._looking -= 1
        if is_file(path):
            self._looking = 0
        elif folders := folders_with(self._images, name):
            self._images, self._other_folders, self._looking = folders[0], folders, 0
        return self._images / name

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
                raise EmptyTextError(
                    f"no {field} here, as other rows have; there is only {', '.join(names)}",
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
    return f"`columns: {{{field}: {column}}}` in a config, `--columns {field}={column}` on the command line"


def _text(cell: Any, column: str, where: str) -> str:
    if isinstance(cell, Mapping):
        cell = next((cell[key] for key in _TEXT_KEYS if isinstance(cell.get(key), str)), cell)
    if cell is None or cell == "":
        raise EmptyTextError(f"empty text in '{column}'", where=where, fix="write the text or remove the row")
    if not isinstance(cell, str):
        raise UserError(f"'{column}' must be a text, found {_shown(cell)}", where=where, fix="write a text")
    text = cell.strip()
    if not text:
        raise EmptyTextError(f"empty text in '{column}'", where=where, fix="write the text or remove the row")
    _refuse_no_text(text, column, where, allowed="\0")
    if len(text) > LONGEST_TEXT:
        raise LongTextError(
            f"'{column}' is {len(text):,} characters long, more than {LONGEST_TEXT:,}: {text[:40]!r}...",
            where=where,
            fix="shorten the text; a missing closing quote can run many rows together",
        )
    return text


def _texts(cell: Any, column: str, where: str) -> tuple[str, ...]:
    """Texts of a cell that may hold several: nothing, one text, a list, or a list written out in a table's cell."""
    if isinstance(cell, str) and not cell.strip():
        return ()
    return tuple(_text(item, column, where) for item in _items(cell, column, where))


def _items(cell: Any, column: str, where: str) -> Sequence[Any]:
    if cell is None:
        return ()
    if isinstance(cell, str):
        text = cell.strip()
        return _written_list(text, column, where) if text.startswith("[") and text.endswith("]") else (cell,)
    return cell if isinstance(cell, list | tuple) else (cell,)


def _list_in_text(text: str, column: str, where: str) -> Any:
    """The list that a table's cell holds as text, None for an empty cell; any other text as it is."""
    return _written_list(text, column, where) if text.startswith("[") and text.endswith("]") else text or None


def _written_list(text: str, column: str, where: str) -> list[Any]:
    """A list in a table's cell, as JSON or as Python prints one (published tables hold both)."""
    fix = 'write ["one", "two"]'
    try:
        return list(parse_json(text, where, fix))
    except UserError as error:
        try:
            if len(text) > LONGEST_TEXT:  # Python's parser can fall over a long one
                raise ValueError
            return list(ast.literal_eval(text))
        except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
            what = f"'{column}' looks like a list but is none: {text[:60]!r} ({error.what})"
            raise UserError(what, where=where, fix=fix) from None


def _name(cell: Any, column: str, where: str) -> str:
    """A file name, group or id as text; numbers are accepted. "" where the cell is empty."""
    if cell is None:
        return ""
    if isinstance(cell, bool) or not isinstance(cell, str | int):
        raise UserError(f"'{column}' must be a name, found {_shown(cell)}", where=where, fix="write a text or a number")
    name = str(cell).strip()
    _refuse_no_text(name, column, where)
    if len(name) > LONGEST_NAME:
        what = f"the name in '{column}' is {len(name):,} characters long, more than {LONGEST_NAME:,}: {name[:40]!r}..."
        raise LongTextError(what, where=where, fix="shorten it; a missing closing quote can run many rows together")
    return name


def _refuse_no_text(text: str, column: str, where: str, allowed: str = "") -> None:
    """Refuse what is no text, though Python holds it in one: it cannot be saved, and no file's name can hold NUL."""
    found = next((match for match in _NO_TEXT.finditer(text) if match[0] not in allowed), None)
    if found:
        what = "a NUL character" if found[0] == "\0" else "half a character (a lone surrogate, as of a name in Latin-1)"
        at = f"at position {found.start() + 1:,} of '{column}'"
        raise UserError(f"{what} {at}", where=where, fix="remove it; rename the file where it is in a file's name")


def _names(cell: Any, column: str, where: str) -> tuple[str, ...]:
    """Names of a cell that may hold several, as `_texts` reads texts; an empty one among several is refused."""
    names = tuple(_name(item, column, where) for item in _items(cell, column, where))
    if names == ("",):
        return ()
    if "" in names:
        raise EmptyTextError(f"empty name in '{column}'", where=where, fix="write the name; the list may end early")
    return names


def _split(cell: Any, where: str) -> str | None:
    name = _name(cell, "split", where)
    if name and name.lower() not in _SPLITS:
        raise UserError(f"unknown split '{name[:60]}'", where=where, fix=did_you_mean(name, _SPLITS))
    return _SPLITS[name.lower()] if name else None


def _parallel(cells: Mapping[str, Any], view: str, count: int, captions: int, where: str) -> dict[str, list[Any]]:
    """`VIEW_kinds` and `VIEW_of` as lists as long as the view's texts; left out where the row has none."""
    found: dict[str, list[Any]] = {}
    for field, kind in ((f"{view}_kinds", str), (f"{view}_of", int)):
        cell = cells.get(field)
        items = [] if cell == "" else list(_items(cell, field, where))
        if kind is int:
            items = [int(i) if isinstance(i, str) and len(i) < 10 and i.strip().isdecimal() else i for i in items]
        if not items and not (count == 0 and field in cells):
            continue
        if len(items) != count:
            raise UserError(
                f"'{field}' has {len(items)} entries for {count} {view}s", where=where, fix=f"one for each {view}"
            )
        wrong = [item for item in items if isinstance(item, bool) or not isinstance(item, kind)]
        if wrong:
            expected = "a text" if kind is str else "a number"
            raise UserError(
                f"'{field}' must hold {expected} each, found {_shown(wrong[0])}", where=where, fix="mend it"
            )
        if kind is int and any(not 0 <= item < captions for item in items):
            raise UserError(
                f"'{field}' points outside the {captions} texts it counts in: {items!r:.80}",
                where=where,
                fix="0 is the caption; then come the other captions or, but for 'paraphrase_of', the paraphrases",
            )
        found[field] = items
    return found


def _shown(cell: Any) -> str:
    return f"{type(cell).__name__} {repr(cell)[:60]}"
