"""CoN-CLIP: for every negation an image that it describes, so that a negated text is not always wrong.

    J(G_ij) = argmax over images x of other groups of <n(text(G_ij)), n(image(x))>,   or what `mapping` says

Shapes: T negations, M images, D width; similarities are made in blocks of negations, never as one (T, M) matrix.
Columns: image, negation.
Paper: arXiv 2403.20312. How its distractors were found is not published (a file of ranked images came with the code,
of which it takes the first): the nearest image is our reading. Deviation: never an image of the negation's own group.
When to use: with `conclip` or `tripletclip`, where the data has no negative images. The nearest image is as good as the
model that finds it: give `mapping` where training starts from random weights.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from semclip.core.counts import counted
from semclip.core.errors import UserError
from semclip.core.example import Example, ImageRef
from semclip.core.protocols import Embeddings
from semclip.training.steps._by_id import Entry, read_by_id, texts_of
from semclip.training.steps.base import Prepared, Step, require

_BLOCK = 1024  # negations compared with all images at once

#: Ranked images of every negation of one example.
Ranked = list[list[ImageRef]]


class Distractors(Step):
    """Gives each negation its image: negation j is shown by negative image j.

    mapping: `.json` `{id: value}` or `.jsonl` `{"id": ..., "images": value}`; a value is an image name, ranked names
             for all negations of the example, or a list of ranked names for each; "" finds the nearest images.
    top:     1 takes the first; more draws one of the `top` first at every visit.
    images:  folder of the images that `mapping` names; "": they are images of the training examples.
    """

    gives = frozenset({"negative_image"})
    needs = frozenset({"image", "negation"})

    @dataclass(frozen=True, kw_only=True)
    class Config:
        mapping: str = ""
        top: int = 1
        images: str = ""

    def __init__(self, config: Config | None = None, seed: int = 0) -> None:
        super().__init__(config, seed)
        if self.config.top < 1:
            raise UserError(f"'top' is {self.config.top}", where="step 'distractors'", fix="set it to 1 or more")
        if self.config.images and not self.config.mapping:
            raise UserError(
                "'images' is the folder of what 'mapping' names, but there is no 'mapping'",
                where="step 'distractors'",
                fix="give both, or neither for the nearest training images",
            )

    def prepare(self, examples: Sequence[Example], embeddings: Embeddings) -> Prepared:
        """Raises UserError for a mapping that does not fit the examples, and where too few images are left."""
        require(examples, self.needs, "distractors")
        ranked, more = self._mapped(examples) if self.config.mapping else (self._nearest(examples, embeddings), "")
        prepared = [self._paired(example, own) for example, own in zip(examples, ranked, strict=True)]
        count = sum(len(example.negations) for example in examples)
        source = self.config.mapping or "the nearest of other groups"
        note = f"{count:,} negations, each with {counted(self.config.top, 'negative image')}: {source}"
        if more:
            note += f"; {more}"
        replaced = sum(bool(example.negative_images) for example in examples)
        if replaced:
            note += f"; {replaced:,} examples had some of their own, which are not used"
        return Prepared(prepared, note)

    def _paired(self, example: Example, ranked: Ranked) -> Example:
        """Negations repeated beside each of their images, and with them the lists that run parallel."""
        top = self.config.top
        for images in ranked:
            if len(images) < top:
                raise UserError(
                    f"{len(images)} images to choose from for a negation, 'top' is {top}",
                    where=example.where or example.id,
                    fix="lower 'top', or give more images",
                )
        parallel = ("negation_kinds", "negation_of")
        meta = {
            key: [item for item in value for _ in range(top)] if key in parallel else value
            for key, value in example.meta.items()
        }
        return replace(
            example,
            negations=tuple(text for text in example.negations for _ in range(top)),
            negative_images=tuple(image for images in ranked for image in images[:top]),
            meta=meta,
        )

    # -- from a file ---------------------------------------------------------------------------------------------------

    def _mapped(self, examples: Sequence[Example]) -> tuple[list[Ranked], str]:
        entries, note = read_by_id(self.config.mapping, "images", examples)
        ranked = [
            [names[: self.config.top] for names in _names(example, entry)]
            for example, entry in zip(examples, entries, strict=True)
        ]
        uses = [
            (name, example.group, entry.where)
            for example, entry, own in zip(examples, entries, ranked, strict=True)
            for name in dict.fromkeys(name for names in own for name in names)
        ]
        known = _training_images(examples)
        own_groups: dict[str, set[str]] = {}
        for example in examples:
            own_groups.setdefault(example.image.name, set()).add(example.group)
        fix = "set 'images' to their folder"
        if self.config.images:
            folder = Path(self.config.images).expanduser()
            known = {name: ImageRef(name, folder / name) for name, _, _ in uses if (folder / name).is_file()}
            own_groups, fix = {}, f"put them into {folder}"
        _refuse([(name, where) for name, _, where in uses if name not in known], "names are of no image", fix)
        _refuse(
            [(name, where) for name, group, where in uses if group in own_groups.get(name, ())],
            "images belong to the group whose negation they should show, which is false of it",
            "choose images of other groups",
        )
        return [[[known[name] for name in names] for names in own] for own in ranked], note

    # -- the nearest ---------------------------------------------------------------------------------------------------

    def _nearest(self, examples: Sequence[Example], embeddings: Embeddings) -> list[Ranked]:
        refs = list(_training_images(examples).values())
        images = embeddings.images(refs)  # (M, D)
        place = {ref.name: index for index, ref in enumerate(refs)}
        of_group: dict[str, list[int]] = {}
        for example in examples:
            of_group.setdefault(example.group, []).append(place[example.image.name])
        questions = [(text, example.group) for example in examples for text in example.negations]
        found: list[list[ImageRef]] = []
        for start in range(0, len(questions), _BLOCK):
            block = questions[start : start + _BLOCK]
            scores = embeddings.texts([text for text, _ in block]) @ images.T  # (block, M)
            for row, (_, group) in zip(scores, block, strict=True):
                row[of_group[group]] = -np.inf
            found += [[refs[index] for index in best] for best in _best(scores, self.config.top)]
        answers = iter(found)
        return [[next(answers) for _ in example.negations] for example in examples]


def _best(scores: np.ndarray, top: int) -> list[list[int]]:
    """For each row the columns of its `top` highest scores, the highest first; equal ones in order; -inf never."""
    best: list[list[int]] = [[] for _ in scores]
    rows = np.arange(len(scores))
    for _ in range(min(top, scores.shape[1])):
        columns = scores.argmax(axis=1)
        for row, column in enumerate(columns.tolist()):
            if scores[row, column] > -np.inf:
                best[row].append(column)
        scores[rows, columns] = -np.inf
    return best


def _training_images(examples: Sequence[Example]) -> dict[str, ImageRef]:
    return {example.image.name: example.image for example in examples}


def _names(example: Example, entry: Entry) -> list[list[str]]:
    """Ranked names for each negation of the example, from any of the three forms of a value."""
    value = entry.value
    if not isinstance(value, list) or not any(isinstance(item, list) for item in value):
        return [texts_of(entry, "images")] * len(example.negations)
    if len(value) != len(example.negations):
        raise UserError(
            f"{len(value)} lists of images for {len(example.negations)} negations of '{example.id}'",
            where=entry.where,
            fix="give one list for each negation, or a single one for all",
        )
    return [texts_of(Entry(ranked, entry.where), "images") for ranked in value]


def _refuse(bad: Sequence[tuple[str, str]], what: str, fix: str) -> None:
    if bad:
        name, where = bad[0]
        raise UserError(f"{len(bad):,} {what}, first '{name}'", where=where, fix=fix)
