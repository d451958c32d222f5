"""Which rule makes a caption's negation, and which form its absence takes; the rules are in `semclip.english`.

Family "A" is for training and validation, "B" for tests: the two share no sentence form, no pair of swapped words, and
no kind of `HELD_OUT_KINDS`.
"""

from collections.abc import Callable, Iterator

from semclip.captions.writers._draw import Draw, Key
from semclip.english import contrasts, denials
from semclip.english.actions import action_replaced
from semclip.english.affirm import negation_removed
from semclip.english.attributes import attribute_swapped, number_swapped
from semclip.english.caption import Caption
from semclip.english.clause import COPULAS
from semclip.english.edits import Edit
from semclip.english.objects import object_replaced
from semclip.english.pairs import family_of_pair
from semclip.english.relations import relation_reversed, role_swapped
from semclip.english.siblings import Siblings
from semclip.english.unparsed import unparsed_denied
from semclip.english.verbs import subject_denied, verb_negated

Make = Callable[[Caption, Siblings, str, Key], list[Edit]]

#: Kinds that training never sees.
HELD_OUT_KINDS = ("relation_reversed", "action_replaced", "role_swapped")
#: By family, how often a kind is tried first. Rare kinds weigh more; those that share the words of absences most.
WEIGHTS: dict[str, dict[str, float]] = {
    "A": {
        "object_denied": 6, "subject_denied": 0.4, "verb_negated": 0.4, "attribute_swapped": 1.5,
        "number_swapped": 0.5, "object_replaced": 1,
    },
    "B": {
        "object_denied": 0.5, "attribute_swapped": 1.5, "number_swapped": 0.5,
        "object_replaced": 1, "relation_reversed": 2, "action_replaced": 2, "role_swapped": 3,
    },
}  # fmt: skip
#: Made where no drawn kind can be.
LAST = ("verb_negated", "subject_denied")
_CONTRAST_SHARE = {"A": 0.4, "B": 0.2}
_PLURAL_SHARE = {"person": 0.7}  # of others 0.35: "no people" is more usual than "no person"


def negation(caption: Caption, siblings: Siblings, family: str, key: Key) -> Edit | str:
    """One edit of a kind drawn by weight, or why there is none; a caption that denies something is made affirmative."""
    if caption.is_negated:
        return next(negation_removed(caption, siblings), "already holds a negation")
    draw = Draw("negation", *key)
    weights = dict(WEIGHTS[family])
    while weights:
        kind = draw.weighted(weights)
        del weights[kind]
        if edits := _MAKE[kind](caption, siblings, family, key):
            return draw.one(edits)
    last = [edit for kind in LAST for edit in _MAKE[kind](caption, siblings, family, key)]
    last = last or list(unparsed_denied(caption, siblings, family))
    if last:
        return draw.one(last)
    if not caption.is_one_sentence:
        return "no rule applies"
    return Edit(denials.fill(caption, denials.WHOLE[family]), "caption_denied", 0, ("", ""))


def absence(caption: Caption, siblings: Siblings, family: str, key: Key) -> Edit | str:
    """A sentence that says what is missing where no clause can, or why there is none."""
    if caption.is_negated:
        return "already holds a negation"
    if not caption.is_one_sentence:
        return "more than one sentence"
    both = contrasted(caption, siblings, family, key)
    return both[1] if both else "nothing absent is known to fit the scene"


def _swapped(rule: Callable[[Caption, Siblings], Iterator[Edit]]) -> Make:
    """A rule kept to the pairs of words of a family; a held-out kind needs no such fence."""

    def make(caption: Caption, siblings: Siblings, family: str, key: Key) -> list[Edit]:
        edits = rule(caption, siblings)
        found = [edit for edit in edits if edit.kind in HELD_OUT_KINDS or family_of_pair(edit.pair) == family]
        return found[:1] if rule is number_swapped else found  # the nearest number is the most usual one

    return make


def _denied(rule: Callable[[Caption, Siblings, str], Iterator[Edit]]) -> Make:
    return lambda caption, siblings, family, key: list(rule(caption, siblings, family))


def _verb_negated(caption: Caption, siblings: Siblings, family: str, key: Key) -> list[Edit]:
    """What brings words that no absence has ("does", or a "be" of its own) is left out where "no dog runs" says it."""
    edits = list(verb_negated(caption, siblings, family))
    brings = any(with_do(edit) or caption.bag.isdisjoint(COPULAS) for edit in edits)
    if brings and any(subject_denied(caption, siblings, family)):
        return []
    return edits


_DO = ("does not ", "do not ", "doesn't ", "don't ")


def with_do(edit: Edit) -> bool:
    """Whether a verb was negated with "does not" or "do not"."""
    return edit.kind == "verb_negated" and any(do in edit.text.lower() for do in _DO)


def _object_denied(caption: Caption, siblings: Siblings, family: str, key: Key) -> list[Edit]:
    """What another caption names denied behind this one."""
    false = denials.deniable(caption, siblings) if caption.is_one_sentence else []
    if not false:
        return []
    thing, draw = Draw("denied", *key).one(false), Draw("form", *key)
    form = draw.one(denials.forms_for(caption, family))
    text = denials.sentence(caption, thing, form, is_plural(thing, draw))
    return [Edit(text, "object_denied", 0, (thing, ""))]


def wants_contrast(family: str, key: Key) -> bool:
    """Whether a caption's texts set two things against each other, where it has such things."""
    return Draw("contrast", *key).unit() < _CONTRAST_SHARE[family]


def contrasted(caption: Caption, siblings: Siblings, family: str, key: Key) -> tuple[Edit, Edit] | None:
    """(negation, absence): the same two things in the same form, and so the same words; None where there are none."""
    found = [c for c in contrasts.contrasts(caption, siblings) if family_of_pair((c.thing, c.other)) == family]
    if not found:
        return None
    draw = Draw("form", *key)
    contrast, form = draw.one(found), draw.one(contrasts.FORMS[family])
    pair = (contrast.thing, contrast.other)
    return (
        Edit(contrasts.contrasted(caption, contrast, form, true=False), "contrast_reversed", contrast.index, pair),
        Edit(contrasts.contrasted(caption, contrast, form, true=True), "object_contrasted", contrast.index, pair),
    )


def is_plural(thing: str, draw: Draw) -> bool:
    """Whether a thing is denied in the plural: no dogs."""
    return draw.unit() < _PLURAL_SHARE.get(thing, 0.35)


_MAKE: dict[str, Make] = {
    "object_denied": _object_denied,
    "subject_denied": _denied(subject_denied),
    "verb_negated": _verb_negated,
    "attribute_swapped": _swapped(attribute_swapped),
    "number_swapped": _swapped(number_swapped),
    "object_replaced": _swapped(object_replaced),
    "relation_reversed": _swapped(relation_reversed),
    "action_replaced": _swapped(action_replaced),
    "role_swapped": _swapped(role_swapped),
}
