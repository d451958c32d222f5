"""ARO (ICLR 2023): what its four benchmarks share: crops with a swapped caption, and captions in another order.

Read: mertyg/vision-language-models-are-bows 81fdd20d, dataset_zoo/aro_datasets.py.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from semclip.core.errors import UserError
from semclip.core.example import ImageRef
from semclip.core.files import write_json
from semclip.core.seeds import generator
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.metrics.result import Metric
from semclip.evaluation.own.base import Scores
from semclip.evaluation.public._choice import (
    Array,
    Question,
    Tie,
    accuracy,
    baselines,
    guesses,
    harness_outcomes,
    images_of,
    official_outcomes,
    record,
    scores_of,
    texts_of,
)
from semclip.evaluation.public._faults import answer_places, faults
from semclip.evaluation.public._macro import alike, macro
from semclip.evaluation.public._rows import Row, objects
from semclip.evaluation.public.base import Items, Pictures, Published, picture

LICENCE = "repository MIT; Visual Genome CC BY 4.0; captions of COCO CC BY 4.0, of Flickr30k for research use"
SOURCE = "arXiv 2210.01936; mertyg/vision-language-models-are-bows 81fdd20d, dataset_zoo/aro_datasets.py"
VISUAL_GENOME = Pictures(
    name="Visual Genome",
    folder="visual_genome",
    obtain="the two image archives of homes.cs.washington.edu/~ranjay/visualgenome, in one folder, as 123.jpg",
)

_SIDES = ("bbox_x", "bbox_y", "bbox_w", "bbox_h")
_BLIP_WORDS = 30


def crop_questions(path: Path, images: Path, group: Callable[[Row], str]) -> list[Question]:
    """One question per row: a crop, and the false and the true caption in official order. group: the kind of a row."""
    questions = []
    for row in objects(path, ("image_path", "true_caption", "false_caption")):
        x, y, width, height = (row.number(side) for side in _SIDES)
        if width <= 0 or height <= 0:
            raise row.fault(f"the box {x, y, width, height} is empty")
        whole = picture(images, row.text("image_path"))
        crop = ImageRef(whole.name, whole.path, (x, y, x + width, y + height))
        options = (row.text("false_caption"), row.text("true_caption"))
        questions.append(Question(row.where.rpartition(":")[2], crop, options, 1, group(row), whole.name))
    return questions


def crop_scores(questions: Sequence[Question], encodings: Encodings) -> tuple[Scores, list[Array]]:
    """Micro accuracy by both protocols with baselines, and the cosines. A tie is officially wrong: argmax must be 1."""
    scores = scores_of(questions, encodings)
    what = "the true caption is nearer to the crop than the false one"
    metrics, outcomes = accuracy("accuracy", what, questions, scores, Tie.FIRST)
    found = Scores(
        metrics=[*metrics, *baselines("accuracy", questions, Tie.FIRST)],
        items={"accuracy": record(questions, outcomes)},
    )
    return found, scores


def macros(
    name: str, what: str, questions: Sequence[Question], scores: Sequence[Array], tie: Tie = Tie.FIRST
) -> list[Metric]:
    """Mean over kinds by both protocols: `NAME` and `official_NAME`."""
    weights = alike([q.kind for q in questions])
    clusters, guess = [q.cluster for q in questions], guesses(questions)
    theirs = official_outcomes(questions, scores, tie)
    return [
        macro(name, what, harness_outcomes(questions, scores), clusters, guess, weights),
        macro(f"official_{name}", f"{what}; {tie.value}", theirs, clusters, guess, weights, kind="official"),
    ]


class Order(Published):
    """Base of the order benchmarks: a caption against four shuffles of its words. files: captions, frozen shuffles.

    Shuffles are read from a list of {image_path, caption_options: [true, four others]}; where that is not there, ours
    are made from the captions, a list of {image, caption: [...]}.
    """

    licence: ClassVar[str] = LICENCE
    source: ClassVar[str] = SOURCE
    primary: ClassVar[str] = "accuracy"

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """freeze: a file to write the captions and shuffles to that were used, in the form of shuffles.json."""

        freeze: str = ""

    def read(self, folder: Path, images: Path) -> Items:
        captions, shuffles = (folder / file.path for file in self.files)
        frozen = shuffles.is_file()
        found = _frozen(shuffles) if frozen else _made(captions)
        if self.config.freeze:
            rows = [{"image_path": name, "caption_options": list(options)} for name, options in found]
            write_json(self.config.freeze, rows)
        questions = []
        for number, (name, options) in enumerate(found):
            ref = picture(images, name)
            questions.append(Question(str(number), ref, options, 0, "", ref.name))
        note = (
            f"the shuffles are those of {shuffles.name}"
            if frozen
            else "the shuffles are ours, not the official ones, which differ with the versions of spaCy and NLTK: "
            "scores compare with each other, and with published ones only roughly (frozen ones are read from "
            f"{shuffles.name})"
        )
        return Items(
            items=questions,
            images=images_of(questions),
            texts=texts_of(questions),
            defects=[note, *answer_places(questions), *faults(questions)],
        )

    def score(self, items: Sequence[Question], encodings: Encodings) -> Scores:
        """Precision at 1 by both protocols: officially a tie is right, since the true caption stands first."""
        scores = scores_of(items, encodings)
        metrics, outcomes = accuracy("accuracy", "the caption in its own order is nearest", items, scores, Tie.FIRST)
        return Scores(
            metrics=[*metrics, *baselines("accuracy", items, Tie.FIRST)],
            items={"accuracy": record(items, outcomes)},
        )


def plain(caption: str) -> str:
    """A caption as BLIP's code prepares it: lower case, none of . ! " ( ) * # : ; ~, single spaces, 30 words."""
    words = re.sub(r"[.!\"()*#:;~]", " ", caption.lower()).split()
    return " ".join(words[:_BLIP_WORDS])


