"""ARO (ICLR 2023), order: what its two benchmarks share, a caption against its own words in other orders."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from semclip.core.errors import UserError
from semclip.core.files import write_json
from semclip.core.seeds import generator
from semclip.evaluation.base import Items, Scores
from semclip.evaluation.choices import Question, Tie, answer_places, find_defects, items_of, scored, scores_of
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.public._aro import LICENCE, SOURCE
from semclip.evaluation.public._rows import objects
from semclip.evaluation.public.base import AnnotationFile, PublicBenchmark, image_ref

_BLIP_WORDS = 30


def order_files(captions: str) -> tuple[AnnotationFile, ...]:
    """The captions, as BLIP distributes them, and the frozen shuffles; either is enough."""
    return AnnotationFile(path=captions, optional=True), AnnotationFile(path="shuffles.json", optional=True)


class Order(PublicBenchmark):
    """Base of the order benchmarks: a caption against four shuffles of its words (arXiv 2210.01936).

    accuracy = mean 1[the caption in its own order has the highest cosine], chance 1/5; officially a tie is right, since
    the true caption stands first and argmax takes it. The official shuffles are drawn when the data are loaded, with
    spaCy, NLTK and a global seed, and differ between versions: freeze them into shuffles.json, a list of
    {"image_path": ..., "caption_options": [true, four shuffles]}. Without that file ours are made (`shuffles_of`) from
    the captions, a list of {"image": ..., "caption": [...]}, and the result says so. A language model that never sees
    the image solves this: read the blind baselines first.
    """

    licence = LICENCE
    source = SOURCE
    obtain = "the Karpathy test captions as BLIP distributes them, or shuffles.json"
    primary = "accuracy"

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
            ref = image_ref(images, name)
            questions.append(Question(str(number), ref, options, 0, "", ref.name))
        note = (
            f"the shuffles are those of {shuffles.name}"
            if frozen
            else "the shuffles are ours, not the official ones, which differ with the versions of spaCy and NLTK: "
            "scores compare with each other, and with published ones only roughly (frozen ones are read from "
            f"{shuffles.name})"
        )
        return items_of(questions, defects=[note, *answer_places(questions), *find_defects(questions)])

    def score(self, items: Sequence[Question], encodings: Encodings) -> Scores:
        return scored("the caption in its own order is nearest", items, scores_of(items, encodings), Tie.FIRST)


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
    bare = [word.strip(",'’-?") for word in words]
    content = [i for i, w in enumerate(bare) if w not in _FUNCTION_WORDS and not w.endswith(("ing", "ly"))]
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
