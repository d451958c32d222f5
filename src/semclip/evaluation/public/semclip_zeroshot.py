"""SemCLIP's zero-shot test, "this is a photo of a {}" against "this is not a photo of a {}", on TEST splits."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from semclip.evaluation.base import Scores
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.metrics.summary import alike, average, item_record
from semclip.evaluation.public._image_sets import PLACE, Classes, Labelled
from semclip.evaluation.public._zeroshot import ImageSets, joint, over_sets, ranked, sizes

TEMPLATE = f"this is a photo of a {PLACE}"
NEGATED = f"this is not a photo of a {PLACE}"


class SemclipZeroshot(ImageSets):
    """The image sets of `zeroshot_classification`, one template and its denial, means over sets (each alike).

    test_original_accuracy  the label is the nearest class
    test_negated_accuracy   the same with the template that denies it: low is good
    test_delta              original - negated; deaf to "not": 0; guessing at "not": original - 1 / C

    Called `test_...` because the published script reads TRAINING splits (torchvision's defaults): those numbers cannot
    be compared with these. Class names as the files give them, underscores too, as in the script. `official_`: argmax.
    arXiv 2511.16527; aaai26-paper12649/SemCLIP@88f67c23 src/evaluation.py:161-264.
    """

    licence = "that of each image set"
    source = "arXiv 2511.16527, aaai26-paper12649/SemCLIP@88f67c23"
    primary = "test_delta"

    files_have_templates = False

    def templates(self, classes: Classes) -> Sequence[str]:
        return TEMPLATE, NEGATED

    def defects(self, sets: Sequence[Classes]) -> list[str]:
        return ["the published script reads training splits: its numbers are not comparable with these"]

    def score(self, items: Sequence[Labelled], encodings: Encodings) -> Scores:
        plain = ranked(items, encodings, lambda _: (TEMPLATE,))
        negated = ranked(items, encodings, lambda _: (NEGATED,))
        names = [s.items[0].classes.of for s in plain for _ in s.items]
        ids = [item.image.name for s in plain for item in s.items]
        metrics, records = [], {}
        weights = alike(names)
        for prefix, kind in (("", "model"), ("official_", "official")):
            sides = []
            for name, sets, better in (("original", plain, True), ("negated", negated, False)):
                outcomes = [s.official_right if prefix else s.right for s in sets]
                what = "the label is the nearest class" + ("" if better else " although the text denies it")
                called = f"{prefix}test_{name}_accuracy"
                metrics += over_sets(called, what, sets, outcomes, 1, kind=kind, higher_is_better=better)
                sides.append([o for own in outcomes for o in own.expected])
                if not prefix:
                    records[called] = item_record(ids, joint(outcomes), ids, names, weights=weights)
            drop, what = np.array(sides[0]) - np.array(sides[1]), "original minus negated accuracy"
            metric = average(f"{prefix}test_delta", what, drop, ids, "difference", 0.0, strata=names)
            metrics.append(replace(metric, kind=kind))
        return Scores(metrics=metrics, items=records, notes=sizes(plain))
