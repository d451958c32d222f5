"""Manual review of written texts: sampling them, and statistics of the marks."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from semclip.captions.config import COLUMNS
from semclip.captions.rows import written_texts
from semclip.core.errors import UserError
from semclip.core.example import Example, ImageRef
from semclip.core.files import read_json, write_json
from semclip.core.seeds import derive_seed

#: What can be wrong with a text, in the words that marks hold.
REASONS = ("ungrammatical", "not what it claims", "other")

#: What a right text of a view is, for the annotator.
CRITERIA = {
    "paraphrase": "means the same as the caption: nothing lost, nothing added",
    "negation": "contradicts the image",
    "absence": "is true of the image, and says that something is not there",
    "rewrite": "may be a caption of the same image",
}


@dataclass(frozen=True)
class Text:
    """One text to judge. verdicts: the scores of its verifiers, in words. key: what its mark is filed under."""

    key: str
    view: str
    kind: str
    text: str
    verdicts: str


@dataclass(frozen=True)
class Card:
    """One caption, the other captions of its image, and all texts written for it."""

    id: str
    image: ImageRef
    caption: str
    other_captions: Sequence[str]
    texts: Sequence[Text]


@dataclass(frozen=True)
class Mark:
    """An annotator's verdict. It holds no text, only a digest, so that marks of licensed captions may be published.

    image: clusters the intervals. reason: one of `REASONS`, or the annotator's words; "" for a right text.
    """

    key: str
    image: str
    view: str
    kind: str
    right: bool
    reason: str = ""


def cards(examples: Sequence[Example], views: Sequence[str]) -> Iterator[Card]:
    """One card for each caption that a text of some of the views was made from."""
    for example in examples:
        own = example.captions
        for of, caption in enumerate(own):
            texts = [text for view in views for text in _texts(example, view, of)]
            if texts:
                other_captions = tuple(dict.fromkeys(text for text in own if text != caption))
                yield Card(f"{example.id}#{of}", example.image, caption, other_captions, texts)


def draw(every: Sequence[Card], count: int, seed: str) -> list[Card]:
    """`count` cards, each set of that size equally likely, the same for equal ids and seed in any order of rows."""
    return sorted(every, key=lambda card: derive_seed("review", seed, card.id))[:count]


def save_marks(path: Path, annotator: str, marks: Mapping[str, Mark]) -> None:
    """Write an annotator's marks, atomically."""
    write_json(path, {"reader": annotator, "marks": [asdict(mark) for mark in marks.values()]})


def load_marks(path: Path, every: Sequence[Card]) -> tuple[str, dict[str, Mark]]:
    """(annotator, key -> mark) of a file that the page or the terminal wrote.

    Raises UserError for another kind of file, and for marks of texts that are not among those of `every` card.
    """
    found = read_json(path)
    try:
        annotator, marks = str(found["reader"]), [Mark(**mark) for mark in found["marks"]]
        sound = all(isinstance(m.key, str) and isinstance(m.right, bool) and m.view in COLUMNS for m in marks)
    except (KeyError, TypeError):
        sound = False
    if not sound:
        raise UserError("no file of marks", where=str(path), fix="name what the page or `--mark` saved")
    known = {text.key for card in every for text in card.texts}
    strange = [mark.key for mark in marks if mark.key not in known]
    if strange:
        raise UserError(
            f"{len(strange):,} of {len(marks):,} marks are of texts that the file does not hold, first '{strange[0]}'",
            where=str(path),
            fix="name the file that the marked texts were drawn from, as it was then",
        )
    return annotator or path.stem, {mark.key: mark for mark in marks}


@dataclass(frozen=True)
class Agreement:
    """Two annotators on the texts that both marked. kappa: Cohen's; None where chance alone would make them agree."""

    both: Sequence[tuple[Mark, Mark]]

    @property
    def observed(self) -> float:
        """The proportion of texts on which they agree."""
        return sum(a.right == b.right for a, b in self.both) / len(self.both)

    @property
    def kappa(self) -> float | None:
        """(p_o - p_e) / (1 - p_e),  p_e = p_A p_B + (1 - p_A)(1 - p_B);  p: proportions of texts marked right."""
        n = len(self.both)
        first, second = sum(a.right for a, _ in self.both) / n, sum(b.right for _, b in self.both) / n
        expected = first * second + (1 - first) * (1 - second)
        return None if expected == 1 else (self.observed - expected) / (1 - expected)


def agreement(first: Mapping[str, Mark], second: Mapping[str, Mark]) -> Agreement:
    """Both annotators' marks of the texts that both marked. Raises UserError where there is none."""
    both = [(mark, second[key]) for key, mark in first.items() if key in second]
    if not both:
        raise UserError("the two files mark no text in common", where="--marks", fix="give the same sample to both")
    return Agreement(both)


def right_by_both(pairs: Sequence[tuple[Mark, Mark]]) -> list[Mark]:
    """One mark per text, right only if both annotators say so."""
    return [Mark(a.key, a.image, a.view, a.kind, a.right and b.right, a.reason or b.reason) for a, b in pairs]


def _texts(example: Example, view: str, of: int) -> list[Text]:
    found = []
    for written in (text for text in written_texts(example, view) if text.of == of):
        key = f"{example.id}#{of}/{view}/{hashlib.blake2b(written.text.encode(), digest_size=6).hexdigest()}"
        scores = (v["verifier"] + (f" {v['score']:.2f}" if "score" in v else "") for v in written.verdicts)
        found.append(Text(key, view, written.kind, written.text, ", ".join(scores)))
    return found
