"""Short queries such as people type into a search, each with its truth on every image of the batch.

    A;  A and B;  A without B;  A but neither B nor C;  no B

A, B and C are things that people would mention, nouns that captions name often, or nouns of the column `objects`. A
query is made from a sample's own image, which is right for it; what it excludes is, where possible, what other images
of the batch hold beside A, so that some image is wrong in that alone. The truth has three states (`english.presence`):
there, not there, unsure. That nobody mentions a shirt is weak evidence of none: good enough to train on, and the more
things are asked for, the better a model does with things that never were.
Gives every sample `per_image` texts of the view `query`, and two facts by which the objective `logical_queries` knows
which images are right: `query_things` (K, 3), the things of each query (place + 1; negative: excluded; 0: none), and
`things` (T,), the state of each thing in the sample's image.
Columns: image, caption (several captions of an image make more things certain); `objects` where there is such a list.
Errors: UserError where fewer than two things are known to be there in some images and not in others.
Paper: none, ours. When to use: with the objective `logical_queries`, alone or in a `weighted_sum`, for a model that is
asked "A without B". `held_out` names things that no query is made of, to measure what carries over to others.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from semclip.core.errors import UserError
from semclip.core.example import Example
from semclip.core.protocols import Embeddings
from semclip.core.seeds import derive_seed
from semclip.english.presence import NOT_THERE, THERE, named_often, one, presence, several
from semclip.training.steps.base import Prepared, Step, require

if TYPE_CHECKING:
    from semclip.data.dataset import Sample

#: What `Batch.missing_texts` counts.
NO_THING = "no thing is surely there in the image: its caption instead of a query"

#: form -> how often it is drawn, of 10; and its wordings. {a}, {b}: wanted; {x}, {y}: excluded. None of these wordings
#: is one of the benchmark `exclusion`.
_FORMS: dict[str, tuple[int, tuple[str, ...]]] = {
    "A": (2, ("{a}", "an image of {a}", "{a} in an image", "there is {a}")),
    "A and B": (2, ("{a} together with {b}", "{a}, {b}", "{a} as well as {b}", "{a} plus {b}", "{b} and also {a}")),
    "A without B": (
        4,
        (
            "{a}, no {x}",
            "{a} without any {x}",
            "{a} and no {x}",
            "no {x}, just {a}",
            "{a}, {x} excluded",
            "{a} minus {x}",
            "{a} but without {x}",
            "{a} in the absence of {x}",
            "{a}, but not {x}",
            "{a} not accompanied by {x}",
        ),
    ),
    "A but neither B nor C": (
        1,
        ("{a}, neither {x} nor {y}", "{a} without any {x} and without {y}", "{a}, no {x}, no {y}"),
    ),
    "not B": (1, ("there are no {x}", "an image with no {x} in it", "not {x}", "{x} are absent")),
}
#: form -> how many things it wants, and how many it excludes.
_COUNTS = {"A": (1, 0), "A and B": (2, 0), "A without B": (1, 1), "A but neither B nor C": (1, 2), "not B": (0, 1)}
_MOST_THINGS = 3


class LogicalQueries(Step):
    """Gives the view `query` and the facts `query_things` and `things`, made in the batch."""

    gives = gives_in_batch = frozenset({"query"})
    needs = frozenset({"image", "caption"})

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """per_image: queries for every image. held_out: things that no query is made of.

        min_photos: a noun that several captions name, in each of at least so many photos, is asked for, too.
        """

        per_image: int = 1
        min_photos: int = 10
        held_out: tuple[str, ...] = ()

        def __post_init__(self) -> None:
            if self.per_image < 1:
                raise UserError(
                    f"{self.per_image} queries per image", where="step 'logical_queries'", fix="set per_image=1 or more"
                )
            if self.min_photos < 1:
                raise UserError(
                    f"nouns of at least {self.min_photos} photos",
                    where="step 'logical_queries'",
                    fix="set min_photos=1 or more",
                )

    def prepare(self, examples: Sequence[Example], embeddings: Embeddings) -> Prepared:
        require(examples, self.needs, "logical_queries")
        known = presence(examples, named_often(examples, self.config.min_photos))
        unknown = sorted(set(self.config.held_out) - set(known.things))
        if unknown:
            raise UserError(
                f"held_out names what no query could be made of: {', '.join(unknown)}",
                where="step 'logical_queries'",
                fix=f"leave it out, or choose of: {', '.join(known.things)}",
            )
        usable = ((known.state == THERE).any(0) & (known.state == NOT_THERE).any(0)) & ~np.isin(
            known.things, self.config.held_out
        )
        if usable.sum() < 2:
            raise UserError(
                f"{int(usable.sum())} things are surely in some images and surely not in others; queries need two",
                where=f"step 'logical_queries' (first example: {examples[0].where or examples[0].id})",
                fix="give several captions of each image, or a column 'objects': a list of all nouns for what is in it",
            )
        self._things = [t for t, use in zip(known.things, usable, strict=True) if use]
        self._state = np.ascontiguousarray(known.state[:, usable])  # (P, T)
        self._row = {image: row for row, image in enumerate(known.images)}
        certain = int((self._state == THERE).any(1).sum())
        note = (
            f"{self.config.per_image} queries per visit, made in the batch from {len(self._things):,} things; "
            f"{certain:,} of {len(known.images):,} images surely hold one"
        )
        return Prepared(examples, note)

    def batch(self, samples: Sequence["Sample"], examples: Sequence[Example]) -> "list[Sample]":
        state = self._state[[self._row[examples[s.index].image] for s in samples]]  # (B, T)
        there = (state == THERE).astype(np.float32)
        together = there.T @ there  # (T, T) images of the batch that hold both
        made = []
        for i, sample in enumerate(samples):
            draw = random.Random(derive_seed("logical_queries", self.seed, sample.epoch, examples[sample.index].id))
            queries = [self._query(state[i], together, draw) for _ in range(self.config.per_image)]
            missing_texts = (NO_THING,) * sum(query is None for query in queries)
            caption = sample.texts["caption"]
            instead = (caption if isinstance(caption, str) else caption[0], (0,) * _MOST_THINGS)
            texts, parts = zip(*(query or instead for query in queries), strict=True)
            facts = {"query_things": np.array(parts, dtype=np.int64), "things": state[i]}
            made.append(
                replace(
                    sample,
                    texts={**sample.texts, "query": texts},
                    facts={**sample.facts, **facts},
                    missing_texts=sample.missing_texts + missing_texts,
                )
            )
        return made

    def _query(
        self, state: np.ndarray, together: np.ndarray, draw: random.Random
    ) -> tuple[str, tuple[int, ...]] | None:
        """A query that is true of an image (T,), and its things; None where nothing is known to be there."""
        there, missing = np.flatnonzero(state == THERE), np.flatnonzero(state == NOT_THERE)
        form = _one_of([form for form, (weight, _) in _FORMS.items() for _ in range(weight)], draw)
        wanted: list[int] = []
        most, count = _COUNTS[form]
        if most:
            if not len(there):
                return None
            wanted = _some(list(there), min(most, len(there)), draw)
        # What images of the batch hold beside A comes first: they are wrong in that alone.
        near = missing[together[wanted[0], missing] > 0] if wanted else missing[together.diagonal()[missing] > 0]
        excluded = _some(list(near if len(near) >= count else missing), count, draw)
        if len(excluded) < count or not (wanted or excluded):
            return None
        # Images with one thing alone are asked for it alone.
        form = next(form for form, counts in _COUNTS.items() if counts == (len(wanted), len(excluded)))
        said = _one_of(_FORMS[form][1], draw).format(
            **dict(zip("ab", (one(self._things[t]) for t in wanted), strict=False)),
            **dict(zip("xy", (several(self._things[t]) for t in excluded), strict=False)),
        )
        parts = [*(t + 1 for t in wanted), *(-(t + 1) for t in excluded)]
        return said, (*map(int, parts), *[0] * (_MOST_THINGS - len(parts)))


def _one_of(items: Sequence[str], draw: random.Random) -> str:
    return items[int(draw.random() * len(items))]


def _some(items: list[int], count: int, draw: random.Random) -> list[int]:
    """Up to `count` of the items. Built on `random()`, whose stream Python promises to keep."""
    rest, chosen = list(items), []
    for _ in range(min(count, len(rest))):
        chosen.append(rest.pop(int(draw.random() * len(rest))))
    return chosen
