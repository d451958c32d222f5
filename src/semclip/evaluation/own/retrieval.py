"""From a caption, a paraphrase of it or a text that says what is absent, to the image among all: R@1, 3, 5, 10."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import numpy as np

from semclip.core.errors import UserError
from semclip.core.example import Example, ImageRef
from semclip.data.equal_captions import contrast_groups, folded
from semclip.data.scenes.recorded import claims_of, refuse_misshapen_truth
from semclip.evaluation.base import Scores
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.metrics.outcomes import mean
from semclip.evaluation.metrics.result import Metric
from semclip.evaluation.metrics.retrieval import Ranks, chance_recall_at, check_ks, rank, recall_at
from semclip.evaluation.metrics.summary import item_record, proportion
from semclip.evaluation.own.base import DataBenchmark, cluster

_VIEWS = {"caption": "a caption", "paraphrase": "a paraphrase", "absence": "an absence"}


@dataclass(frozen=True, slots=True)
class Query:
    """A text that looks for the image of its example. index: its place among the example's texts of the view."""

    view: str
    example: Example
    index: int

    @property
    def text(self) -> str:
        return asked(self.example, self.view)[self.index]

    @property
    def id(self) -> str:
        several = self.view == "absence" or len(asked(self.example, self.view)) > 1
        return f"{self.example.id}#{self.index}" if several else self.example.id

    @property
    def kind(self) -> str:
        """The recorded kind of an absence, "" where there is none."""
        kinds = self.example.meta.get("absence_kinds") or () if self.view == "absence" else ()
        return str(kinds[self.index]) if self.index < len(kinds) else ""

    @property
    def claim(self) -> Any:
        """What the text says, in the words of the ground truth; None where the data do not know it."""
        claims = claims_of(self.example)
        if self.view == "caption":
            return claims.get("caption") if self.index == 0 else None
        known = claims.get(f"{self.view}s") or ()
        return known[self.index] if self.index < len(known) else None


def asked(example: Example, view: str) -> tuple[str, ...]:
    """The texts of an example that are queries.

    Every caption where the data give several of equal standing, as the field counts them; else its caption. The first
    paraphrase. Every absence: absences of one image differ in how much they tell of it.
    """
    if view == "caption" and example.meta.get("captions_equal"):
        return example.captions
    texts = example.texts(view)
    return texts if view == "absence" else texts[:1]


def queries_of(examples: Sequence[Example], view: str) -> list[Query]:
    """Every text that asks for an image."""
    return [Query(view, e, i) for e in examples for i in range(len(asked(e, view)))]


class Retrieval(DataBenchmark):
    """Texts ask for their image; the gallery holds every distinct image of the examples once.

    caption_rK:      an image of the example's group is among the first K, or one of which the data say the same: an
                     equal text, but for case, spaces and stops (`equal_texts=False`: only the group's). Of several
                     captions of equal standing (a list of them, or rows of one image) every one asks.
    caption_true_rK: an image on which the text is true by the ground truth is; only where the data know the truth
                     (scenes). A caption may fit other images as well, and finding those is no error of the model.
    paraphrase_rK:   the same for the first paraphrase of each example.
    absence_rK:      the same for every absence, sliced by its kind. "An image without a cup" fits most images: a low
                     value is no error there, and absence_true_rK says what is.

    The official SemCLIP script ranks the rows of the split, where an image that stands twice can be right only once;
    here each image stands once.
    """

    needs = frozenset({"image", "caption"})
    primary = "caption_r1"

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """ks: numbers of images looked at; 1 is always among them. equal_texts: images with an equal text are right."""

        ks: tuple[int, ...] = (1, 3, 5, 10)
        equal_texts: bool = True

        def __post_init__(self) -> None:
            check_ks(self.ks, "retrieval")

    def texts(self, examples: Sequence[Example]) -> list[str]:
        return [q.text for view in _VIEWS for q in queries_of(examples, view)]

    def score(self, examples: Sequence[Example], encodings: Encodings) -> Scores:
        gallery = sorted({e.image for e in examples}, key=lambda r: (r.name, str(r.path)))
        images = encodings.image(gallery)  # (N, D)
        place = {ref: i for i, ref in enumerate(gallery)}
        by_group: dict[str, set[int]] = {}
        by_text: dict[str, set[int]] = {}
        for e in examples:
            by_group.setdefault(cluster(e), set()).add(place[e.image])
            for text in (e.caption, *e.paraphrases, *e.absences) if self.config.equal_texts else ():
                by_text.setdefault(folded(text), set()).add(place[e.image])
        clusters = _clusters(examples, self.config.equal_texts)
        metrics: list[Metric] = []
        records: dict[str, Mapping[str, Sequence[Any]]] = {}
        notes = [f"gallery of {len(gallery):,} images; a query's right images are those of its group"]
        for view in _VIEWS:
            queries = queries_of(examples, view)
            lacking = len(examples) - len({q.example.id for q in queries})
            if lacking:
                notes.append(f"{lacking:,} of {len(examples):,} examples have no {view}")
            if not queries:
                continue
            rows = encodings.text([q.text for q in queries])  # (Q, D)
            places = [by_group[cluster(q.example)] | by_text.get(folded(q.text), set()) for q in queries]
            shared = sum(own > by_group[cluster(q.example)] for own, q in zip(places, queries, strict=True))
            if shared:
                notes.append(
                    f"{shared:,} of {len(queries):,} queries by {view} are texts of other images, too, which count as "
                    "right (equal_texts=True)"
                )
            answers = {"": [np.array(sorted(own)) for own in places]}
            true = _places_by_truth(queries, examples, gallery)
            if true is not None:
                answers["_true"] = true
                fitting = mean([len(places) for places in true])
                notes.append(f"{_VIEWS[view]} is true of {fitting:.1f} images of the gallery on average")
            for suffix, right in answers.items():
                metrics += self._recalls(f"{view}{suffix}", rank(rows, images, right), queries, clusters, records)
        return Scores(metrics=metrics, items=records, notes=notes)

    def _recalls(
        self,
        name: str,
        ranks: Ranks,
        queries: Sequence[Query],
        cluster_of: Mapping[str, str],
        records: dict[str, Mapping[str, Sequence[Any]]],
    ) -> list[Metric]:
        clusters, ids = [cluster_of[cluster(q.example)] for q in queries], [q.id for q in queries]
        kinds = [q.kind for q in queries] if all(q.kind for q in queries) else []
        what = "an image on which the text is true" if name.endswith("_true") else "the image"
        metrics = []
        for k in sorted({1, *self.config.ks}):
            outcomes = recall_at(ranks, k)
            description = (
                f"{what} is {'the first' if k == 1 else f'among the first {k}'} found by the {name.split('_')[0]}"
            )
            metrics.append(
                proportion(f"{name}_r{k}", description, outcomes, clusters, chance_recall_at(ranks, k), kinds)
            )
            records[f"{name}_r{k}"] = item_record(ids, outcomes, clusters, kinds)
        return metrics


