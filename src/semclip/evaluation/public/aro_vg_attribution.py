"""ARO VG-Attribution: "the white door and the old man" against "the old door and the white man", on a crop."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from semclip.core.errors import UserError
from semclip.evaluation.base import Items, Scores
from semclip.evaluation.choices import Question, items_of
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.public import _aro as aro
from semclip.evaluation.public._rows import Row
from semclip.evaluation.public.base import AnnotationFile

_FILE = "visual_genome_attribution.json"
_RARE = "(rare pairs)"


class AroVgAttribution(aro.Crops):
    """Crops with two things whose attributes are swapped in the false caption (arXiv 2210.01936), sliced by their pair.

    accuracy       = mean over items of 1[s(crop, true) > s(crop, false)], chance 1/2; a tie is wrong
    accuracy_macro = mean over pairs of attributes with at least `least` items (official: 25, aro_datasets.py:181-184),
                     the paper's headline; a pair is ordered: (white, old) is not (old, white)

    Each with `official_` before it by the script's rule. Where no pair is frequent enough, the macro mean is not given.
    """

    files = (AnnotationFile(path=_FILE),)

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """least: items that a pair of attributes must have to be a slice and to count in the macro mean."""

        least: int = 25

        def __post_init__(self) -> None:
            if self.least < 1:
                raise UserError(f"{self.least} items", where="benchmark 'aro_vg_attribution'", fix="give 1 or more")

    def read(self, folder: Path, images: Path) -> Items:
        return items_of(aro.crop_questions(folder / _FILE, images, _pair))

    def score(self, items: Sequence[Question], encodings: Encodings) -> Scores:
        rare = {kind: n for kind, n in Counter(q.kind for q in items).items() if n < self.config.least}
        sliced = [replace(q, kind=_RARE) if q.kind in rare else q for q in items]
        found, scores = aro.crop_scores(sliced, encodings)
        own = [n for n, q in enumerate(items) if q.kind not in rare]
        metrics = list(found.metrics)
        if own:
            what = f"mean over pairs of attributes with {self.config.least} items or more"
            frequent = [items[n] for n in own]
            metrics += aro.macros("accuracy_macro", what, frequent, [scores[n] for n in own])
        notes = [
            f"{len(rare):,} pairs of attributes have fewer than {self.config.least} items "
            f"({sum(rare.values()):,} items together): not in the macro mean"
        ]
        return Scores(metrics=metrics, items=found.items, notes=notes if rare else [])


def _pair(row: Row) -> str:
    attributes = row.texts("attributes")
    if len(attributes) != 2:
        raise row.fault(f"'attributes' has {len(attributes)} texts, not two")
    return " / ".join(attributes)
