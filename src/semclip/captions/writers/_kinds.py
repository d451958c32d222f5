"""Which kinds of negations are written, and how often each; the rules behind them are in `semclip.english.negate`.

Family "A" is for training and validation, "B" for tests: the two share no wording and no pair of swapped words.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from semclip.captions.writers._draw import Draw, Key
from semclip.core.errors import UserError, did_you_mean
from semclip.english import negate
from semclip.english.edits import RULES, Change, Edit, Scene, tried
from semclip.english.lexicon import kind_of
from semclip.english.negate.truly import truly

assert negate  # the rules put themselves on the list

#: What another caption of the image names, denied in a clause behind this one: "..., with no ball in sight".
CLAUSE = "object_denied"
#: Kinds that `balanced` keeps for tests.
HELD_OUT = ("relation_reversed", "action_replaced", "roles_exchanged")

_DENIED = {
    "object_denied_in_caption": 3.0, "hybrid": 3.0, "verb_negated": 0.55, "subject_denied": 1.9, "relation_denied": 0.3,
    "attribute_denied": 0.2,
}  # fmt: skip
_CONTRASTED = {
    "object_contrasted": 0.7, "attribute_contrasted": 0.1, "number_contrasted": 0.4, "relation_contrasted": 0.5,
    "action_contrasted": 0.3,
}  # fmt: skip
#: How much more often absences take a kind: what stands before a noun may always be asked for.
_TRUE = {"attribute_contrasted": 20.0, "number_contrasted": 3.0}
_SWAPPED = dict.fromkeys(("attribute_swapped", "number_swapped", "object_replaced"), 2.0)
#: How much more often a text no longer than its caption is taken than a longer one: many denials have no short form.
_SHORT = 20.0
#: How much more often people are set against others than things are: of these a rival is more often far-fetched.
_PEOPLE = 2.0
#: Kinds that deny nothing.
SWAPS = frozenset({*_SWAPPED, *HELD_OUT, "name_swapped", "figure_swapped"})
#: Written only where nothing else can be, so that a caption is not left without a negation.
_LAST = dict.fromkeys(
    ("verb_negated", "subject_denied", "relation_denied", "caption_denied", "name_contrasted", "name_swapped",
     "figure_contrasted", "figure_swapped"), 1e-6,
)  # fmt: skip
#: preset -> family -> kind -> weight.
PRESETS: dict[str, dict[str, dict[str, float]]] = {
    "balanced": {
        "A": {**_LAST, **_DENIED, **_CONTRASTED, **_SWAPPED},
        "B": {
            **_LAST, **{kind: weight / 3 for kind, weight in _DENIED.items()}, **_CONTRASTED, **_SWAPPED,
            **dict.fromkeys(HELD_OUT, 2.0),
        },
    },
    **{
        name: {"A": weights, "B": weights}
        for name, weights in {
            "ccneg": {**_LAST, "verb_negated": 3.0, "object_denied_in_caption": 2.0, "attribute_denied": 1.0,
                      "relation_denied": 1.0, "subject_denied": 0.5},
            "sugarcrepe": {**_SWAPPED, **dict.fromkeys(HELD_OUT, 2.0)},
            "negbench": {**_LAST, "hybrid": 4.0, "object_denied_in_caption": 2.0, CLAUSE: 2.0, "relation_denied": 1.0,
                         "subject_denied": 1.0},
        }.items()
    },
}  # fmt: skip
ALL_KINDS = tuple(kind for kind in (*RULES, CLAUSE) if kind not in ("negation_removed", "denial_kept"))


def weights_of(kinds: Any, family: str) -> dict[str, float]:
    """The weights of a preset's name or of `{kind: weight}`.

    Raises UserError for an unknown preset or kind, and where nothing weighs anything.
    """
    if isinstance(kinds, str):
        if kinds not in PRESETS:
            is_kind = kinds in ALL_KINDS
            fix = f"type 'writer.kinds={{{kinds}: 1}}' for this kind alone" if is_kind else did_you_mean(kinds, PRESETS)
            raise UserError(f"no preset '{kinds}'", where="writer.kinds", fix=fix)
        return dict(PRESETS[kinds][family])
    if not isinstance(kinds, Mapping):
        fix = f"give one of {', '.join(PRESETS)}, or weights: {{verb_negated: 1, hybrid: 2}}"
        raise UserError(f"{kinds!r:.60} names no kinds", where="writer.kinds", fix=fix)
    for kind, weight in kinds.items():
        if kind not in ALL_KINDS:
            raise UserError(f"no kind '{kind}'", where="writer.kinds", fix=did_you_mean(kind, ALL_KINDS))
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight < float("inf"):
            raise UserError(f"the weight {weight!r} of {kind}", where="writer.kinds", fix="give a number, 0 or more")
    if not any(kinds.values()):
        raise UserError("no kind weighs anything", where="writer.kinds", fix="give one a weight above 0")
    return {kind: float(weight) for kind, weight in kinds.items() if weight}


#: Kinds that need a whole parse, and not noun phrases alone.
_OF_SENTENCES = frozenset(
    {"verb_negated", "subject_denied", "relation_denied", "name_contrasted", "name_swapped",
     "action_contrasted", "hybrid"}
)  # fmt: skip


def of_phrases(weights: Mapping[str, float]) -> dict[str, float]:
    """The weights of kinds that change noun phrases or what stands between them."""
    return {kind: weight for kind, weight in weights.items() if kind not in _OF_SENTENCES}


class Found(NamedTuple):
    """Changes of one kind. contrived: as in `Change`. edit: writes one of them, which costs more than finding them."""

    contrived: bool
    edit: Callable[[], Edit]


def best_of(found: Iterator[Found]) -> Found | None:
    """The first that is not contrived, else the first; None where there is none."""
    first = next(found, None)
    return next((one for one in found if not one.contrived), first) if first and first.contrived else first


class Plan(NamedTuple):
    """What may be written of one caption, each kind once, in an order drawn by weight.

    common: how many groups hold each word: of several words that may be put in, common ones are put in more often, so
    that a rare word is no sign of a negation.
    """

    scene: Scene
    weights: Mapping[str, float]
    common: Mapping[str, int]
    key: Key

    def false(self, further: Mapping[str, Edit]) -> Iterator[Found]:
        """Negations. further: edits made elsewhere, by kind."""
        for kind in self._order(self.weights):
            if kind in further:
                yield Found(False, partial(further.__getitem__, kind))
            else:
                yield from self._found(kind, tried(kind, self.scene))

    def true(self) -> Iterator[Found]:
        """Absences; none where no denial is known to be true."""
        for kind in self._order({kind: weight * _TRUE.get(kind, 1.0) for kind, weight in self.weights.items()}):
            if kind not in SWAPS:
                yield from self._found(kind, truly(kind, self.scene))

    def _order(self, weights: Mapping[str, float]) -> Iterator[str]:
        draw, left = Draw("negation", *self.key), dict(weights)
        while left:
            kind = draw.weighted(left)
            del left[kind]
            yield kind

    def _found(self, kind: str, changes: Sequence[Change]) -> Iterator[Found]:
        for contrived in (False, True) if changes else ():
            if alike := [change for change in changes if change.contrived is contrived]:
                yield Found(contrived, partial(self._edit, kind, alike))

    def _edit(self, kind: str, changes: Sequence[Change]) -> Edit:
        shares = dict(enumerate(map(self._share, changes)))
        return self.scene.edit(kind, changes[Draw("edit", *self.key).weighted(shares)])

    def _share(self, change: Change) -> float:
        """How often a change is taken: common words, short texts and people more often."""
        words = sum(1 if isinstance(item, int) else len(item.split()) for item in change.items)
        short, person = words <= len(self.scene.tree), kind_of(change.pair[0]) == "person"
        common = self.common.get(change.pair[1], 0) + 0.1
        return common * (_SHORT if short else 1) * (_PEOPLE if person else 1)