def _clusters(examples: Sequence[Example], equal_texts: bool) -> dict[str, str]:
    """Group -> what it is no independent evidence of: the first group that it shares a caption with, else itself."""
    numbers = contrast_groups(examples, equal_texts)
    first: dict[int, str] = {}
    return {cluster(e): first.setdefault(n, cluster(e)) for e, n in zip(examples, numbers, strict=True)}


def _places_by_truth(
    queries: Sequence[Query], examples: Sequence[Example], gallery: Sequence[ImageRef]
) -> list[np.ndarray] | None:
    """For each query, the places of the images on which its text is true; None where the data do not know the truth."""
    scenes = {e.image: e.meta["scene"] for e in examples if e.meta.get("scene")}
    if len(scenes) < len(gallery) or any(q.claim is None for q in queries):
        return None
    for example in examples:
        refuse_misshapen_truth(example)
    # As JSON text both can be keys of the cache: training asks for the same truth before, during and after.
    places = _true_places(
        tuple(json.dumps(q.claim, sort_keys=True) for q in queries),
        tuple(json.dumps(scenes[ref], sort_keys=True) for ref in gallery),
    )
    own = {ref: i for i, ref in enumerate(gallery)}
    for q, found in zip(queries, places, strict=True):
        if own[q.example.image] not in found:
            raise UserError(
                f"the ground truth of image '{q.example.image.name}' contradicts its own {q.view}",
                where=q.example.where,
                fix="write the data again: `scene` and `claims` do not belong together",
            )
    return places


@lru_cache(maxsize=8)
def _true_places(claims: tuple[str, ...], scenes: tuple[str, ...]) -> list[np.ndarray]:
    from semclip.data.scenes.truth import holds, matches

    parsed = [json.loads(s) for s in scenes]

    @cache
    def shown(pattern: str) -> np.ndarray:
        wanted = json.loads(pattern)
        return np.array([any(matches(wanted, thing) for thing in scene["objects"]) for scene in parsed])

    found: dict[str, np.ndarray] = {}
    for text in set(claims):
        claim = json.loads(text)
        # A claim is long to check; most scenes fail at what is there and what is not, which many claims share.
        possible = np.ones(len(parsed), dtype=bool)
        for part, there in (("objects", True), ("absent", False)):
            for pattern in claim.get(part, ()):
                possible &= shown(json.dumps(pattern, sort_keys=True)) == there
        places = np.flatnonzero(possible)
        found[text] = np.array([i for i in places if holds(claim, parsed[i])], dtype=np.int64)
    return [found[text] for text in claims]
