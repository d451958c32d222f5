"""Judge of images generated from prompts with a denial: what was asked for must be seen rather than what was denied."""

from collections.abc import Sequence
from pathlib import Path

from semclip.evaluation import choices
from semclip.evaluation.base import Items, Scores
from semclip.evaluation.choices import Question
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.metrics.summary import proportion
from semclip.evaluation.public._rows import Row, json_lines
from semclip.evaluation.public.base import AnnotationFile, ImageFolder, PublicBenchmark, image_ref

_TEMPLATE = "a photo of a {}"


class NegTtoi(PublicBenchmark):
    """The judge's side of Neg-TtoI (TNG-CLIP, arXiv 2505.18434). NO DATA AND NO CODE OF IT WERE EVER RELEASED.

    So there is no official number to reproduce: prompts and generated images are the user's, the rule is ours, and any
    model judges. prompts.jsonl, a row per image: {"id", "prompt", "wanted": [...], "unwanted": [...], "image"}.
    One item per pair of a wanted and an unwanted thing of an image:
        wanted_over_unwanted = mean 1[s(image, "a photo of a WANTED") > s(image, "a photo of a UNWANTED")]
    Ties are chance; chance is 0.5. A judge is no ground truth: say which model judged.
    """

    files = (AnnotationFile(path="prompts.jsonl"),)
    image_folder = ImageFolder(
        name="the generated images",
        folder="neg_ttoi/images",
        obtain="generate an image per prompt into neg_ttoi/images",
    )
    licence = "that of your prompts"
    source = "after arXiv 2505.18434, whose data and code are not released"
    obtain = "write it: a line per image with id, prompt, wanted, unwanted and image"
    primary = "wanted_over_unwanted"
    reproducible = False

    def read(self, folder: Path, images: Path) -> Items:
        questions = [q for row in json_lines(folder / self.files[0].path) for q in _questions(row, images)]
        note = "no official data or code exists: the rule is ours, and numbers compare only on equal prompts"
        return choices.items_of(questions, defects=[note])

    def score(self, items: Sequence[Question], encodings: Encodings) -> Scores:
        outcomes = choices.harness_outcomes(items, choices.scores_of(items, encodings))
        what = "the thing that was asked for is nearer to the image than the thing that was denied"
        clusters = [q.cluster for q in items]
        return Scores(
            metrics=[
                proportion(self.primary, what, outcomes, clusters, choices.guesses(items)),
                *choices.baselines(what, items, None),
            ],
            items={self.primary: choices.record(items, outcomes)},
        )


def _questions(row: Row, images: Path) -> list[Question]:
    ref = image_ref(images, row.text("image"))
    wanted, unwanted = row.texts("wanted"), row.texts("unwanted")
    if not wanted or not unwanted:
        raise row.fault("nothing wanted, or nothing unwanted", "name at least one of each")
    return [
        Question(
            id=f"{row.text('id')}#{w}/{u}",
            query=ref,
            options=(_TEMPLATE.format(w), _TEMPLATE.format(u)),
            answer=0,
            kind="",
            cluster=ref.name,
        )
        for w in wanted
        for u in unwanted
    ]
