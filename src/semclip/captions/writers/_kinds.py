"""Which kinds of negations are written, and how often each; the rules behind them are in `semclip.english.negate`.

Family "A" is for training and validation, "B" for tests: the two share no wording and no pair of swapped words.
"""

from collections.abc import Mapping
from typing import Any

from semclip.captions.writers._draw import Draw, Key
from semclip.core.errors import UserError, did_you_mean
from semclip.english import negate
from semclip.english.edits import RULES, Edit, Scene, tried
from semclip.english.pairs import family_of_pair

assert negate  # the rules put themselves on the list

#: What another caption of the image names, denied in a clause behind this one: "..., with no ball in sight".
CLAUSE = "object_denied"
#: Kinds whose pairs of words are dealt to the two families.
_PAIRED = frozenset({"attribute_swapped", "number_swapped", "object_replaced"})
#: Kinds that `balanced` keeps for tests.
HELD_OUT = ("relation_reversed", "action_replaced", "roles_exchanged")

_DENIED = {
    "object_denied_in_caption": 4.0, "hybrid": 3.0, "verb_negated": 1.0, "subject_denied": 0.6, "relation_denied": 0.5,
    "attribute_denied": 0.3,
}  # fmt: skip
_SWAPPED = {"attribute_swapped": 2.0, "number_swapped": 2.0, "object_replaced": 2.0}
#: preset -> family -> kind -> weight.
PRESETS: dict[str, dict[str, dict[str, float]]] = {
    "balanced": {
        "A": {**_DENIED, **_SWAPPED},
        "B": {**{kind: weight / 3 for kind, weight in _DENIED.items()}, **_SWAPPED, **dict.fromkeys(HELD_OUT, 3.0)},
    },
    **{
        name: {"A": weights, "B": weights}
        for name, weights in {
            "ccneg": {"verb_negated": 3.0, "object_denied_in_caption": 2.0, "attribute_denied": 1.0,
                      "relation_denied": 1.0, "subject_denied": 0.5},
            "sugarcrepe": {**_SWAPPED, **dict.fromkeys(HELD_OUT, 2.0)},
            "negbench": {"hybrid": 4.0, "object_denied_in_caption": 2.0, CLAUSE: 2.0, "relation_denied": 1.0,
                         "subject_denied": 1.0},
        }.items()
    },
}  # fmt: skip
#: Tried where no weighed kind can be made, so that a caption is not left without a negation.
_LAST = ("verb_negated", "subject_denied", "relation_denied", "attribute_swapped", "object_replaced", "caption_denied")
ALL_KINDS = tuple(kind for kind in (*RULES, CLAUSE) if kind not in ("negation_removed", "denial_kept"))


def weights_of(kinds: str | Mapping[str, Any], family: str) -> dict[str, float]:
    """The weights of a preset's name or of `{kind: weight}`.

    Raises UserError for an unknown preset or kind, and where nothing weighs anything.
    """
    if isinstance(kinds, str):
        if kinds not in PRESETS:
            raise UserError(f"no preset '{kinds}'", where="writer.kinds", fix=did_you_mean(kinds, PRESETS))
        return dict(PRESETS[kinds][family])
    for kind, weight in kinds.items():
        if kind not in ALL_KINDS:
            raise UserError(f"no kind '{kind}'", where="writer.kinds", fix=did_you_mean(kind, ALL_KINDS))
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight < float("inf"):
            raise UserError(f"the weight {weight!r} of {kind}", where="writer.kinds", fix="give a number, 0 or more")
    if not any(kinds.values()):
        raise UserError("no kind weighs anything", where="writer.kinds", fix="give one a weight above 0")
    return {kind: float(weight) for kind, weight in kinds.items()}


def negation(scene: Scene, weights: Mapping[str, float], further: Mapping[str, Edit], key: Key) -> Edit | str:
    """One edit of a kind drawn by weight, or why there is none. further: edits made elsewhere, by kind."""
    draw = Draw("negation", *key)
    left = {kind: weight for kind, weight in weights.items() if weight}
    while left:
        kind = draw.weighted(left)
        del left[kind]
        if edits := ([further[kind]] if kind in further else _of_family(kind, scene)):
            return draw.one(edits)
    for kind in _LAST:
        if edits := _of_family(kind, scene):
            return draw.one(edits)
    return "no rule applies"


def _of_family(kind: str, scene: Scene) -> list[Edit]:
    edits = tried(kind, scene)
    return [edit for edit in edits if kind not in _PAIRED or family_of_pair(edit.pair) == scene.family]
