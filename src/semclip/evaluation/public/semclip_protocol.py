"""SemCLIP's own test: caption over negation, and retrieval by caption and by paraphrase, on its seeded row split."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from semclip.core.example import ImageRef
from semclip.evaluation.base import Items, Scores
from semclip.evaluation.blind import negation_kind
from semclip.evaluation.choices import Question, Tie, accuracy, baselines, record, scores_of
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.metrics.choice import chance
from semclip.evaluation.metrics.intervals import wilson
from semclip.evaluation.metrics.outcomes import Outcomes
from semclip.evaluation.metrics.result import Metric
from semclip.evaluation.metrics.retrieval import chance_recall_at, rank, recall_at
from semclip.evaluation.metrics.summary import item_record, proportion
from semclip.evaluation.public._image_folders import COCO_VAL2017
from semclip.evaluation.public._retrieval import official_tensor
from semclip.evaluation.public._rows import csv_rows
from semclip.evaluation.public.base import AnnotationFile, PublicBenchmark, image_ref

KS = (1, 3, 5)
_SEED = 42
_RATIO = 0.1
_BATCH = 128  # rows that the script ranks at a time
_COMMIT = "88f67c23"
#: What the script does to images, src/dataset.py.
_PUBLISHED = {
    "resize_mode": "squash",
    "interpolation": "bilinear",
    "mean": [0.485, 0.456, 0.406],
    "std": [0.229, 0.224, 0.225],
}
_SHOWN = {
    "model": "images are read as the model reads them, for `official_` values too; the published script squashes them: "
    "give --option semclip_protocol.preprocessing=published for its way",
    "published": "images are squashed and normalised as in the published script, not as the model was trained",
}
_REPOSITORY = "https://raw.githubusercontent.com/aaai26-paper12649/SemCLIP"


@dataclass(frozen=True, slots=True)
class Triple:
    """A row of the test split. id: its row in the file, from 1."""

    id: str
    image: ImageRef
    caption: str
    paraphrase: str
    negation: str


class SemclipProtocol(PublicBenchmark):
    """SugarCrepe++ shuffled into a 80/10/10 split by row; the 475 test rows are scored.

    original_over_negation  s(image, caption) > s(image, negation); slices: whether the negation holds a negation word
    original_top{1,3,5}, paraphrase_top{1,3,5}  the text finds its image. Harness: every distinct image stands once.
        Official: every row is an image of its own, so of two rows with one image at most one can be right first.
    scaled = max(0, 2 (original_over_negation - 0.5)); combined = (original_top1 + paraphrase_top1 + scaled) / 3
    `official_`: strict >, torch.topk, k > N counted as top-1 (src/evaluation.py:36-88, src/model.py:279-290), in the
    precision of the embeddings; `official_original_over_negation_bfloat16` (and `_float16`) from embeddings rounded so,
    since the script runs bf16-mixed unless told otherwise and rounding makes ties, which it counts as wrong.
    The script squashes images to 224 x 224 with ImageNet's mean and deviation. So does
    `preprocessing=published`, at the model's own size where that is another; else the model's own preprocessing runs,
    for the `official_` values, too. The result says which.
    Only 3 % of the "negations" hold a negation word. Zero-shot: see `semclip_zeroshot`. arXiv 2511.16527.
    """

    files = (
        AnnotationFile(
            path="sugarcrepe_pp_paraphrased.csv",
            size=927338,
            sha256="38696be245177f97ba6fd258a8aecd385aadf8fd431f04e9a67e4084aa9ebab8",
            url=f"{_REPOSITORY}/{_COMMIT}/data/sugarcrepe_pp_paraphrased.csv",
        ),
    )
    image_folder = COCO_VAL2017
    licence = "BSD-3; derived from SugarCrepe++ (CC BY 4.0) and COCO captions (CC BY 4.0)"
    source = f"arXiv 2511.16527, aaai26-paper12649/SemCLIP@{_COMMIT}"
    obtain = "copy data/sugarcrepe_pp_paraphrased.csv of github.com/aaai26-paper12649/SemCLIP"
    primary = "original_over_negation"

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """preprocessing: of images: `model`, the model's own, or `published`, that of the script."""

        preprocessing: Literal["model", "published"] = "model"

    @property
    def preprocessing(self) -> Mapping[str, Any]:
        return _PUBLISHED if self.config.preprocessing == "published" else {}

    def read(self, folder: Path, images: Path) -> Items:
        columns = ("filename", "caption", "paraphrased", "negation")
        rows = []
        for number, row in enumerate(csv_rows(folder / self.files[0].path, columns), start=1):
            name, *texts = (row.text(column) for column in columns)
            rows.append(Triple(str(number), image_ref(images, name), *texts))
        train, _, test = ([rows[i] for i in part] for part in split(len(rows)))
        return Items(
            items=test,
            images=[row.image for row in test],
            texts=[text for row in test for text in (row.caption, row.paraphrase, row.negation)],
            defects=_defects(train, test),
        )

    def score(self, items: Sequence[Triple], encodings: Encodings) -> Scores:
        questions = []
        for row in items:
            options, kind = (row.caption, row.negation), negation_kind(row.negation)
            questions.append(Question(row.id, row.image, options, 0, kind, row.image.name))
        scores = scores_of(questions, encodings)
        what = "the caption is nearer to the image than the negation"
        metrics, outcomes = accuracy(self.primary, what, questions, scores, Tie.WRONG)
        records = {self.primary: record(questions, outcomes)}
        texts = {"original": [row.caption for row in items], "paraphrase": [row.paraphrase for row in items]}
        for name, own in texts.items():
            found, kept = _retrieval(name, items, own, encodings)
            metrics += found
            records |= kept
        value = {m.name: m.value for m in metrics}
        for prefix, kind in (("", "model"), ("official_", "official")):
            scaled = max(0.0, 2 * (value[f"{prefix}original_over_negation"] - 0.5))
            combined = (value[f"{prefix}original_top1"] + value[f"{prefix}paraphrase_top1"] + scaled) / 3
            metrics += [
                Metric(name=f"{prefix}{name}", value=number, n=len(items), description=how, unit="score", kind=kind)
                for name, number, how in (
                    ("scaled", scaled, "max(0, 2 (original over negation - 0.5))"),
                    ("combined", combined, "mean of the two top-1 and `scaled`"),
                )
            ]
        metrics += [_rounded(precision, items, encodings) for precision in ("bfloat16", "float16")]
        return Scores(
            metrics=[*metrics, *baselines(self.primary, questions, Tie.WRONG)],
            items=records,
            notes=[_SHOWN[self.config.preprocessing]],
        )


