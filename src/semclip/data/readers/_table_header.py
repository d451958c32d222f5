"""The header of a table: names of its columns, or a sentence that says why the first line is none."""

import re
from collections import Counter
from collections.abc import Sequence

from semclip.core.errors import UserError

_IMAGE = re.compile(r"\S.*\.(jpe?g|png|webp|bmp|gif|tiff?|heic)$", re.IGNORECASE)
_MOST_COLUMNS = 1000
_LONGEST_NAME = 200
#: Names of columns are short; this many words are a caption.
_WORDS_OF_A_CAPTION = 4


def names_of_columns(header: Sequence[str], separator: str, where: str) -> list[str]:
    """The header's cells as names; a table saved with its row labels has a nameless first column.

    Raises UserError for a line of data in the header's place, for a name given twice, and for what cannot be a header.
    """
    names = [name.strip() or f"column {position}" for position, name in enumerate(header, 1)]
    if len(names) > _MOST_COLUMNS:
        fix = f"keep the columns you need, {_MOST_COLUMNS:,} at most; check that rows are on lines of their own"
        raise UserError(f"the header names {len(names):,} columns", where, fix)
    photo = next((name for name in names if _IMAGE.match(name)), None)
    caption = next((name for name in names if len(name.split()) >= _WORDS_OF_A_CAPTION), None)
    if len(names) > 1 and (photo or (caption and not any(name.lower() in _KNOWN for name in names))):
        raise UserError(
            f"the table has no header: its first line is data, such as '{(photo or caption or '')[:60]}'",
            where=where,
            fix=f"put the names of the columns above it: `sed '1i {_proposed(names, separator)}' OLD > NEW`",
        )
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise UserError(f"two columns are called '{twice[0][:60]}'", where, "rename one of them")
    long = next((name for name in names if len(name) > _LONGEST_NAME), None)
    if long:
        what = f"the name of a column has {len(long):,} characters: '{long[:40]}...'"
        raise UserError(what, where, "give it a short name; a quote that is never closed can make one of many")
    return names


#: Names that stand in headers, whatever else does.
_KNOWN = ("image", "caption", "captions", "title", "filename", "filepath", "image_path", "text", "id", "split", "label")


def _proposed(cells: Sequence[str], separator: str) -> str:
    """Names for a header that is missing: the photo by its suffix, the caption by its length, the rest by number."""
    photo = next((place for place, cell in enumerate(cells) if _IMAGE.match(cell)), None)
    others = [place for place in range(len(cells)) if place != photo]
    photo = photo if photo is not None else min(others, key=lambda place: len(cells[place].split()))
    caption = max((place for place in others if place != photo), key=lambda place: len(cells[place].split()))
    names = {photo: "image", caption: "caption"}
    return separator.replace("\t", r"\t").join(names.get(place, f"column{place + 1}") for place in range(len(cells)))
