"""SugarCrepe++: two wordings of the truth against a falsehood, asked of the image (ITT) and of texts alone (TOT)."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from semclip.core.example import ImageRef
from semclip.evaluation.base import Items, Scores
from semclip.evaluation.encodings import Array, Encodings
from semclip.evaluation.metrics.choice import choice
from semclip.evaluation.metrics.outcomes import Outcomes
from semclip.evaluation.metrics.result import Metric
from semclip.evaluation.metrics.summary import alike, item_record, macro, proportion
from semclip.evaluation.public._sugarcrepe import Subsets, subset_files
from semclip.evaluation.triplets import CHANCE, Texts, itt, tot

_FILES = {
    "replace_obj": (456601, "5c6dc499ec8f511a8aa4ec1b7b5eb0eca90317488abe36ec39573355e2d361ab"),
    "replace_att": (226275, "6826413592894754eeca02aeebbcbbc8b95a7456998abcc714e71c033ce6fe87"),
    "replace_rel": (392738, "040fb95d3f0619bf515db60879e99709a87a5e9b4f524ec3403b127243480fd4"),
    "swap_obj": (74611, "5f33cae824de431a7ecd3c5de6301f689815f9497aa36d96b154bbaf117b201b"),
    "swap_att": (198206, "450d0fd9fcad3e6f44950dc634e7f901ab1c6d9c60a569ade5ae8ffb3d203ad8"),
}

_CHANCE = {"itt": CHANCE, "tot": CHANCE, "i_p1_neg": 1 / 2, "i_p2_neg": 1 / 2}
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


class SugarCrepePP(Subsets):
    """P1, P2 true texts, N false, I the image; s: cosine.

    itt      = mean 1[s(I, P1) > s(I, N) and s(I, P2) > s(I, N)]
    tot      = mean 1[s(P1, P2) > s(P1, N) and s(P1, P2) > s(P2, N)]
    i_p1_neg = mean 1[s(I, P1) > s(I, N)],   i_p2_neg likewise
    Each over items (micro) and with `_macro5` over subsets, as the paper's averages are; with `official_` before it a
    tie is wrong (test_Variants_CLIP.py:72-99, evaluate_ulms.py:164-170). With `text_only` there is TOT alone, for any
    encoder of sentences. Dumpala et al., NeurIPS 2024, arXiv 2406.11171.
    """

    # The newest: only the beginning of the commit's name is known. The hash tells whether it is the same.
    files = subset_files("https://raw.githubusercontent.com/Sri-Harsha/scpp/HEAD/data", _FILES)
    licence = "CC BY 4.0 (README); from SugarCrepe (MIT) and COCO (CC BY 4.0)"
    source = "arXiv 2406.11171, Sri-Harsha/scpp@c083bbf0"
    obtain = "copy data/*.json of github.com/Sri-Harsha/scpp"
    primary = "itt"

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """text_only: TOT alone; no image is asked for."""

        text_only: bool = False

    @property
    def main(self) -> str:
        return "tot" if self.config.text_only else "itt"

    def read(self, folder: Path, images: Path) -> Items:
        triples: list[Triple] = []
        defects = []
        for subset, rows in self.subsets(folder, images, ("caption", "caption2", "negative_caption")):
            found = [
                Triple(
                    id=f"{subset}/{row.values.get('id', row.key)}",
                    image=ref,
                    first=row.text("caption"),
                    second=row.text("caption2"),
                    false=row.text("negative_caption"),
                    kind=subset,
                )
                for ref, row in rows
            ]
            defects += _defects(found)
            triples += found
        texts = [text for t in triples for text in (t.first, t.second, t.false)]
        asked = [] if self.config.text_only else [t.image for t in triples]
        return Items(items=triples, images=asked, texts=texts, defects=defects)

    def score(self, items: Sequence[Triple], encodings: Encodings) -> Scores:
        texts = Texts([t.first for t in items], [t.second for t in items], [t.false for t in items])
        ids, kinds, clusters = [t.id for t in items], [t.kind for t in items], [t.image.name for t in items]
        agree = texts.with_each_other(encodings)
        outcomes = {"tot": (tot(agree), _strictly(agree[:, 0], agree[:, 1:]))}
        blind = []
        if not self.config.text_only:
            outcomes = _image_outcomes(texts.with_images([t.image for t in items], encodings)) | outcomes
            blind = _baselines(texts, clusters, kinds)
        metrics = [m for name, both in outcomes.items() for m in _metrics(name, *both, clusters, kinds)]
        shown = [(f"{t.first} / {t.second}", (t.false,)) for t in items]
        records = {name: item_record(ids, ours, clusters, kinds, shown) for name, (ours, _) in outcomes.items()}
        return Scores(metrics=[*metrics, *blind], items=records)


def _strictly(right: Array, wrong: Array) -> Array:
    """(n,) whether `right` (n,) is above all of `wrong` (n, K), compared exactly."""
    return np.asarray((right[:, None] > wrong).all(axis=1), dtype=np.float64)


def _image_outcomes(scores: Array) -> dict[str, tuple[Outcomes, Array]]:
    """Outcomes by the harness and by the official rule, from (n, 3) scores of the image with each text."""
    p1, p2 = scores[:, [0, 2]], scores[:, [1, 2]]
    right = [_strictly(s[:, 0], s[:, 1:]) for s in (p1, p2)]
    return {
        "itt": (itt(scores), right[0] * right[1]),
        "i_p1_neg": (choice(p1, 0), right[0]),
        "i_p2_neg": (choice(p2, 0), right[1]),
    }


def _metrics(name: str, ours: Outcomes, right: Array, clusters: Sequence[str], kinds: Sequence[str]) -> list[Metric]:
    what, subsets = _MEANING[name], len(set(kinds))
    found = []
    for prefix, outcomes, kind in (("", ours, "model"), ("official_", Outcomes.certain(right), "official")):
        said = what if kind == "model" else f"{what}; a tie is wrong"
        found.append(proportion(prefix + name, said, outcomes, clusters, _CHANCE[name], kinds, kind=kind))
        said = f"{said}; mean over {subsets} subsets"
        found.append(macro(f"{prefix}{name}_macro5", said, outcomes, clusters, _CHANCE[name], alike(kinds), kind))
    return found


def _baselines(texts: Texts, clusters: Sequence[str], kinds: Sequence[str]) -> list[Metric]:
    nothing, how = np.zeros((len(kinds), 3)), "itt by an encoder that tells nothing apart"
    never = Outcomes.certain(np.zeros(len(kinds)))
    official = f"{how}; a tie is wrong"
    return [
        proportion("blind_constant", how, itt(nothing), clusters, CHANCE, kinds, kind="baseline"),
        *texts.baselines(clusters, kinds),
        proportion("official_blind_constant", official, never, clusters, CHANCE, kinds, kind="official"),
    ]


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