def split(count: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Rows of train, validation and test, in the order of the script: pandas' sample(frac=1, random_state=42).

    pandas draws them with numpy's legacy generator: RandomState(42).permutation(count). Of `count` rows, int(0.1 count)
    are for validation and as many for the test, which stand last.
    """
    order = np.random.RandomState(_SEED).permutation(count)
    part = int(count * _RATIO)
    train = count - 2 * part
    return order[:train], order[train : train + part], order[train + part :]


def official_topk(images: Any, texts: Any) -> dict[int, float]:
    """Caption -> image over the rows, target = own row, as the script counts. images, texts: (N, D) unit rows, torch.

    Its quirk: where k > N, the count for k is the running count for 1. Order of ties: torch.topk's, unspecified.
    """
    import torch

    n = len(images)
    target = torch.arange(n)
    counts = dict.fromkeys(KS, 0)
    for start in range(0, n, _BATCH):
        similarity = texts[start : start + _BATCH] @ images.T  # (B, N)
        for k in KS:
            if k > n:
                counts[k] = counts[1]
                continue
            top = similarity.topk(k, dim=1).indices  # (B, k)
            counts[k] += int((top == target[start : start + _BATCH, None]).any(dim=1).sum())
    return {k: count / n for k, count in counts.items()}


def _rounded(precision: str, items: Sequence[Triple], encodings: Encodings) -> Metric:
    import torch

    dtype = {"bfloat16": torch.bfloat16, "float16": torch.float16}[precision]
    images, captions, negations = (
        torch.nn.functional.normalize(torch.from_numpy(rows).float().to(dtype), dim=-1)
        for rows in (
            encodings.raw_image([row.image for row in items]),
            encodings.raw_text([row.caption for row in items]),
            encodings.raw_text([row.negation for row in items]),
        )
    )
    right, wrong = (images * captions).sum(dim=1), (images * negations).sum(dim=1)
    won = (right > wrong).double().numpy()
    ties = int((right == wrong).sum())
    how = f"caption over negation with embeddings rounded to {precision}; {ties:,} exact ties, counted as wrong"
    clusters = [row.image.name for row in items]
    return proportion(
        f"official_original_over_negation_{precision}", how, Outcomes.certain(won), clusters, chance(2), kind="official"
    )


def _retrieval(
    name: str, items: Sequence[Triple], texts: Sequence[str], encodings: Encodings
) -> tuple[list[Metric], dict[str, dict[str, Sequence[Any]]]]:
    gallery = list(dict.fromkeys(row.image for row in items))
    place = {image: i for i, image in enumerate(gallery)}
    queries, images = encodings.text(texts), encodings.image(gallery)
    ranks = rank(queries, images, [[place[row.image]] for row in items])
    rows = official_tensor(images[[place[row.image] for row in items]], encodings)
    theirs = official_topk(rows, official_tensor(queries, encodings))
    clusters, ids = [row.image.name for row in items], [row.id for row in items]
    metrics: list[Metric] = []
    records = {}
    for k in KS:
        outcomes = recall_at(ranks, k)
        records[f"{name}_top{k}"] = item_record(ids, outcomes, clusters)
        how = f"the {name} text finds its image among the first {k} of {len(gallery):,} images"
        metrics.append(proportion(f"{name}_top{k}", how, outcomes, clusters, chance_recall_at(ranks, k)))
        how = f"the same over {len(items):,} rows, one of which is right"
        n, sure = len(items), wilson(theirs[k], len(items))  # only the value is known, not which rows are right
        called = f"official_{name}_top{k}"
        metrics.append(Metric(name=called, value=theirs[k], n=n, description=how, interval=sure, kind="official"))
    return metrics, records


def _defects(train: Sequence[Triple], test: Sequence[Triple]) -> list[str]:
    """What the row split leaks, and what duplicate images cap."""
    seen = {row.image.name for row in train}
    pairs = {(row.image.name, row.caption) for row in train}
    n, images = len(test), len({row.image.name for row in test})
    shown = sum(row.image.name in seen for row in test)
    both = sum((row.image.name, row.caption) in pairs for row in test)
    found = []
    if shown:
        found.append(
            f"the split is by row: {shown:,} of {n:,} test rows show an image of the training split, {both:,} with the "
            "same caption; a model trained on that split is not tested by them"
        )
    if images < n:
        found.append(
            f"{n:,} test rows show {images:,} images: official top-1 cannot exceed {images:,}/{n:,} = {images / n:.1%}"
        )
    equal = [row.id for row in test if row.caption == row.negation]
    if equal:
        found.append(f"rows {', '.join(equal)}: caption and negation are the same text: nobody can win")
    return found
