"""NegRefCOCOg: a phrase with a denial must be nearer to the region it means than to another of the same category."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from semclip.core.example import ImageRef
from semclip.evaluation import choices
from semclip.evaluation.base import Items, Scores
from semclip.evaluation.choices import Question, Tie
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.metrics.result import Metric
from semclip.evaluation.public._image_folders import COCO_TRAIN2014
from semclip.evaluation.public._rows import Row, objects
from semclip.evaluation.public.base import AnnotationFile, PublicBenchmark, image_ref

_FILE = "NegRefCOCOg.json"
_CUES = re.compile(r"\b(not|no|without)\b|n['’]t\b", re.IGNORECASE)


class NegRefCOCOg(PublicBenchmark):
    """440 phrases, each with two boxes on an image of COCO train2014 (arXiv 2501.10913).

    accuracy = mean 1[s(crop of the meant box, phrase) > s(crop of the other, phrase)], chance 1/2. A crop is the box
    (x, y, x + width, y + height), rounded as Pillow does, then the model's own preprocessing, which crops its centre.
    Slices by the word that denies. All phrases deny: there is no affirmative part, and reading the phrase alone decides
    nothing; the blind baseline is to take the larger box. One item is 0.23 points.
    """

    files = (
        AnnotationFile(
            path=_FILE,
            sha256="e3519e02c26aa3d507e7cb32f4e202375bc8860b5cb7cb4c34ad436cf063031f",
            size=232_340,
            url="https://raw.githubusercontent.com/parkquasar/NegationCLIP/6f858ee490d5c17d54cbc1862dfd44f74f36324d/"
            "NegRefCOCOg/NegRefCOCOg.json",
        ),
    )
    image_folder = COCO_TRAIN2014
    licence = "MIT; from RefCOCOg and COCO"
    source = "arXiv 2501.10913; parkquasar/NegationCLIP 6f858ee4, negrefcocog_eval.py:61-159"
    obtain = "copy NegRefCOCOg/NegRefCOCOg.json of github.com/parkquasar/NegationCLIP"
    primary = "accuracy"

    def read(self, folder: Path, images: Path) -> Items:
        items = [_question(row, images) for row in objects(folder / _FILE, ("image", "phrase"))]
        meant = Counter(q.options[q.answer] for q in items)
        sharing = [q.id for q in items if meant[q.options[q.answer]] > 1]
        defects = [
            *choices.answer_places(items),
            *choices.find_defects(items),
            *choices.note(sharing, len(items), "items share their image and the meant box with another item"),
            "the images are training data of NegationCLIP, TNG-CLIP and NegCLIP (COCO train2014), and CoN-CLIP's "
            "distractors",
        ]
        return choices.items_of(items, defects=defects)

    def score(self, items: Sequence[Question], encodings: Encodings) -> Scores:
        scores, what = choices.scores_of(items, encodings), "the meant region is nearest to the phrase"
        return choices.scored(what, items, scores, Tie.FIRST, more=[_largest(items)])


def _question(row: Row, images: Path) -> Question:
    boxes = row.values.get("bbox_list")
    if not isinstance(boxes, list) or len(boxes) < 2:
        raise row.fault("'bbox_list' is no list of two boxes or more")
    meant = row.values.get("ref_bbox")
    if meant not in boxes:
        raise row.fault("'ref_bbox' is not one of 'bbox_list'")
    ref = image_ref(images, row.text("image"))
    crops = tuple(replace(ref, box=_box(row, box)) for box in boxes)
    phrase = row.text("phrase")
    cue = _CUES.search(phrase)
    kind = "other" if cue is None else (cue.group(1) or "not").lower()
    return Question(row.key, phrase, crops, boxes.index(meant), kind, ref.name)


def _box(row: Row, box: Any) -> tuple[float, float, float, float]:
    if not isinstance(box, list) or len(box) != 4:
        raise row.fault(f"a box is {box!r}, not [x, y, width, height]")
    x, y, width, height = (Row(row.where, {"box": side}).number("box") for side in box)
    if width <= 0 or height <= 0:
        raise row.fault(f"the box {box} is empty")
    return x, y, x + width, y + height


def _largest(questions: Sequence[Question]) -> Metric:
    boxes = [[o.box for o in q.options if isinstance(o, ImageRef) and o.box is not None] for q in questions]
    # Rounded: x + width - x is not width to the last bit.
    areas = [np.array([round((right - left) * (low - high), 6) for left, high, right, low in own]) for own in boxes]
    outcomes = choices.harness_outcomes(questions, areas)
    how = "accuracy by taking the box with the larger area"
    return choices.rate("blind_larger_box", how, questions, outcomes, "baseline")
