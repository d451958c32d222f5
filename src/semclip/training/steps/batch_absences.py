"""TNG-CLIP: two true texts per image, made in every batch: an object that is missing, and another caption denied.

    absence_i = [ caption_i and "there is no Y",  "it is not so that" caption_k ]
    Y: a noun of the caption of the nearest image in the batch, <n(I_i), n(I_j)> over j of other groups
    k: one of the least similar images of the batch

Y, and an object that caption_k says is there, are named by no text of i's group and by no word that may stand for them,
nor are they in i's list `objects`. If the nearest image names no such Y, the next nearest is tried. If no image of the
batch does, the caption itself stands in the text's place: true, denying nothing, and counted (`Batch.missing_texts`).
Shapes: B samples, N examples, D width; embeddings of all images are kept in float16 (N, D), similarities are (B, B).
Columns: image, caption; with a column `objects` (every noun for what is in the image, synonyms included) all texts
are surely true; without one Y is a thing that people would mention, so that not mentioning it suggests its absence.
Paper: arXiv 2505.18434. Deviations: the sentence forms are our own; the object is looked for in the group's captions,
not in the letters of one ("man" in "woman"); images of the same group are no neighbours; the denied caption is chosen,
not the one in reverse order, which for the middle image of a batch is its own; draws are seeded.
When to use: with the objective `tngclip`; there are captions, and no absences.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from semclip.core.errors import UserError
from semclip.core.example import Example
from semclip.core.objects import objects_of
from semclip.core.protocols import Embeddings
from semclip.core.seeds import derive_seed
from semclip.english import absences
from semclip.english.caption import Caption
from semclip.english.presence import Nouns
from semclip.training.steps.base import Prepared, Step, require

if TYPE_CHECKING:
    from semclip.data.dataset import Sample

#: What `Batch.missing_texts` counts.
NO_OBJECT = "no image of the batch names an object that is missing: the caption instead"
NO_DENIAL = "no caption of the batch is surely false: the caption instead"

_PLURAL_SHARE = 0.35


class BatchAbsences(Step):
    """Gives every sample the view `absence` as two texts; what they are chosen by is learnt once, in `prepare`."""

    gives = gives_in_batch = frozenset({"absence"})
    needs = frozenset({"image", "caption"})

    def prepare(self, examples: Sequence[Example], embeddings: Embeddings) -> Prepared:
        """Raises UserError for a malformed list of objects, and where no caption names what could be missing."""
        require(examples, self.needs, "batch_absences")
        self._nouns = Nouns(noun for example in examples for noun in objects_of(example) or ())
        self._place = {noun: place for place, noun in enumerate(self._nouns.words)}
        refs = {example.image.name: example.image for example in examples}
        self._image = {name: row for row, name in enumerate(refs)}
        self._embeddings = embeddings.images(list(refs.values())).astype(np.float16)  # (images, D)
        members: dict[str, list[Example]] = {}
        for example in examples:
            members.setdefault(example.group, []).append(example)
        self._group = {name: row for row, name in enumerate(members)}
        possible = []
        for group in members.values():
            texts = [text for e in group for text in (e.caption, *e.paraphrases, *e.rewrites)]
            possible.append(self._flags(self._nouns.possible(texts, [n for e in group for n in objects_of(e) or ()])))
        self._possible = np.stack(possible)  # (groups, V)
        if not any(self._nouns.named(Caption(example.caption), objects_of(example)) for example in examples):
            raise UserError(
                "no caption names anything whose absence could be stated",
                where=f"step 'batch_absences' (first example: {examples[0].where or examples[0].id})",
                fix="add a column 'objects': a list of every noun for what is in the image, synonyms included",
            )
        listed = sum(objects_of(example) is not None for example in examples)
        note = (
            f"two absences per visit, made in the batch from {len(self._nouns.words):,} nouns; "
            f"{listed:,} of {len(examples):,} examples list their objects"
        )
        return Prepared(examples, note)

    def batch(self, samples: Sequence["Sample"], examples: Sequence[Example]) -> "list[Sample]":
        own = [examples[sample.index] for sample in samples]
        captions = [Caption(_one_text(sample)) for sample in samples]
        named = np.stack(
            [self._flags(self._nouns.named(c, objects_of(e))) for c, e in zip(captions, own, strict=True)]
        )  # (B, V)
        missing = ~self._possible[[self._group[example.group] for example in own]]  # (B, V)
        names_missing = missing.astype(np.float32) @ named.T.astype(np.float32) > 0  # (B, B): caption j of image i
        affirmed = np.array([not caption.is_negated for caption in captions])  # (B,)
        made = []
        for i, nearest in enumerate(self._nearest(own)):
            draw = _Draw(self.seed, samples[i].epoch, own[i].id)
            absent = denied = captions[i].text
            missing_texts = samples[i].missing_texts
            neighbour = next((j for j in nearest if names_missing[i, j]), None)
            if neighbour is None:
                missing_texts += (NO_OBJECT,)
            else:
                nouns = np.flatnonzero(named[neighbour] & missing[i]).tolist()
                noun, form = self._nouns.words[draw.one(nouns)], draw.one(absences.LACKING)
                absent = absences.lacking(captions[i], noun, form, plural=draw.unit() < _PLURAL_SHARE)
            # A caption that itself denies something may be true although one of its nouns is missing.
            stranger = next((j for j in draw.farthest(nearest) if names_missing[i, j] and affirmed[j]), None)
            if stranger is None:
                missing_texts += (NO_DENIAL,)
            else:
                denied = absences.denied(captions[stranger], draw.one(absences.DENIED))
            texts = {**samples[i].texts, "absence": (absent, denied)}
            made.append(replace(samples[i], texts=texts, missing_texts=missing_texts))
        return made

    def _nearest(self, own: Sequence[Example]) -> Iterator[list[int]]:
        """For each image of the batch those of other groups, the most similar first."""
        rows = self._embeddings[[self._image[example.image.name] for example in own]].astype(np.float32)  # (B, D)
        order = np.argsort(-(rows @ rows.T), axis=1, kind="stable")  # (B, B)
        groups = np.array([self._group[example.group] for example in own])
        for i, row in enumerate(order):
            yield row[groups[row] != groups[i]].tolist()

    def _flags(self, nouns: set[str]) -> np.ndarray:
        flags = np.zeros(len(self._place), dtype=bool)
        flags[[self._place[noun] for noun in nouns]] = True
        return flags  # (V,)


def _one_text(sample: "Sample") -> str:
    text = sample.texts["caption"]
    if not isinstance(text, str):
        raise UserError(
            "a step before this one gives several captions", where="step 'batch_absences'", fix="put that step after it"
        )
    return text


class _Draw:
    """Draws by name alone. Built on `random()`, whose stream Python promises to keep."""

    def __init__(self, *parts: str | int) -> None:
        self._random = random.Random(derive_seed("batch_absences", *parts))

    def unit(self) -> float:
        return self._random.random()

    def one(self, items: Sequence[Any]) -> Any:
        return items[int(self.unit() * len(items))]

    def farthest(self, nearest: Sequence[int]) -> list[int]:
        """The less similar half in random order, so that partners vary, then the others from far to near."""
        half = len(nearest) // 2
        return [*sorted(nearest[half:], key=lambda _: self.unit()), *reversed(nearest[:half])]
