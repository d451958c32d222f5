"""ARO (ICLR 2023), Visual Genome: what its two benchmarks share, a crop with its caption and the caption swapped.

Read: mertyg/vision-language-models-are-bows 81fdd20d, dataset_zoo/aro_datasets.py.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from semclip.core.example import ImageRef
from semclip.evaluation import choices
from semclip.evaluation.base import Scores
from semclip.evaluation.choices import Question, Tie
from semclip.evaluation.encodings import Array, Encodings
from semclip.evaluation.metrics.result import Metric
from semclip.evaluation.metrics.summary import alike, macro
from semclip.evaluation.public._image_folders import VISUAL_GENOME
from semclip.evaluation.public._rows import Row, objects
from semclip.evaluation.public.base import PublicBenchmark, image_ref

LICENCE = "repository MIT; Visual Genome CC BY 4.0; captions of COCO CC BY 4.0, of Flickr30k for research use"
SOURCE = "arXiv 2210.01936; mertyg/vision-language-models-are-bows 81fdd20d, dataset_zoo/aro_datasets.py"


class Crops(PublicBenchmark):
    """Base of the benchmarks on crops of Visual Genome. A tie is officially wrong: argmax must be 1."""

    image_folder = VISUAL_GENOME
    licence = LICENCE
    source = SOURCE
    obtain = "get it from the Google Drive link in dataset_zoo/aro_datasets.py of the repository"
    primary = "accuracy"


def box_of(row: Row, image: ImageRef, sides: Sequence[str]) -> ImageRef:
    """The image, cropped to a box. sides: the columns of x, y, width and height."""
    x, y, width, height = (row.number(side) for side in sides)
    if width <= 0 or height <= 0:
        raise row.fault(f"the box {x, y, width, height} is empty")
    return replace(image, box=(x, y, x + width, y + height))


def crop_questions(path: Path, images: Path, group: Callable[[Row], str]) -> list[Question]:
    """One question per row: a crop, and the false and the true caption in official order. group: the kind of a row."""
    questions = []
    for row in objects(path, ("image_path", "true_caption", "false_caption")):
        whole = image_ref(images, row.text("image_path"))
        crop = box_of(row, whole, ("bbox_x", "bbox_y", "bbox_w", "bbox_h"))
        options = (row.text("false_caption"), row.text("true_caption"))
        questions.append(Question(row.key, crop, options, 1, group(row), whole.name))
    return questions


def crop_scores(questions: Sequence[Question], encodings: Encodings) -> tuple[Scores, list[Array]]:
    """Micro accuracy by both protocols with baselines, and the cosines."""
    scores = choices.scores_of(questions, encodings)
    return choices.scored(
        "the true caption is nearer to the crop than the false one", questions, scores, Tie.FIRST
    ), scores


def macros(name: str, what: str, questions: Sequence[Question], scores: Sequence[Array]) -> list[Metric]:
    """Mean over kinds by both protocols: `NAME` and `official_NAME`."""
    weights = alike([q.kind for q in questions])
    clusters, guess = [q.cluster for q in questions], choices.guesses(questions)
    theirs, how = choices.official_outcomes(questions, scores, Tie.FIRST), f"{what}; {Tie.FIRST.value}"
    return [
        macro(name, what, choices.harness_outcomes(questions, scores), clusters, guess, weights),
        macro(f"official_{name}", how, theirs, clusters, guess, weights, kind="official"),
    ]
