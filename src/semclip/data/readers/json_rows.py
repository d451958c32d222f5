"""A JSON list of rows, among them LLaVA's conversations; or an object that maps file names to captions or rows."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from semclip.core.counts import counted
from semclip.core.errors import UserError
from semclip.data.cells import EmptyTextError
from semclip.data.readers._json_stream import Item, first_items, is_lines, items
from semclip.data.readers.base import Place, Reader, say

#: Keys of an object that hold the list of rows, where the object is no mapping of names.
_LISTS = ("data", "rows", "annotations", "samples", "examples", "items")
_ANSWERING = ("gpt", "assistant", "model", "chatbot")


#: Names of columns that mean something else here: a conversation's id is that of its photo, in several rows.
_NAMES = {"id": "conversation_id"}


class JsonRows(Reader):
    """The place of a row is `[17]`, `data[17]`, or the file name that is its key.

    A row with `conversations` (LLaVA) has its first answer as the caption, without `<image>`; rows without an image are
    conversations about none and are left out, which the check says.
    """

    suffixes = (".json",)
    rank = 5  # the last to be asked about a .json

    @classmethod
    def reads(cls, path: Path) -> bool:
        if path.suffix.lower() in cls.suffixes:
            return not is_lines(path)
        return path.suffix.lower() in (".jsonl", ".ndjson") and _starts_with_list(path)

    def rows(self, path: Path) -> Iterator[tuple[Place, dict[str, Any]]]:
        counts = Counter[str]()
        for item, row in _rows(path):
            counts.update(_kinds(row))
            if not _about_nothing(row):
                try:
                    row = _with_caption(row, f"{path}{item.place}")
                except UserError as error:
                    self.bad_row(error)
                    continue
                yield item.place, row
        for note in _notes(counts):
            say(f"{path.name}: {note}")

    def notes(self, path: Path) -> list[str]:
        return _notes(Counter(kind for _, row in _rows(path) for kind in _kinds(row)))


def _kinds(row: dict[str, Any]) -> list[str]:
    """What is worth a note about a row."""
    if _about_nothing(row):
        return ["no image"]
    return ["several answers"] if len(_answers(row)) > 1 else []


def _notes(counts: Mapping[str, int]) -> list[str]:
    sentences = {
        "no image": "without an image, left out",
        "several answers": "with several answers: the first is taken as the caption; for another, write a column "
        "'caption'",
    }
    found = [(counts[kind], sentence) for kind, sentence in sentences.items() if counts.get(kind)]
    return [f"{counted(count, 'conversation')} {sentence}" for count, sentence in found]


def _starts_with_list(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(64).removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"[{", b"[\n", b"[\r", b"[ "))


def _rows(path: Path) -> Iterator[tuple[Item, dict[str, Any]]]:
    first = first_items(path)
    key = next((key for key in ("", *_LISTS) if isinstance(first.get(key), dict)), None)
    for item in items(path):
        if key is None:
            yield item, _named(item, path)
        elif item.key == key:
            if not isinstance(item.value, dict):
                raise _no_row(item, path)
            yield item, item.value


def _named(item: Item, path: Path) -> dict[str, Any]:
    """A row from `"1.jpg": "a cat"`, `"1.jpg": ["a cat", "one cat"]` or `"1.jpg": {"caption": ...}`."""
    if not item.key or "." not in item.key:
        raise _no_row(item, path)
    if isinstance(item.value, dict):
        return {"image": item.key, **item.value}
    if isinstance(item.value, str):
        return {"image": item.key, "caption": item.value}
    raise _no_row(item, path)


def _no_row(item: Item, path: Path) -> UserError:
    return UserError(
        f"a row must be a JSON object, found {type(item.value).__name__}",
        where=f"{path}{item.place}",
        fix='write a list of rows, [{"image": "1.jpg", "caption": "a cat"}, ...], or {"1.jpg": ["a cat"], ...}',
    )


def _about_nothing(row: dict[str, Any]) -> bool:
    return "conversations" in row and not row.get("image")


def _answers(row: dict[str, Any]) -> list[Any]:
    turns = row.get("conversations")
    if not isinstance(turns, list):
        return []
    return [turn.get("value") for turn in turns if isinstance(turn, dict) and turn.get("from") in _ANSWERING]


def _with_caption(row: dict[str, Any], where: str) -> dict[str, Any]:
    if "conversations" not in row or {"caption", "captions"} & set(row):
        return row
    answers = _answers(row)
    if not answers or not isinstance(answers[0], str):
        raise EmptyTextError(
            "the conversation has no answer",
            where=where,
            fix='write {"from": "gpt", "value": "a cat"} into "conversations", or a column "caption"',
        )
    caption = answers[0].replace("<image>", "").strip()
    kept = {_NAMES.get(name, name): cell for name, cell in row.items() if name != "conversations"}
    return kept | {"caption": caption}
