"""Which kinds of negations are written, and how often each; the rules behind them are in `semclip.english.negate`.

Family "A" is for training and validation, "B" for tests: the two share no wording and no pair of swapped words.
"""

from collections.abc import Mapping
from typing import Any

from semclip.captions.writers._draw import Draw, Key
from semclip.core.errors import UserError, did_you_mean
from semclip.english import negate
from semclip.english.edits import RULES, Change, Edit, Scene, tried
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
#: Written only where nothing else can be, so that a caption is not left without a negation.
_LAST = dict.fromkeys(("verb_negated", "subject_denied", "relation_denied", "caption_denied"), 1e-6)
#: preset -> family -> kind -> weight.
PRESETS: dict[str, dict[str, dict[str, float]]] = {
    "balanced": {
        "A": {**_LAST, **_DENIED, **_SWAPPED},
        "B": {
            **_LAST, **{kind: weight / 3 for kind, weight in _DENIED.items()}, **_SWAPPED,
            **dict.fromkeys(HELD_OUT, 3.0),
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


def negation(
    scene: Scene, weights: Mapping[str, float], further: Mapping[str, Edit], common: Mapping[str, int], key: Key
) -> Edit | str:
    """One edit of a kind drawn by weight, or why there is none.

    further: edits made elsewhere, by kind. common: how many groups hold each word: of several words that may be put in,
    common ones are put in more often, so that a rare word is no sign of a negation.
    """
    draw = Draw("negation", *key)
    left = {kind: weight for kind, weight in weights.items() if weight}
    while left:
        kind = draw.weighted(left)
        del left[kind]
        if kind in further:
            return further[kind]
        if found := _of_family(kind, scene):
            shares = {str(i): common.get(change.pair[1], 0) + 0.1 for i, change in enumerate(found)}
            return scene.edit(kind, found[int(draw.weighted(shares))])
    return "no rule applies"


def _of_family(kind: str, scene: Scene) -> list[Change]:
    found = tried(kind, scene)
    return found if kind not in _PAIRED else [c for c in found if family_of_pair(c.pair) == scene.family]
