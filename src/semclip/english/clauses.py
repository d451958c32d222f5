"""What is missing said behind a caption in a few words: a man on a bench, with no dog in sight."""

from semclip.english.parse.clean import Sentence
from semclip.english.parse.tree import Tree
from semclip.english.render import styled
from semclip.english.things import thing_of

#: By family. {y}: dog, dogs, snow. {one}: a dog, dogs, snow. {any}: a dog, any dogs, any snow. {be}: is, are.
#: "and there" asks for a sentence.
FORMS = {
    "A": (" with no {y}", " without {one}", " but no {y}", " and there {be} no {y}"),
    "B": (
        " with no {y} in sight",
        " without {any} in sight",
        " and not {any} in sight",
        " and there {be}n't {any} nearby",
    ),
}
#: For captions that end with what something has: a kitchen with a stove but no oven.
_BEHIND_WITH = {"A": (" but no {y}", " and no {y}"), "B": (" but without {any}", " but not {any}")}


def forms_for(tree: Tree | None, family: str, end: int) -> tuple[str, ...]:
    """The forms that suit the first `end` words: "and there is" behind a sentence, no second "with" behind a first."""
    with_, and_ = FORMS[family][:2], FORMS[family][2:]
    if tree is None:
        return with_
    last = tree[end - 1]
    if last.label in ("pobj", "conj") and "with" in (tree.lower(last.head), tree.lower(tree[last.head].head)):
        return _BEHIND_WITH[family]
    finite = tree.subject(tree.root) is not None and tree[tree.root].tag not in ("VBG", "VBN")
    behind = and_[1:] if finite else and_[:1]
    if not {"with", "without"}.isdisjoint(tree.words[max(0, end - 6) : end]):
        return behind
    return (*with_, *behind) if finite else with_


def said_behind(sentence: Sentence, thing: str, form: str, plural: bool) -> str:
    """The caption with the clause behind its sentence, before its stop and all that follows."""
    clause = form.format(**thing_of(thing).said(plural))
    return sentence.body + styled(clause, sentence.body) + sentence.tail
