"""Questions of four statements about a photo, one of them true: affirmations, negations and hybrids, as NegBench asks.

Questions come in fours: the same four statements are shown with four photos, and each statement is true of one of them.
So whoever does not look at the photo is right once in four, however they choose: by length, by "no", by words that a
model learned from other questions. The right place moves on by one within each four.
"""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations, product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from semclip.core.errors import UserError
from semclip.core.example import Example, ImageRef
from semclip.core.files import write_text
from semclip.core.seeds import generator
from semclip.english.inflection import lemma_of, words
from semclip.english.presence import NOT_THERE, THERE, Presence, one, presence

#: Options of a question, and questions of a four.
OPTIONS = 4
COLUMNS = (
    *("id", "image_path", "correct_answer", *(f"caption_{place}" for place in range(OPTIONS))),
    *("correct_answer_template", "caption", "group", "split"),
)
#: Things of one photo that are tried, those asked about least; choices of them, before the next photo's turn.
_THINGS, _TRIES = 5, 12

#: Ways to say the four shapes of a statement, in which nothing agrees in number. {a}, {b}: a dog; {y}: dog; {A}: A dog.
_WORDINGS = (
    ("{A} and {b} can be seen here.", "{A} but no {y} can be seen here.",
     "Neither {a} nor {b} can be seen here.", "No {y} can be seen here."),
    ("This image shows {a} and {b}.", "This image shows {a} but no {y}.",
     "This image shows neither {a} nor {b}.", "This image does not show {b}."),
    ("A photo with {a} and {b}.", "A photo with {a} but without {b}.",
     "A photo without {a} and without {b}.", "A photo without {b}."),
    ("The picture has {a} and also {b} in it.", "The picture has {a} but no {y} in it.",
     "The picture has neither {a} nor {b} in it.", "The picture has no {y} in it."),
    ("The photo includes {a} as well as {b}.", "The photo includes {a} but not {b}.",
     "The photo includes neither {a} nor {b}.", "The photo does not include {b}."),
    ("One can see both {a} and {b}.", "One can see {a} but cannot see {b}.",
     "One can see neither {a} nor {b}.", "One cannot see {b}."),
    ("A scene in which one finds {a} and {b}.", "A scene in which one finds {a} but no {y}.",
     "A scene in which one finds neither {a} nor {b}.", "A scene in which one finds no {y}."),
)  # fmt: skip
#: Nouns without an article that are no plurals by their form.
_BARE = words(
    """food water snow grass sand sky traffic luggage furniture rain ice smoke bread mud fire clothing equipment
    scissors jeans"""
)


@dataclass(frozen=True, slots=True)
class Statement:
    """What is said to be there and what is said to be missing, as places in a list of things; one or two in all."""

    there: tuple[int, ...] = ()
    missing: tuple[int, ...] = ()

    @property
    def kind(self) -> str:
        """positive, negative or hybrid, as NegBench calls them."""
        return ("hybrid" if self.missing else "positive") if self.there else "negative"

    def holds(self, state: Sequence[bool]) -> bool:
        return all(state[i] for i in self.there) and not any(state[i] for i in self.missing)

    def said(self, things: Sequence[str], wording: Sequence[str]) -> str:
        """In the words of one of `_WORDINGS`."""
        named = [things[i] for i in (*self.there, *self.missing)]
        shape = {("positive", 2): 0, ("hybrid", 2): 1, ("negative", 2): 2, ("negative", 1): 3}[self.kind, len(named)]
        first, last = _phrase(named[0]), _phrase(named[-1])
        capital = first[0].upper() + first[1:]
        return wording[shape].format(a=first, b=last, A=capital, y=named[-1])


@dataclass(frozen=True)
class Frame:
    """Four statements about a few things, each of which some photos make true and the other three false."""

    statements: tuple[Statement, ...]

    @cached_property
    def things(self) -> int:
        return 1 + max(i for s in self.statements for i in (*s.there, *s.missing))

    @cached_property
    def cells(self) -> tuple[tuple[tuple[bool, ...], ...], ...]:
        """Per statement, what photos may hold of the things so that this statement alone is true."""
        states = list(product((True, False), repeat=self.things))
        alone = [[s for s in self.statements if s.holds(state)] for state in states]
        return tuple(
            tuple(state for state, true in zip(states, alone, strict=True) if true == [own]) for own in self.statements
        )


#: X and Y; X, no Y; Y, no X; neither. X and Z; no X; no Y; Y, no Z. X and Y; no Z; Z, no X; Z, no Y.
FRAMES = (
    Frame((Statement((0, 1)), Statement((0,), (1,)), Statement((1,), (0,)), Statement((), (0, 1)))),
    Frame((Statement((0, 2)), Statement((), (0,)), Statement((), (1,)), Statement((1,), (2,)))),
    Frame((Statement((0, 1)), Statement((), (2,)), Statement((2,), (0,)), Statement((2,), (1,)))),
)


@dataclass(frozen=True, slots=True)
class PhotoQuestion:
    """One question. answer: place of the true one among the options. kind: of the true one. four: whose it is."""

    image: ImageRef
    options: tuple[str, ...]
    answer: int
    kind: str
    four: str


