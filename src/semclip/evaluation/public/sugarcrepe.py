"""SugarCrepe: a caption against one fluent hard negative, in seven subsets."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from semclip.core.errors import UserError, did_you_mean
from semclip.evaluation import choices
from semclip.evaluation.base import Items, Scores
from semclip.evaluation.choices import Question, Tie
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.metrics.summary import alike, macro
from semclip.evaluation.public._sugarcrepe import Subsets, subset_files
from semclip.evaluation.public.base import AnnotationFile

_COMMIT = "0047054b243992f0fad63d6f64f7544862daf846"

#: Subset -> bytes and sha256 of the official file.
_FILES = {
    "add_obj": (484593, "1b9d76b93139a937b8dc1ada92a4f05ecc821bb3c291d752428bafadd4bb0682"),
    "add_att": (158863, "012d88d729693d193760e6f3393b06a1cf874380a9db0062e937201199fe044d"),
    "replace_obj": (361126, "9d299600639947e9d15281a9ded1382b376cf4ea088a8d08a1314bfe76e81898"),
    "replace_att": (176843, "9fe55fd4c0a9ad1f85d486d9f6d0215b41f867eb025026e7f7b5ce44352545ee"),
    "replace_rel": (312629, "356bcc2fc4c6aed3f4d9fd50acc58489bb1fe70c28791f9368d4cbf9ea39cdc9"),
    "swap_obj": (57569, "073cdb8e253d053614e80710834d9773b09dbc1dd0a412f6f9492262caa1dcad"),
    "swap_att": (154665, "7a7ce04e5c4c80412b48c6f0c1347fb1a2f5d54c0be6aa429b64d390e442f8d0"),
}

#: The key that left swap_obj on 2023-11-18; scores of that subset published before are over 246 items.
_WITHDRAWN = "108"


class SugarCrepe(Subsets):
    """One item per row: image, caption, negative. Right where s(image, caption) > s(image, negative); a tie is wrong.

    accuracy            mean over items (micro), as the paper's overall numbers are
    accuracy_macro7     mean over the seven subsets
    accuracy_macro3     mean over add, replace and swap of the mean over their subsets
    Each with `official_` before it by the script's own rule (main_eval.py:46-68). Not a negation benchmark: 89 of 7,511
    negatives add a negation word. Hsieh et al., NeurIPS 2023, arXiv 2306.14610.
    """

    files = subset_files(f"https://raw.githubusercontent.com/RAIVNLab/sugar-crepe/{_COMMIT}/data", _FILES)
    licence = "MIT; captions from COCO, CC BY 4.0"
    source = f"arXiv 2306.14610, RAIVNLab/sugar-crepe@{_COMMIT[:8]}"
    obtain = "copy data/*.json of github.com/RAIVNLab/sugar-crepe"
    primary = "accuracy"

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """subsets: those to score; all seven where empty. The macro means are over them."""

        subsets: tuple[str, ...] = ()

    def needed(self) -> list[AnnotationFile]:
        for subset in self.config.subsets:
            if subset not in _FILES:
                raise UserError(f"no subset '{subset}'", where="sugarcrepe.subsets", fix=did_you_mean(subset, _FILES))
        return [f for f in self.files if not self.config.subsets or Path(f.path).stem in self.config.subsets]

    def read(self, folder: Path, images: Path) -> Items:
        questions: list[Question] = []
        defects = []
        for subset, rows in self.subsets(folder, images, ("caption", "negative_caption")):
            found = []
            for ref, row in rows:
                options = (row.text("caption"), row.text("negative_caption"))
                found.append(Question(f"{subset}/{row.key}", ref, options, 0, subset, ref.name))
            defects += _defects(subset, found)
            questions += found
        return choices.items_of(questions, defects=defects)

    def score(self, items: Sequence[Question], encodings: Encodings) -> Scores:
        scores, what = choices.scores_of(items, encodings), "the caption is nearer to the image than the hard negative"
        ours, theirs = choices.harness_outcomes(items, scores), choices.official_outcomes(items, scores, Tie.WRONG)
        kinds, clusters, guess = [q.kind for q in items], [q.cluster for q in items], choices.guesses(items)
        subsets = sorted(set(kinds))
        per_type = alike([s.partition("_")[0] for s in subsets])  # weights of subsets: types alike
        macro7 = alike(kinds)
        macro3 = macro7 * len(subsets) * [per_type[subsets.index(k)] for k in kinds]
        means = [
            macro(prefix + name, f"{what}; {how}", o, clusters, guess, weights, kind)
            for name, how, weights in (
                ("accuracy_macro7", f"mean over {len(subsets)} subsets", macro7),
                ("accuracy_macro3", "mean over add, replace, swap of the mean over their subsets", macro3),
            )
            for prefix, o, kind in (("", ours, "model"), ("official_", theirs, "official"))
        ]
        return choices.scored(what, items, scores, Tie.WRONG, means=means)


def _defects(subset: str, questions: Sequence[Question]) -> list[str]:
    equal = [q.id for q in questions if q.options[0] == q.options[1]]
    rows = [(q.query, q.options) for q in questions]
    found = [f"{', '.join(equal)}: caption and negative are the same text: nobody can win"] if equal else []
    if len(set(rows)) < len(rows):
        found.append(f"{subset}: {len(rows) - len(set(rows)):,} rows are there twice")
    if subset == "swap_obj":
        held = any(q.id == f"swap_obj/{_WITHDRAWN}" for q in questions)
        found.append(
            f"swap_obj: key {_WITHDRAWN} is {'there' if held else 'missing'}; it left the official file on 2023-11-18, "
            "and published scores are over the 246 items before that"
        )
    return found
