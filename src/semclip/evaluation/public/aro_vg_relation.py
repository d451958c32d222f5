"""ARO VG-Relation: "the dog is behind the car" against "the car is behind the dog", on a crop of the image."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from semclip.evaluation.base import Items, Scores
from semclip.evaluation.choices import Question, answer_places, find_defects, items_of, note
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.public import _aro as aro
from semclip.evaluation.public.base import AnnotationFile

_FILE = "visual_genome_relation.json"
_SYMMETRIC = "symmetric_relations.txt"


@dataclass(frozen=True, slots=True)
class _Item:
    """symmetric: both captions say the same, so that none is right. None where no list of such relations is given."""

    question: Question
    symmetric: bool | None


class AroVgRelation(aro.Crops):
    """23,937 crops with a relation and its reverse (arXiv 2210.01936), sliced by relation.

    accuracy       = mean over items of 1[s(crop, true) > s(crop, false)], chance 1/2; a tie is wrong
    accuracy_macro = mean over relations, all of them
    official_accuracy_macro_asymmetric = the paper's headline: mean over relations without the 157 symmetric ones,
        which a notebook lists and the file still holds (issue 37). That list is not part of this package: put it into
        symmetric_relations.txt, one relation a line; without it this metric is not given.

    Beside them `accuracy_macro_asymmetric` (ties are chance), `official_accuracy` and `official_accuracy_macro`.
    """

    files = (
        AnnotationFile(path=_FILE),
        AnnotationFile(path=_SYMMETRIC, optional=True),
    )

    def read(self, folder: Path, images: Path) -> Items:
        questions = aro.crop_questions(folder / _FILE, images, lambda row: row.text("relation_name"))
        listed = _listed(folder / _SYMMETRIC)
        # Listed relations that the data do not have: the notebook drops by name and does not ask.
        absent = sorted((listed or set()) - {q.kind for q in questions})
        misspelt = note(absent, len(listed or ()), f"relations of {_SYMMETRIC} are not in {_FILE}: misspelt?")
        return items_of(
            questions,
            [_Item(q, None if listed is None else q.kind in listed) for q in questions],
            [*answer_places(questions), *find_defects(questions), *misspelt],
        )

    def score(self, items: Sequence[_Item], encodings: Encodings) -> Scores:
        questions = [i.question for i in items]
        found, scores = aro.crop_scores(questions, encodings)
        metrics = [*found.metrics, *aro.macros("accuracy_macro", "mean over all relations", questions, scores)]
        own = [n for n, i in enumerate(items) if i.symmetric is False]
        if own:
            what = "mean over relations that are not symmetric"
            theirs = [questions[n] for n in own]
            metrics += aro.macros("accuracy_macro_asymmetric", what, theirs, [scores[n] for n in own])
        return Scores(metrics=metrics, items=found.items, notes=_notes(items))


def _notes(items: Sequence[_Item]) -> list[str]:
    if any(i.symmetric is None for i in items):
        return [
            f"symmetric relations are scored too, where no caption is right: without {_SYMMETRIC} the paper's headline "
            "(a mean without 157 of them) cannot be given"
        ]
    symmetric = {i.question.kind for i in items if i.symmetric}
    return [f"{len(symmetric):,} symmetric relations are left out of accuracy_macro_asymmetric"]


def _listed(path: Path) -> set[str] | None:
    """The relations of the list, one a line; None without one."""
    if not path.is_file():
        return None
    return {line.strip() for line in path.read_text("utf-8").splitlines()} - {""}
