"""VALSE existence: "there are no people" against "there are people", in both directions; other pieces by option."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from semclip.core.errors import UserError, did_you_mean
from semclip.evaluation import choices
from semclip.evaluation.base import Items, Scores
from semclip.evaluation.choices import Question, Tie
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.public._rows import Row, objects
from semclip.evaluation.public.base import AnnotationFile, ImageFolder, PublicBenchmark, image_ref

_PIECES = (
    "existence", "plurals", "counting-small-quant", "counting-adversarial", "counting-hard", "relations",
    "action-replacement", "actant-swap", "coreference-standard", "coreference-hard", "foil-it",
)  # fmt: skip

#: Annotators, of three, who must have found the caption true.
_VOTES = 2


@dataclass(frozen=True, slots=True)
class _Item:
    """A caption with its foil. valid: enough annotators found the caption true."""

    question: Question
    valid: bool


class ValseExistence(PublicBenchmark):
    """534 captions with a foil on Visual7W images, 505 of them valid (arXiv 2112.07566).

    accuracy     = mean over valid rows of 1[s(image, caption) > s(image, foil)], chance 1/2; a tie is wrong
    accuracy_all = the same over all rows, valid or not: what NegationCLIP's numbers for VALSE are
    Each with `official_` before it by the script's own rule, `acc_r` of lxmert_valse_eval.py. Slices by provenance: in
    `something_to_zero` the caption affirms and the foil denies (the affirmative part), in `zero_to_something` the
    reverse, so that a detector of negation words is at chance overall. p_c, p_f and acc need an absolute decision on a
    single text, which a cosine does not make: they are not defined here. The LXMERT script also drops rows whose foil
    logits tie; a cosine has none.
    """

    files = (
        AnnotationFile(
            path="existence.json",
            sha256="b20fca52eba86c544083d423345a2e28e60e601ef61c56c9ac1c73a95a3a6d18",
            size=420_403,
            # The newest: only the beginning of the commit's name is known. The hash tells whether it is the same.
            url="https://raw.githubusercontent.com/Heidelberg-NLP/VALSE/HEAD/data/existence.json",
        ),
        # A file whose hash is not known is not fetched: it could not be checked.
        *(AnnotationFile(path=f"{piece}.json", optional=True) for piece in _PIECES[1:]),
    )
    image_folder = ImageFolder(
        name="Visual7W (other pieces: see their rows)",
        folder="visual7w",
        obtain="visual7w_images.zip from ai.stanford.edu/~yukez/visual7w",
    )
    licence = "MIT; captions from Visual7W"
    source = "arXiv 2112.07566; Heidelberg-NLP/VALSE 2152d90d, lxmert_valse_eval.py:31-104"
    obtain = "copy data/*.json of github.com/Heidelberg-NLP/VALSE"
    primary = "accuracy"

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """piece: which file of VALSE; its images go to the same folder."""

        piece: str = "existence"

        def __post_init__(self) -> None:
            if self.piece not in _PIECES:
                fix = did_you_mean(self.piece, _PIECES)
                raise UserError(f"no piece '{self.piece}'", where="benchmark 'valse_existence'", fix=fix)

    def needed(self) -> list[AnnotationFile]:
        return [file for file in self.files if Path(file.path).stem == self.config.piece]

    def read(self, folder: Path, images: Path) -> Items:
        rows = objects(folder / f"{self.config.piece}.json", ("image_file", "caption", "foil"))
        items = [_item(row, images) for row in rows]
        questions = [i.question for i in items]
        invalid = sum(not i.valid for i in items)
        said = f"{invalid:,} of {len(items):,} rows are invalid: fewer than {_VOTES} annotators found the caption true"
        return choices.items_of(questions, items, [*([said] if invalid else []), *choices.find_defects(questions)])

    def score(self, items: Sequence[_Item], encodings: Encodings) -> Scores:
        every = [i.question for i in items]
        scores = choices.scores_of(every, encodings)
        valid = [n for n, i in enumerate(items) if i.valid]
        if not valid:
            fix = "get the official file again"
            raise UserError("no row is valid", where=f"VALSE {self.config.piece}", fix=fix)
        own = [every[n] for n in valid]
        what = "the caption is nearer to the image than the foil"
        metrics, outcomes = choices.accuracy("accuracy_all", f"{what}; all rows", every, scores, Tie.WRONG)
        found = choices.scored(f"{what}; valid rows", own, [scores[n] for n in valid], Tie.WRONG, means=metrics)
        return replace(found, items={**found.items, "accuracy_all": choices.record(every, outcomes)})


def _item(row: Row, images: Path) -> _Item:
    votes = row.values.get("mturk")
    if not isinstance(votes, dict):
        raise row.fault("no object 'mturk' with the votes of annotators")
    ref = image_ref(images, row.text("image_file"))
    kind = str(row.values.get("provenance_of_foils") or row.values.get("linguistic_phenomena") or "")
    question = Question(row.key, ref, (row.text("caption"), row.text("foil")), 0, kind, ref.name)
    return _Item(question, Row(row.where, votes).number("caption") >= _VOTES)
