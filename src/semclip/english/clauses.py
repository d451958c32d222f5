"""What is missing said behind a caption in a few words: a man on a bench, with no dog in sight."""

from semclip.english import things
from semclip.english.inflection import article_of
from semclip.english.parse.clean import Sentence
from semclip.english.parse.tree import Tree
from semclip.english.render import styled

#: By family. {y}: dog, dogs, snow. {any}: a dog, any dogs, any snow. {be}: is, are. "and" asks for a finite verb before.
FORMS = {
    "A": (
        " with no {y} in sight",
        " with no {y} around",
        ", but no {y}",
        ", with no {y} nearby",
        " and there {be} no {y} in sight",
    ),
    "B": (
        " without {any} in sight",
        " without {any} around",
        ", not {any}",
        " and there {be}n't {any} nearby",
    ),
}
#: For captions that end with what something has: a kitchen with a stove but no oven.
_BEHIND_WITH = {"A": (" but no {y}", " and no {y}"), "B": (" but without {any}", " but not {any}")}


def forms_for(tree: Tree | None, family: str) -> tuple[str, ...]:
    """The forms that suit a caption."""
    if tree is None:
        return tuple(form for form in FORMS[family] if " there " not in form)
    last = next((t for t in reversed(tree.tokens) if t.label == "pobj"), None)
    if last is not None and tree.lower(last.head) == "with" and tree.tokens[-1] is last:
        return _BEHIND_WITH[family]
    finite = tree.subject(tree.root) is not None and tree[tree.root].tag not in ("VBG", "VBN")
    return tuple(
        form for form in FORMS[family]
        if (finite or " there " not in form) and not (finite and form[0] == ",") and not (form[1:2] == "w" and _has_with(tree))
    ) or FORMS[family][:1]  # fmt: skip


def _has_with(tree: Tree) -> bool:
    """Whether a second "with" would follow one."""
    return "with" in tree.words[-6:]


def said_behind(sentence: Sentence, thing: str, form: str, plural: bool) -> str:
    """The caption with the clause behind its sentence, before its stop and all that follows."""
    entry = things.THINGS.get(thing) or things.Thing(thing, (thing,), frozenset())
    plural = plural and not entry.mass
    one = entry.name if entry.mass else f"{article_of(entry.name)} {entry.name}"
    name = entry.plural if plural else entry.name
    clause = form.format(y=name, be="are" if plural else "is", any=f"any {name}" if plural or entry.mass else one)
    loose = " ," in sentence.body or sentence.tail[:1] == " "
    if loose and clause[0] == ",":
        clause = " " + clause
    return sentence.body + styled(clause, sentence.body) + sentence.tail
