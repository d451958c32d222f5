"""The negation and the absence of one caption, written together so that their words are nearly the same.

A swap keeps the absence's clause ("a WHITE dog runs, with no car nearby"): the text stays false, and it differs from
the absence in the swap alone. Where a thing takes another's place, the two change places in the clause, and where the
sentence itself is denied, the clause is affirmed instead: then both texts have exactly the same words.

| kind of negation                  | negation                             | absence                              |
|-----------------------------------|--------------------------------------|--------------------------------------|
| object_denied                     | a dog runs, with no ball nearby      | a dog runs, with no car nearby       |
| contrast_reversed                 | a cat rather than a dog runs         | a dog rather than a cat runs         |
| attribute_swapped+object_absent   | a white dog runs, with no car nearby | a black dog runs, with no car nearby |
| object_replaced+object_denied     | a cat runs, with no dog nearby       | a dog runs, with no cat nearby       |
| subject_denied+object_affirmed    | no dog runs, with a car nearby       | a dog runs, with no car nearby       |
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from semclip.captions.writers import _negations as n
from semclip.captions.writers._draw import Draw, Key
from semclip.english import denials, things
from semclip.english.caption import Caption
from semclip.english.edits import Edit
from semclip.english.siblings import Siblings

#: Swaps that stay without a clause, so that not every negation holds a negation word. Each hundredth of them lets a bag
#: of words tell half a hundredth more.
BARE_SHARE = 0.05
_SENTENCE_DENIED = ("subject_denied", "verb_negated")
#: Things that are missed beside one like them, wherever the scene plays.
_ALIKE = frozenset(
    (
        "dog",
        "cat",
        "horse",
        "cow",
        "sheep",
        "rabbit",
        "ball",
        "frisbee",
        "balloon",
        "bicycle",
        "motorcycle",
        "scooter",
        "skateboard",
        "car",
        "truck",
        "bus",
        "train",
        "boat",
        "guitar",
        "drum",
        "slide",
        "swing",
        "trampoline",
    )
)


@dataclass(frozen=True, slots=True)
class Balanced:
    """Both texts of a caption; a string says why there is none."""

    negation: Edit | str
    absence: Edit | str


def balanced(caption: Caption, siblings: Siblings, plausible: Mapping[str, float], key: Key) -> Balanced:
    """Both texts for training. plausible: weights of things that are missing."""
    if caption.is_negated or not caption.is_one_sentence or not plausible:
        return Balanced(n.negation(caption, siblings, "A", key), n.absence(caption, siblings, plausible, "A", key))
    if n.wants_contrast(key) and (true := n.contrasted(caption, siblings, "A", key, true=True)):
        return Balanced(n.contrasted(caption, siblings, "A", key, true=False)[0], true[0])
    missing = Draw("absence", *key).weighted(plausible)
    draw = Draw("clause", *key)
    clause = _Clause(caption, missing, draw.one(denials.forms_for(caption, "A")), n.is_plural(missing, draw))
    edit = n.negation(caption, siblings, "A", key)
    if isinstance(edit, str) or edit.kind in ("object_denied", "caption_denied"):
        if isinstance(edit, Edit) and edit.kind == "object_denied":
            edit = replace(edit, text=replace(clause, thing=edit.pair[0]).denying(caption))
        return Balanced(edit, clause.absence())
    if edit.kind in _SENTENCE_DENIED:
        words = _denying_words(edit)
        # "Any dogs" has a word that "dogs" has not.
        plural = clause.plural and words == " no "
        clause = replace(clause, form=draw.one(denials.AFFIRMABLE[words]), plural=plural)
        text = clause.affirming(Caption(edit.text))
        return Balanced(replace(edit, text=text, kind=f"{edit.kind}+object_affirmed"), clause.absence())
    if edit.kind == "object_replaced" and _changes_places(caption, siblings, edit, plausible):
        thing, other = edit.pair
        plural = caption.words[edit.place] != thing and things.NAMES[caption.words[edit.place]][1]
        clause = replace(clause, thing=other, plural=plural)
        text = replace(clause, thing=thing).denying(Caption(edit.text))
        return Balanced(replace(edit, text=text, kind="object_replaced+object_denied"), clause.absence())
    if draw.unit() < BARE_SHARE:
        return Balanced(edit, clause.absence())
    text = clause.denying(Caption(edit.text))
    return Balanced(replace(edit, text=text, kind=f"{edit.kind}+object_absent"), clause.absence())


def _denying_words(edit: Edit) -> str:
    """Which words deny in a denied sentence; the clause gives up the same."""
    if edit.kind == "subject_denied":
        return " no "
    return " does not " if n.with_do(edit) else " is not "


def _changes_places(caption: Caption, siblings: Siblings, edit: Edit, plausible: Mapping[str, float]) -> bool:
    """Whether "with no cat nearby" is worth saying of a dog, and the dog is named but once."""
    thing, other = edit.pair
    if other not in _ALIKE and other not in plausible:
        return False
    if thing not in things.THINGS or other in siblings.signs:
        return False
    return sum(things.NAMES.get(word, ("",))[0] == thing for word in caption.words) == 1


@dataclass(frozen=True, slots=True)
class _Clause:
    """What is said of a thing behind or before a caption."""

    caption: Caption
    thing: str
    form: str
    plural: bool

    def denying(self, caption: Caption) -> str:
        return denials.sentence(caption, self.thing, self.form, self.plural)

    def affirming(self, caption: Caption) -> str:
        return denials.sentence(caption, self.thing, denials.AFFIRMED[self.form], self.plural)

    def absence(self) -> Edit:
        return Edit(self.denying(self.caption), "object_absent", 0, (self.thing, ""))
