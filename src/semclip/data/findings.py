"""What can be wrong with examples: one look at their texts and pictures, which the check and the trainer share."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from semclip.core.decoding import MissingImageError, read_rgb
from semclip.core.errors import UserError
from semclip.core.example import TEXT_VIEWS, Example, ImageRef
from semclip.data.cells import EmptyTextError, LongTextError
from semclip.data.equal_captions import SharedCaptions
from semclip.data.firsts import firsts, numbers
from semclip.data.incomplete import HOW_TO_ALLOW
from semclip.data.same_pictures import copies
from semclip.data.splits import groups_crossing
from semclip.data.stored import NO_SPLIT, keep, splits_of

#: Words whose loss turns a negation or an absence into its opposite.
NEGATION_WORDS = re.compile(
    r"\b(no|not|never|without|none|nobody|nothing|neither|nor|nowhere|cannot|absent|absence|lacks?|lacking|missing|"
    r"devoid|free of|instead of|rather than)\b|n['’]t\b",
    re.IGNORECASE,
)

#: For each text, whether a model's tokenizer cuts it.
Truncated = Callable[[Sequence[str]], Sequence[bool]]
#: Shows progress while it passes items on: (items, label, total or 0 where unknown).
ProgressBar = Callable[[Iterable[Any], str, int], Iterable[Any]]

#: The problem of a row that is malformed, or has a cell of the wrong kind.
NOT_UNDERSTOOD = "row not understood"
#: Places that are held of one problem: a million rows may all have it.
MOST_PLACES = 100_000
_TEXTS_AT_ONCE = 1000
_TEXTS_REMEMBERED = 50_000
_IMAGES_AT_ONCE = 256
_NAMES_LOOKED_AT = 100_000

EMPTY = "empty text"
SELF_NEGATION = "negation equal to caption"
TOO_LONG = "text over the context length"
CUT_NEGATION = f"{TOO_LONG}, negation word cut off"
#: Kinds of problems in the order they are shown in, whether each makes the check fail, and how it is mended.
KINDS = (
    (EMPTY, True, f"write the texts or remove the rows; up to {HOW_TO_ALLOW}"),
    ("text far too long", True, "shorten them; a missing closing quote can run many rows together"),
    ("missing image", True, "check the names; --images DIR names the folder they are relative to"),
    ("undecodable image", True, "fetch the files again or remove the rows"),
    (SELF_NEGATION, True, f"write other negations or remove them; up to {HOW_TO_ALLOW}"),
    ("exact duplicate row", True, "remove the repetitions: they count twice in every average"),
    ("id that occurs before", True, "give every row an id of its own, or none"),
    ("group that crosses splits", True, "give all rows of a group one split"),
    ("row without a split, where others have one", True, "write train, val or test"),
    (
        "picture in two splits under two names",
        False,
        "give its rows one `group` and one split, or remove them: it is measured on what was seen in training",
    ),
    (CUT_NEGATION, False, "shorten them: what the model reads says the opposite"),
    (TOO_LONG, False, "shorten them, or use a model with a longer context; the end is not read"),
    (
        "caption of several photos",
        False,
        "nothing, if they are right: these photos are not each other's negatives, and each counts as a right answer "
        "(train.mask_equal_captions=false and equal_texts=false treat them as different)",
    ),
    (
        "picture not taken as it is stored",
        False,
        "nothing, if it looks right so; else save the pictures upright, without transparency, with 8 bits",
    ),
    ("row without a view that others have", False, "fill the column if you train or measure with it"),
)


@dataclass
class Finding:
    """One kind of problem. error: makes the check fail; otherwise it is worth knowing only. places: the first ones."""

    problem: str
    error: bool
    fix: str
    places: list[str] = field(default_factory=list)
    count: int = 0

    def add(self, place: str) -> None:
        self.count += 1
        if self.count <= MOST_PLACES:
            self.places.append(place)


class Findings(dict[str, Finding]):
    """By problem, in the order of `KINDS`; rows that are not understood by their fix, too."""

    def __init__(self) -> None:
        super().__init__({problem: Finding(problem, error, fix) for problem, error, fix in KINDS})
        self._rows: dict[str, Finding] = {}

    def of(self, error: UserError) -> Finding:
        """The finding for a row that could not be read."""
        if isinstance(error, EmptyTextError):
            return self[EMPTY]
        if isinstance(error, LongTextError):
            return self["text far too long"]
        return self._rows.setdefault(error.fix, Finding(NOT_UNDERSTOOD, True, error.fix))

    def found(self) -> list[Finding]:
        """What occurs, in the order in which it is shown."""
        return [finding for finding in (*self._rows.values(), *self.values()) if finding.count]


def look_at_splits(examples: Sequence[Example], findings: Findings) -> None:
    """Splits that are incomplete, and photos that are in two of them, by group or by what their files hold."""
    without = splits_of(examples) == NO_SPLIT  # (N,)
    if without.all():
        return
    named = examples
    if without.any():
        for example in keep(examples, lambda example: example.split is None):
            findings["row without a split, where others have one"].add(example.where)
        named = keep(examples, lambda example: example.split is not None)
    for group, (first, second) in groups_crossing(named).items():
        place = f"{second.where}: '{group}' is in {second.split} here, in {first.split} at {first.where}"
        findings["group that crosses splits"].add(place)
    for own in copies(named):
        other = next((e for e in own[1:] if e.split != own[0].split), None)
        if other is not None:
            first = own[0]
            place = f"{other.where}: {other.image.name} in {other.split} is {first.image.name} of {first.where}, "
            findings["picture in two splits under two names"].add(f"{place}which is in {first.split}")


def look_at_texts(
    examples: Sequence[Example],
    findings: Findings,
    truncated: Truncated,
    context_length: int,
    progress: ProgressBar = lambda items, label, total: items,
) -> None:
    """Texts that contradict what is true of the photo, that several photos share, and that the model cuts."""
    for example in examples:
        for text in negations_of_itself(example):
            findings[SELF_NEGATION].add(f"{example.where}: {short(text)}")
    for shared in SharedCaptions(examples):
        names = ", ".join(example.image.name for example in shared.first)
        others = shared.photos - len(shared.first)
        more = f" and {others:,} more" if others else ""
        findings["caption of several photos"].add(f"{shared.first[0].where}: '{short(shared.text)}' of {names}{more}")
    for place, text, cut in progress(cut_texts(examples, truncated, context_length), "text lengths", 0):
        negated = NEGATION_WORDS.search(cut)
        told = f"{place} of {len(text.split())} words, cut off: '{short(cut)}'"
        findings[CUT_NEGATION if negated else TOO_LONG].add(told)


def cut_texts(examples: Iterable[Example], truncated: Truncated, context_length: int) -> Iterator[tuple[str, str, str]]:
    """(place, text, the end that is not read) of every text that a model cuts; equal texts are tried once."""
    known: dict[str, str] = {}
    waiting: list[tuple[str, str]] = []

    def ready() -> Iterator[tuple[str, str, str]]:
        new = list(dict.fromkeys(text for _, text in waiting if text not in known))
        # Tokenizers of transformers refuse an empty list.
        cuts = zip(new, truncated(new) if new else (), strict=True)
        known.update({text: _end(text, truncated) if cut else "" for text, cut in cuts})
        yield from ((place, text, known[text]) for place, text in waiting if known[text])
        waiting.clear()
        if len(known) > _TEXTS_REMEMBERED:
            known.clear()

    for example in examples:
        for view in TEXT_VIEWS:
            for text in example.texts(view):
                # A token is a byte at least, and start and end take a place each.
                if len(text.encode("utf-8", "surrogatepass")) > context_length - 2:
                    waiting.append((f"{example.where}: {view}", text))
        if len(waiting) >= _TEXTS_AT_ONCE:
            yield from ready()
    yield from ready()


def _end(text: str, truncated: Truncated) -> str:
    """What is cut off, to a word: all behind the longest beginning that is not cut."""
    words = text.split()
    low, high = 0, len(words) - 1  # that many words fit, or fewer do
    while low < high:
        middle = (low + high + 1) // 2
        if truncated([" ".join(words[:middle])])[0]:
            high = middle - 1
        else:
            low = middle
    return " ".join(words[low:])


def look_at_images(
    examples: Sequence[Example],
    findings: Findings,
    progress: ProgressBar = lambda items, label, total: items,
) -> None:
    """Decode every picture once, as training and evaluation do."""
    keys = numbers(hash((ref.path, ref.span)) for example in examples for ref in _images(example))
    new = firsts(keys) == np.arange(len(keys))  # (K,) whether a picture is met for the first time
    met = iter(new.tolist())
    uses = ((ref, example) for example in examples for ref in _images(example) if next(met))

    def problems(pool: ThreadPoolExecutor) -> Iterator[tuple[ImageRef, Example, list[tuple[str, str]]]]:
        while part := list(islice(uses, _IMAGES_AT_ONCE)):
            found = pool.map(image_problems, (ref for ref, _ in part))
            yield from ((ref, example, own) for (ref, example), own in zip(part, found, strict=True))

    with ThreadPoolExecutor(os.cpu_count()) as pool:  # Pillow decodes outside the interpreter's lock
        for ref, example, own in progress(problems(pool), "images", int(new.sum())):
            for problem, detail in own:
                findings[problem].add(f"{example.where}: {ref.name} ({detail})")


def _images(example: Example) -> list[ImageRef]:
    return [ref for ref in (example.image, *example.negative_images) if ref.path is not None]


def image_problems(ref: ImageRef) -> list[tuple[str, str]]:
    """Kinds of problems with one picture, and details; what reads it for a model finds them."""
    notes: list[str] = []
    try:
        read_rgb(ref, notes=notes)
    except MissingImageError:
        return [("missing image", f"no file {ref.path}{_there_is(ref.path)}")]
    except UserError as error:
        return [("undecodable image", error.what)]
    return [("picture not taken as it is stored", "; ".join(notes))] if notes else []


def _there_is(path: Path | None) -> str:
    """What lies there instead: the file of that name in other letters, or with a suffix."""
    found = _names_in(path.parent).get(path.name.lower()) if path else None
    return f"; there is {found}" if found else ""


@lru_cache(maxsize=1)
def _names_in(folder: Path) -> dict[str, str]:
    """The files of a folder by their names in small letters, with and without suffix; of a huge folder some."""
    try:
        names = [entry.name for entry in islice(os.scandir(folder), _NAMES_LOOKED_AT)]
    except OSError:
        return {}
    return {Path(name).stem.lower(): name for name in names} | {name.lower(): name for name in names}


def short(text: str) -> str:
    """The beginning of a text, for messages."""
    return text if len(text) <= 80 else f"{text[:77]}..."


def negations_of_itself(example: Example) -> list[str]:
    """The negations of an example that a model reads as one of its own captions or paraphrases."""
    true = {_as_read(text) for text in (example.caption, *example.paraphrases)}
    return [text for text in example.negations if _as_read(text) in true]


def _as_read(text: str) -> str:
    # CLIP's tokenizer lowers case and joins white space, so such texts are one and the same to a model.
    return " ".join(text.lower().split())
