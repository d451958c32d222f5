"""SugarCrepe++: two wordings of the truth against a falsehood, asked of the image (ITT) and of texts alone (TOT)."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from semclip.core.example import ImageRef
from semclip.evaluation.blind import BlindItem, negation_word_scores, text_only_scores
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.metrics.choice import choice
from semclip.evaluation.metrics.outcomes import Outcomes
from semclip.evaluation.metrics.result import Metric
from semclip.evaluation.own.base import Scores, item_record, share
from semclip.evaluation.public._macro import alike, macro
from semclip.evaluation.public.base import AnnotationFile, Items, Pictures, Published, json_rows, picture

Array = NDArray[np.float64]

_FILES = {
    "replace_obj": (456601, "5c6dc499ec8f511a8aa4ec1b7b5eb0eca90317488abe36ec39573355e2d361ab"),
    "replace_att": (226275, "6826413592894754eeca02aeebbcbbc8b95a7456998abcc714e71c033ce6fe87"),
    "replace_rel": (392738, "040fb95d3f0619bf515db60879e99709a87a5e9b4f524ec3403b127243480fd4"),
    "swap_obj": (74611, "5f33cae824de431a7ecd3c5de6301f689815f9497aa36d96b154bbaf117b201b"),
    "swap_att": (198206, "450d0fd9fcad3e6f44950dc634e7f901ab1c6d9c60a569ade5ae8ffb3d203ad8"),
}

#: What a guess scores: one of three texts is false, one of three pairs is the nearest, one of two texts is true.
_CHANCE = {"itt": 1 / 3, "tot": 1 / 3, "i_p1_neg": 1 / 2, "i_p2_neg": 1 / 2}
_MEANING = {
    "itt": "both true texts are nearer to the image than the false one",
    "tot": "the true texts are nearer to each other than to the false one; text tower only",
    "i_p1_neg": "the first true text is nearer to the image than the false one",
    "i_p2_neg": "the second true text is nearer to the image than the false one",
}


@dataclass(frozen=True, slots=True)
class Triple:
    """An image, its caption, another wording of that, and a hard negative. kind: the subset."""

    id: str
    image: ImageRef
    first: str
    second: str
    false: str
    kind: str


class SugarCrepePP(Published):
    """P1, P2 true texts, N false, I the image; s: cosine.

    itt      = mean 1[s(I, P1) > s(I, N) and s(I, P2) > s(I, N)]
    tot      = mean 1[s(P1, P2) > s(P1, N) and s(P1, P2) > s(P2, N)]
    i_p1_neg = mean 1[s(I, P1) > s(I, N)],   i_p2_neg likewise
    Each over items (micro) and with `_macro5` over subsets, as the paper's averages are; with `official_` before it a
    tie is wrong (test_Variants_CLIP.py:72-99, evaluate_ulms.py:164-170). With `text_only` there is TOT alone, for any
    encoder of sentences. Dumpala et al., NeurIPS 2024, arXiv 2406.11171.
    """

    files: ClassVar[Sequence[AnnotationFile]] = tuple(
        AnnotationFile(
            path=f"{subset}.json",
            size=size,
            sha256=sha256,
            # The newest: only the beginning of the commit's name is known. The hash tells whether it is the same.
            url=f"https://raw.githubusercontent.com/Sri-Harsha/scpp/HEAD/data/{subset}.json",
        )
        for subset, (size, sha256) in _FILES.items()
    )
    pictures: ClassVar[Pictures | None] = Pictures(
        name="COCO val2017",
        folder="coco/val2017",
        obtain="get http://images.cocodataset.org/zips/val2017.zip (https://cocodataset.org) and unpack it to coco/",
    )
    licence: ClassVar[str] = "CC BY 4.0 (README); from SugarCrepe (MIT) and COCO (CC BY 4.0)"
    source: ClassVar[str] = "arXiv 2406.11171, Sri-Harsha/scpp@c083bbf0"
    obtain: ClassVar[str] = "copy data/*.json of github.com/Sri-Harsha/scpp"
    primary: ClassVar[str] = "itt"

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """text_only: TOT alone; no image is asked for."""

        text_only: bool = False

    config: Config

    @property
    def main(self) -> str:
        return "tot" if self.config.text_only else "itt"

    def read(self, folder: Path, images: Path) -> Items:
        triples, defects = [], []
        for file in self.files:
            subset = Path(file.path).stem
            columns = ("filename", "caption", "caption2", "negative_caption")
            found = [
                Triple(
                    id=f"{subset}/{row.get('id', place)}",
                    image=picture(images, row["filename"]),
                    first=row["caption"],
                    second=row["caption2"],
                    false=row["negative_caption"],
                    kind=subset,
                )
                for place, row in json_rows(folder / file.path, columns)
            ]
            defects += _defects(found)
            triples += found
        texts = [text for t in triples for text in (t.first, t.second, t.false)]
        asked = [] if self.config.text_only else [t.image for t in triples]
        return Items(items=triples, images=asked, texts=texts, defects=defects)

    def score(self, items: Sequence[Triple], encodings: Encodings) -> Scores:
        first, second, false = [t.first for t in items], [t.second for t in items], [t.false for t in items]
        agree = np.stack(
            [
                encodings.text_similarity(first, second),
                encodings.text_similarity(first, false),
                encodings.text_similarity(second, false),
            ],
            axis=1,
        )
        outcomes = {"tot": (choice(agree, 0), _strictly(agree[:, 0], agree[:, 1:]))}
        if not self.config.text_only:
            images = [t.image for t in items]
            outcomes = _image_outcomes(*(encodings.similarity(images, t) for t in (first, second, false))) | outcomes
        kinds, clusters = [t.kind for t in items], [t.image.name for t in items]
        return Scores(
            metrics=[
                *(
                    m
                    for name, (ours, theirs) in outcomes.items()
                    for m in _metrics(name, ours, theirs, clusters, kinds)
                ),
                *([] if self.config.text_only else _baselines(items, clusters, kinds)),
            ],
            items={
                name: item_record(
                    [t.id for t in items],
                    ours,
                    clusters,
                    kinds,
                    [(f"{t.first} / {t.second}", (t.false,)) for t in items],
                )
                for name, (ours, _) in outcomes.items()
            },
        )


def _strictly(right: Array, wrong: Array) -> Array:
    """(n,) whether `right` (n,) is above all of `wrong` (n, K), compared exactly."""
    return np.asarray((right[:, None] > wrong).all(axis=1), dtype=np.float64)


def _image_outcomes(first: Array, second: Array, false: Array) -> dict[str, tuple[Outcomes, Array]]:
    """Outcomes by the harness and by the official rule, from (n,) scores of the image with each text."""
    lowest, p1, p2 = np.stack([first, second, false], axis=1), np.stack([first, false], 1), np.stack([second, false], 1)
    right = [_strictly(s[:, 0], s[:, 1:]) for s in (p1, p2)]
    return {
        "itt": (choice(-lowest, 2), right[0] * right[1]),
        "i_p1_neg": (choice(p1, 0), right[0]),
        "i_p2_neg": (choice(p2, 0), right[1]),
    }


def _metrics(name: str, ours: Outcomes, right: Array, clusters: Sequence[str], kinds: Sequence[str]) -> list[Metric]:
    theirs = Outcomes(right, right, right)
    what, subsets = _MEANING[name], len(set(kinds))
    found = []
    for prefix, outcomes, kind in (("", ours, "model"), ("official_", theirs, "official")):
        said = what if kind == "model" else f"{what}; a tie is wrong"
        found.append(share(prefix + name, said, outcomes, clusters, _CHANCE[name], kinds, kind=kind))
        said = f"{said}; mean over {subsets} subsets"
        found.append(macro(f"{prefix}{name}_macro5", said, outcomes, clusters, _CHANCE[name], alike(kinds), kind))
    return found


def _baselines(items: Sequence[Triple], clusters: Sequence[str], kinds: Sequence[str]) -> list[Metric]:
    words = [negation_word_scores(texts) for texts in zip(*((t.first, t.second, t.false) for t in items), strict=True)]
    margins = np.stack(text_only_scores([BlindItem((t.first, t.second), t.false, t.image.name) for t in items]))
    learned = (margins[:, 0], margins[:, 1], np.zeros(len(items)))
    constant, detector, reader = (
        ("an encoder that tells nothing apart", np.zeros((len(items), 3))),
        ("a detector of negation words: a text with one is judged false", np.stack(words, axis=1)),
        ("a model that reads the texts alone, cross-validated by image", np.stack(learned, axis=1)),
    )
    found = [
        share(name, f"itt by {how}", choice(-scores, 2), clusters, _CHANCE["itt"], kinds, kind="baseline")
        for name, (how, scores) in (
            ("blind_constant", constant), ("blind_negation_word", detector), ("blind_text_only", reader),
        )
    ]  # fmt: skip
    never, how = np.zeros(len(items)), f"itt by {constant[0]}; a tie is wrong"
    theirs = Outcomes(never, never, never)
    found.append(share("official_blind_constant", how, theirs, clusters, _CHANCE["itt"], kinds, kind="official"))
    return found


def _defects(triples: Sequence[Triple]) -> list[str]:
    found = []
    for what, equal in (
        ("caption and negative are the same text: nobody can win", [t.id for t in triples if t.false == t.first]),
        (
            "second wording and negative are the same text: nobody can win",
            [t.id for t in triples if t.false == t.second],
        ),
        ("both wordings are the same text: TOT is easy", [t.id for t in triples if t.first == t.second]),
    ):
        if equal:
            found.append(f"{', '.join(equal)}: {what}")
    places: dict[tuple[str, ...], list[str]] = {}
    for t in triples:
        places.setdefault((t.image.name, t.first, t.second, t.false), []).append(t.id)
    return [*found, *(f"{' and '.join(ids)} are the same row" for ids in places.values() if len(ids) > 1)]
