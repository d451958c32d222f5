"""ARO VG-Attribution: "the white door and the old man" against "the old door and the white man", on a crop."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from semclip.core.errors import UserError
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.own.base import Scores
from semclip.evaluation.public import _aro as aro
from semclip.evaluation.public._choice import Question, images_of, texts_of
from semclip.evaluation.public._faults import answer_places, faults
from semclip.evaluation.public._rows import Row
from semclip.evaluation.public.base import AnnotationFile, Items, Pictures, Published

_FILE = "visual_genome_attribution.json"
_RARE = "(rare pairs)"


class AroVgAttribution(Published):
    """Crops with two things whose attributes are swapped in the false caption (arXiv 2210.01936), sliced by their pair.

    accuracy       = mean over items of 1[s(crop, true) > s(crop, false)], chance 1/2; a tie is wrong
    accuracy_macro = mean over pairs of attributes with at least `least` items (official: 25, aro_datasets.py:181-184),
                     the paper's headline; a pair is ordered: (white, old) is not (old, white)

    Each with `official_` before it by the script's rule. Where no pair is frequent enough, the macro mean is not given.
    """

    files: ClassVar[Sequence[AnnotationFile]] = (AnnotationFile(path=_FILE),)
    pictures: ClassVar[Pictures] = aro.VISUAL_GENOME
    licence: ClassVar[str] = aro.LICENCE
    source: ClassVar[str] = aro.SOURCE
    obtain: ClassVar[str] = f"{_FILE} from the Google Drive link in dataset_zoo/aro_datasets.py of the repository"
    primary: ClassVar[str] = "accuracy"

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """least: items that a pair of attributes must have to be a slice and to count in the macro mean."""

        least: int = 25

        def __post_init__(self) -> None:
            if self.least < 1:
                raise UserError(f"{self.least} items", where="benchmark 'aro_vg_attribution'", fix="give 1 or more")

    def read(self, folder: Path, images: Path) -> Items:
        questions = aro.crop_questions(folder / _FILE, images, _pair)
        return Items(
            items=questions,
            images=images_of(questions),
            texts=texts_of(questions),
            defects=[*answer_places(questions), *faults(questions)],
        )

    def score(self, items: Sequence[Question], encodings: Encodings) -> Scores:
        rare = aro.rare(items, self.config.least)
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