def shuffles_of(caption: str) -> tuple[str, ...]:
    """Four other orders of a caption's words, always the same ones for the same caption.

    The kinds are ARO's: content words among themselves; the other words among themselves; words within each three;
    groups of three. ARO finds nouns and adjectives with spaCy; here content words are those outside a list of function
    words and not ending in -ing or -ly. An order that differs from the caption is taken where eight draws find one.
    """
    words = caption.split()
    content = [i for i, word in enumerate(words) if _is_content(word)]
    others = [i for i in range(len(words)) if i not in set(content)]
    threes = [list(range(i, min(i + 3, len(words)))) for i in range(0, len(words), 3)]
    random = generator("aro order", caption)

    def among(places: Sequence[int]) -> list[str]:
        new = list(words)
        for place, source in zip(places, random.permutation(places), strict=True):
            new[place] = words[source]
        return new

    def within_threes() -> list[str]:
        return [words[i] for three in threes for i in random.permutation(three)]

    def of_threes() -> list[str]:
        return [words[i] for three in random.permutation(len(threes)) for i in threes[three]]

    kinds: Sequence[Callable[[], list[str]]] = (lambda: among(content), lambda: among(others), within_threes, of_threes)
    return tuple(" ".join(_another(words, draw)) for draw in kinds)


def _another(words: list[str], draw: Callable[[], list[str]], tries: int = 8) -> list[str]:
    found = draw()
    while found == words and tries > 1:
        found, tries = draw(), tries - 1
    return found


_FUNCTION_WORDS = frozenset(
    """
    a an the this that these those some any each every both all no not and or but nor so yet if while as than
    in on at by for with from to of into onto over under above below near behind beside between among through
    across around along against up down out off inside outside toward towards
    i you he she it we they him her them his its their our my your who which what there here one
    is are was were be been being am has have had do does did can could will would may might must
    very too also just next front back top side
    """.split()  # noqa: SIM905  # read as prose
)


def _is_content(word: str) -> bool:
    bare = word.strip(",'’-?")
    return bare not in _FUNCTION_WORDS and not bare.endswith(("ing", "ly"))


def _frozen(path: Path) -> list[tuple[str, tuple[str, ...]]]:
    found = []
    for row in objects(path, ("image_path",)):
        options = row.texts("caption_options")
        if len(options) < 2:
            raise row.fault(f"'caption_options' has {len(options)} texts", "give the true caption and its shuffles")
        found.append((row.text("image_path"), options))
    return found


def _made(path: Path) -> list[tuple[str, tuple[str, ...]]]:
    if not path.is_file():
        raise UserError(
            f"neither frozen shuffles nor {path.name}",
            where=str(path.parent),
            fix=f"put the Karpathy test captions there as {path.name}, a list of image and caption",
        )
    found = []
    for row in objects(path, ("image",)):
        for caption in map(plain, row.texts("caption")):
            found.append((row.text("image"), (caption, *shuffles_of(caption))))
    return found


def rare(questions: Sequence[Question], least: int) -> Mapping[str, int]:
    """Kinds with fewer than `least` questions, and how many they have."""
    sizes: Counter[str] = Counter(q.kind for q in questions)
    return {kind: n for kind, n in sizes.items() if n < least}
