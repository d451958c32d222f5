"""The negation and the absence of one caption, written together so that their words are nearly the same.

A swap keeps the absence's clause ("a WHITE dog runs, with no car nearby"): the text stays false, and it differs from
the absence in the swap alone. Where a thing takes another's place, the two change places in the clause, and where the
sentence itself is denied, the clause is affirmed instead, and takes the number that the subject loses: then both texts
have the same words, or nearly.

| kind of negation                  | negation                             | absence                              |
|-----------------------------------|--------------------------------------|--------------------------------------|
| object_denied                     | a dog runs, with no ball nearby      | a dog runs, with no car nearby       |
| contrast_reversed                 | a cat rather than a dog runs         | a dog rather than a cat runs         |
| attribute_swapped+object_absent   | a white dog runs, with no car nearby | a black dog runs, with no car nearby |
| object_replaced+object_denied     | a cat runs, with no dog nearby       | a dog runs, with no cat nearby       |
| subject_denied+object_affirmed    | no dogs run, and two cars are nearby | two dogs run, and no cars are nearby |
| caption_denied+object_affirmed    | the picture shows a car, and does    | the picture does not show a car, and |
|                                   | not show this: a dog runs            | shows this: a dog runs               |
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from semclip.captions.writers import _negations as n
from semclip.captions.writers._draw import Draw, Key
from semclip.english import denials, lexicon, things
from semclip.english.caption import Caption
from semclip.english.edits import Edit
from semclip.english.inflection import words
from semclip.english.siblings import Siblings

#: By family, the share of swaps that stay without a clause, so that not every negation holds a negation word. Each
#: hundredth of them in training lets a bag of words tell half a hundredth more from absences. In tests all of them do:
#: there a negation word must not tell negations from captions.
BARE_SHARE = {"A": 0.05, "B": 1.0}
_SENTENCE_DENIED = ("subject_denied", "verb_negated")
_COUNTS = (lexicon.NUMBER_WORDS - {"one"}) | words("some many several various")
_COLLECTIVES = words("group couple bunch pair")
_ONE = words("a an one the another someone somebody")
#: Things that are missed beside one like them, wherever the scene plays.
_ALIKE = words(
    """man woman dog cat horse cow sheep rabbit ball frisbee balloon bicycle motorcycle scooter skateboard car truck bus
    train boat guitar drum slide swing trampoline"""
)


@dataclass(frozen=True, slots=True)
class Balanced:
    """Both texts of a caption; a string says why there is none."""

    negation: Edit | str
    absence: Edit | str


def balanced(
    caption: Caption, siblings: Siblings, plausible: Mapping[str, float], family: str, key: Key
) -> Balanced:  # fmt: skip
    """Both texts. plausible: weights of things that are missing. family: whose sentence forms and pairs of words."""
    if caption.is_negated or not caption.is_one_sentence or not plausible:
        return Balanced(n.negation(caption, siblings, family, key), n.absence(caption, siblings, family, key))
    if n.wants_contrast(family, key) and (both := n.contrasted(caption, siblings, family, key)):
        return Balanced(*both)
    missing = Draw("absence", *key).weighted(plausible)
    draw = Draw("clause", *key)
    clause = _Clause(caption, missing, draw.one(denials.forms_for(caption, family)), n.is_plural(missing, draw))
    edit = n.negation(caption, siblings, family, key)
    if isinstance(edit, str):
        return Balanced(edit, clause.absence())
    if edit.kind == "object_denied":
        return Balanced(replace(edit, text=replace(clause, thing=edit.pair[0]).of(caption)), clause.absence())
    if edit.kind == "caption_denied":
        form, false = denials.WHOLE_REVERSALS[family]
        return _reversed(edit, replace(clause, form=form), caption, false)
    if edit.kind in _SENTENCE_DENIED:
        form, false = draw.one(denials.REVERSALS[family][_denying_words(edit, family)])
        count, plural = _number_lost(caption, edit)
        return _reversed(edit, replace(clause, form=form, plural=plural, count=count), Caption(edit.text), false)
    if draw.unit() < BARE_SHARE[family]:
        return Balanced(edit, clause.absence())
    if edit.kind == "object_replaced" and _changes_places(caption, siblings, edit, plausible):
        thing, other = edit.pair
        plural = caption.words[edit.place] != thing and things.NAMES[caption.words[edit.place]][1]
        clause = replace(clause, thing=other, plural=plural)
        text = replace(clause, thing=thing).of(Caption(edit.text))
        return Balanced(replace(edit, text=text, kind="object_replaced+object_denied"), clause.absence())
    text = clause.of(Caption(edit.text))
    return Balanced(replace(edit, text=text, kind=f"{edit.kind}+object_absent"), clause.absence())


def _reversed(edit: Edit, clause: "_Clause", denied: Caption, form: str) -> Balanced:
    """The clause as absence, and what it denies affirmed beside what is denied instead of it."""
    text = replace(clause, form=form).of(denied)
    return Balanced(replace(edit, text=text, kind=f"{edit.kind}+object_affirmed"), clause.absence())


def _denying_words(edit: Edit, family: str) -> str:
    """Which words deny in a denied sentence; the clause gives up the same."""
    if n.with_do(edit):
        return {"A": "does not", "B": "doesn't"}[family]
    text = edit.text.lower()
    if family == "A":
        there = text.startswith(("there is no ", "there are no "))
        return "is not" if edit.kind == "verb_negated" else "there is no" if there else "no"
    return next((words for words in ("not a single", "n't any", "n't") if f"{words} " in text), "no")


def _number_lost(caption: Caption, edit: Edit) -> tuple[str, bool]:
    """What a denied sentence no longer says of its subject's number ("two", "a group of"), and whether it is plural."""
    if edit.kind == "verb_negated":
        return "", "aren't " in edit.text  # "any dogs" has a word that "dogs" has not; "aren't" asks for dogs
    before, after = caption.words, Caption(edit.text).words
    while before and after and before[-1] == after[-1]:
        before, after = before[:-1], after[:-1]
    lost = [word for word in before if word not in after]
    if lost[:1] == ["a"] and "of" in lost and lost[lost.index("of") - 1] in _COLLECTIVES:
        return " ".join(lost), True
    count = next((word for word in lost if word in _COUNTS), "")
    return count, not edit.text.lower().startswith(("there is", "not a single")) and _ONE.isdisjoint(lost)


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
    """What is said of a thing behind or before a caption. count: of how many, where there are some."""

    caption: Caption
    thing: str
    form: str
    plural: bool
    count: str = ""

    def of(self, caption: Caption) -> str:
        return denials.sentence(caption, self.thing, self.form, self.plural, self.count)

    def absence(self) -> Edit:
        return Edit(self.of(self.caption), "object_absent", 0, (self.thing, ""))
