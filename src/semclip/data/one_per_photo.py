"""Several rows for one photo become one example with several captions of equal standing."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from semclip.core.example import Example


def one_per_photo(examples: Sequence[Example]) -> list[Example]:
    """Examples of one photo, group and split that hold captions only, as one in the place of the first; a caption that
    occurs twice counts once.

    Rows with an id, a paraphrase, negation, absence, rewrite or negative image of their own stay apart: these texts
    belong to their row's caption. They share a group, so none is another's negative.
    """
    rows: dict[tuple[Any, ...], list[Example]] = {}
    for position, example in enumerate(examples):
        rows.setdefault(photo_of(example) or (position,), []).append(example)
    return [same[0] if len(same) == 1 else together(same) for same in rows.values()]


def photo_of(example: Example) -> tuple[Any, ...]:
    """What rows of one photo have in common that may be one example; () for a row that stays apart."""
    image = example.image
    return (image.key, image.path, image.span, example.group, example.split) if _captions_only(example) else ()


def _captions_only(example: Example) -> bool:
    made = "paraphrase_of" in example.meta or (example.paraphrases and not example.meta.get("captions_equal"))
    others = (example.id, example.negations, example.absences, example.rewrites, example.negative_images)
    return not made and not any(others)


def together(rows: Sequence[Example]) -> Example:
    """One example with the captions of all, and all their objects; of other columns the value all share, or a list."""
    first = rows[0]
    texts = list(dict.fromkeys(text for row in rows for text in row.captions))
    names = dict.fromkeys(name for row in rows for name in row.meta)
    cells = {name: [row.meta.get(name) for row in rows] for name in names}
    meta = {name: values[0] if all(v == values[0] for v in values) else values for name, values in cells.items()}
    if "objects" in meta:
        meta["objects"] = _all_nouns([cell for cell in cells["objects"] if cell is not None])
    equal = {"captions_equal": True} if len(texts) > 1 else {}
    return replace(first, caption=texts[0], paraphrases=tuple(texts[1:]), meta=meta | equal)


def _all_nouns(cells: Sequence[Any]) -> Any:
    """The nouns of several lists of objects; a cell that is no list of nouns is left for who reads it to refuse."""
    for cell in cells:
        if not isinstance(cell, list) or not all(isinstance(noun, str) for noun in cell):
            return cell
    return list(dict.fromkeys(noun for cell in cells for noun in cell)) if cells else None
