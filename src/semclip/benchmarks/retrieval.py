"""From a caption, or a paraphrase of it, to its image among all images: recall at 1, 3, 5 and 10."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from semclip.benchmarks._encodings import Encodings
from semclip.benchmarks.base import Benchmark, Scores, cluster, item_record, share
from semclip.core.errors import UserError
from semclip.core.example import Example, ImageRef
from semclip.metrics.outcomes import mean
from semclip.metrics.result import Metric
from semclip.metrics.retrieval import Ranks, chance_recall_at, rank, recall_at

_WORDINGS = ("caption", "paraphrase")


class Retrieval(Benchmark):
    """One query per example and wording; the gallery holds every distinct image of the examples once.

    caption_rK:      an image of the example's group is among the first K.
    caption_true_rK: an image on which the text is true by the ground truth is; only where the data know the truth
                     (scenes). A caption may fit other images as well, and finding those is no error of the model.

    The official SemCLIP script ranks the rows of the split, where an image that stands twice can be right only once;
    here each image stands once.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"image", "caption"})
    primary: ClassVar[str] = "caption_r1"

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """ks: numbers of images looked at; 1 is always among them."""

        ks: tuple[int, ...] = (1, 3, 5, 10)

        def __post_init__(self) -> None:
            if not self.ks or min(self.ks) < 1:
                raise UserError(f"ks is {list(self.ks)}", where="benchmark 'retrieval'", fix="give numbers from 1 up")

    def texts(self, examples: Sequence[Example]) -> list[str]:
        return [e.texts(view)[0] for view in _WORDINGS for e in examples if e.has(view)]

    def score(self, examples: Sequence[Example], encodings: Encodings) -> Scores:
        gallery = sorted({e.image for e in examples}, key=lambda r: (r.name, str(r.path)))
        images = encodings.image(gallery)  # (N, D)
        by_group = _places_by_group(examples, gallery)
        metrics: list[Metric] = []
        records: dict[str, Mapping[str, Sequence[Any]]] = {}
        notes = [f"gallery of {len(gallery):,} images; a query's right images are those of its group"]
        for view in _WORDINGS:
            own = [e for e in examples if e.has(view)]
            if len(own) < len(examples):
                notes.append(f"{len(examples) - len(own):,} of {len(examples):,} examples have no {view}")
            if not own:
                continue
            queries = encodings.text([e.texts(view)[0] for e in own])  # (Q, D)
            answers = {"": [by_group[cluster(e)] for e in own]}
            true = _places_by_truth(own, examples, gallery, view)
            if true is not None:
                answers["_true"] = true
                notes.append(f"a {view} is true of {mean([len(t) for t in true]):.1f} images of the gallery on average")
            for suffix, right in answers.items():
                metrics += self._recalls(f"{view}{suffix}", rank(queries, images, right), own, records)
        return Scores(metrics=metrics, items=records, notes=notes)

    def _recalls(
        self, name: str, ranks: Ranks, examples: Sequence[Example], records: dict[str, Mapping[str, Sequence[Any]]]
    ) -> list[Metric]:
        clusters, ids = [cluster(e) for e in examples], [e.id for e in examples]
        what = "an image on which the text is true" if name.endswith("_true") else "the image"
        metrics = []
        for k in sorted({1, *self.config.ks}):
            outcomes = recall_at(ranks, k)
            description = (
                f"{what} is {'the first' if k == 1 else f'among the first {k}'} found by the {name.split('_')[0]}"
            )
            metrics.append(share(f"{name}_r{k}", description, outcomes, clusters, chance_recall_at(ranks, k)))
            records[f"{name}_r{k}"] = item_record(ids, outcomes, clusters)
        return metrics


def _places_by_group(examples: Sequence[Example], gallery: Sequence[ImageRef]) -> dict[str, np.ndarray]:
    place = {ref: i for i, ref in enumerate(gallery)}
    groups: dict[str, set[int]] = {}
    for e in examples:
        groups.setdefault(cluster(e), set()).add(place[e.image])
    return {group: np.array(sorted(places)) for group, places in groups.items()}


def _places_by_truth(
    queries: Sequence[Example], examples: Sequence[Example], gallery: Sequence[ImageRef], view: str
) -> list[np.ndarray] | None:
    """For each query, the places of the images on which its text is true; None where the data do not know the truth."""
    scenes = {e.image: e.meta["scene"] for e in examples if e.meta.get("scene")}
    claims = [_claim(e, view) for e in queries]
    if len(scenes) < len(gallery) or any(c is None for c in claims):
        return None
    # As JSON text both can be keys of the cache: training asks for the same truth before, during and after.
    places = _true_places(
        tuple(json.dumps(c, sort_keys=True) for c in claims),
        tuple(json.dumps(scenes[ref], sort_keys=True) for ref in gallery),
    )
    own = {ref: i for i, ref in enumerate(gallery)}
    for e, found in zip(queries, places, strict=True):
        if own[e.image] not in found:
            raise UserError(
                f"the ground truth of image '{e.image.name}' contradicts its own {view}",
                where=e.where,
                fix="write the data again: `scene` and `claims` do not belong together",
            )
    return places


def _claim(example: Example, view: str) -> Any:
    claims = example.meta.get("claims") or {}
    if view == "caption":
        return claims.get("caption")
    return next(iter(claims.get("paraphrases") or ()), None)


@lru_cache(maxsize=8)
def _true_places(claims: tuple[str, ...], scenes: tuple[str, ...]) -> list[np.ndarray]:
    from semclip.data.scenes.truth import holds

    parsed = [json.loads(s) for s in scenes]
    found: dict[str, np.ndarray] = {}
    for text in set(claims):
        claim = json.loads(text)
        found[text] = np.array([i for i, scene in enumerate(parsed) if holds(claim, scene)], dtype=np.int64)
    return [found[text] for text in claims]