def photo_questions(examples: Sequence[Example], seed: int = 0, most: int = 0) -> list[PhotoQuestion]:
    """Questions on what is there and not there by captions or `objects`; no photo is asked about twice.

    most: how many, rounded down to fours; 0: as many as come out. Equal examples and seed give equal questions.
    Raises UserError where no four photos differ in the things that they are known to show and not to show, and for
    photos inside other files, such as shards.
    """
    inside = [e for e in examples if e.image.span is not None]
    if inside:
        raise UserError(
            f"{len(inside):,} photos lie inside other files, and a table of questions names files",
            where=inside[0].where,
            fix="semclip data convert FILE photos.jsonl, which writes them to files; then ask of photos.jsonl",
        )
    known = presence(examples)
    fours = _Fours(known, seed)
    found: list[PhotoQuestion] = []
    while (not most or len(found) + OPTIONS <= most) and (four := fours.next()):
        found += four
    if not found:
        told = int((known.state == NOT_THERE).any(axis=0).sum())
        raise UserError(
            f"no question comes out: among {len(known.images):,} photos no four differ in two things of which each is "
            f"known to be there or not ({told:,} things are known to be missing from some)",
            where=examples[0].where.rpartition(":")[0] or examples[0].where if examples else "the chosen split",
            fix="add photos, or a column `objects` that lists all that is in each, or three captions or more for each",
        )
    return found


def write_questions(path: Path, questions: Sequence[PhotoQuestion]) -> None:
    """The questions as CSV: NegBench's columns, and those that make it a data file (id, caption, group, split)."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    width = len(str(len(questions)))
    for number, q in enumerate(questions, start=1):
        row = (q.image.name, q.answer, *q.options, q.kind, q.options[q.answer], q.four, "test")
        writer.writerow((f"q{number:0{width}}", *row))
    write_text(path, text.getvalue())


class _Fours:
    """Draws fours of questions: photos in an order of the seed's, things that were asked about least first."""

    def __init__(self, known: Presence, seed: int) -> None:
        self._known, self._draw = known, generator("questions", seed)
        self._there, self._missing = known.state == THERE, known.state == NOT_THERE
        self._free = np.ones(len(known.images), dtype=bool)
        useful = self._there.any(axis=0) & self._missing.any(axis=0)
        self._there &= useful
        self._asked = np.zeros(len(known.things))
        self._kinds: Counter[str] = Counter()
        self._order = iter(self._draw.permutation(len(known.images)).tolist())
        self._count = 0

    def next(self) -> list[PhotoQuestion]:
        """Four questions with the same options; none where no photo is left that gives some."""
        for photo in self._order:
            if not self._free[photo]:
                continue
            for frame in sorted(FRAMES, key=self._surplus):
                for things in self._choices(photo, frame):
                    if others := self._others(frame, things):
                        return self._four(frame, things, [photo, *others])
        return []

    def _surplus(self, frame: Frame) -> tuple[float, float]:
        """How much a frame would add of kinds that are asked about often already; ties by a draw."""
        return sum(self._kinds[s.kind] for s in frame.statements), self._draw.random()

    def _choices(self, photo: int, frame: Frame) -> list[tuple[int, ...]]:
        """Some choices of things that this photo shows, all of a frame's, so that its first statement alone is true."""
        there = np.flatnonzero(self._there[photo])
        there = there[np.argsort(self._asked[there] + self._draw.random(len(there)))][:_THINGS]
        ways = list(permutations(there.tolist(), frame.things))
        order = sorted(ways, key=lambda way: (sum(self._asked[list(way)]), self._draw.random()))
        return order[:_TRIES]

    def _others(self, frame: Frame, things: tuple[int, ...]) -> list[int]:
        """A free photo for each statement but the first, of which it alone is true; none where one has none."""
        columns = [(self._there[:, t], self._missing[:, t]) for t in things]
        photos = []
        for cell in frame.cells[1:]:
            fitting = np.zeros(len(self._free), dtype=bool)
            for state in cell:
                fitting |= np.logical_and.reduce([c[0] if s else c[1] for c, s in zip(columns, state, strict=True)])
            places: NDArray[np.int64] = np.flatnonzero(fitting & self._free)
            if not len(places):
                return []
            photos.append(int(self._draw.choice(places)))
        return photos

    def _four(self, frame: Frame, things: tuple[int, ...], photos: Sequence[int]) -> list[PhotoQuestion]:
        self._free[list(photos)] = False
        self._asked[list(things)] += 1
        self._kinds.update(s.kind for s in frame.statements)
        self._count += 1
        wording = _WORDINGS[int(self._draw.integers(len(_WORDINGS)))]
        names = [self._known.things[t] for t in things]
        texts = [s.said(names, wording) for s in frame.statements]
        found, first = [], int(self._draw.integers(OPTIONS))
        for right, photo in enumerate(photos):
            others = self._draw.permutation([i for i in range(OPTIONS) if i != right]).tolist()
            answer = (first + right) % OPTIONS
            order = [*others[:answer], right, *others[answer:]]
            options, kind = tuple(texts[i] for i in order), frame.statements[right].kind
            found.append(PhotoQuestion(self._known.images[photo], options, answer, kind, f"four {self._count}"))
        return found


def _phrase(noun: str) -> str:
    """A dog, an umbrella, water, trousers."""
    bare = noun in _BARE or lemma_of(noun, "NNS") != noun
    return noun if bare else one(noun)
