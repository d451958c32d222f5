"""What is missing said of a caption: behind it in a few words, or in a sentence of any form; and a caption denied."""

from semclip.english.caption import Caption
from semclip.english.parse.clean import Sentence
from semclip.english.parse.tree import Tree
from semclip.english.render import capitalised, styled
from semclip.english.things import thing_of
from semclip.english.words.load import lines_of

#: True sentences of a caption and what is missing.
LACKING = lines_of("lacking")
#: The same for a caption that is false of the picture as a whole.
DENIED = lines_of("denied")


def lacking(caption: Caption, noun: str, form: str, plural: bool) -> str:
    """The caption, and that there is no such thing: one of the forms of `LACKING`.

    noun: one of `things.THINGS`, or any other noun that can be counted.
    """
    return _filled(caption, form, **thing_of(noun).said(plural))


def denied(caption: Caption, form: str) -> str:
    """That the caption is false: one of the forms of `DENIED`."""
    return _filled(caption, form)


def _filled(caption: Caption, form: str, **parts: str) -> str:
    """The form with the caption in it; spaces before marks, and capitals, as the caption has them."""
    body, end = caption.body_and_end
    space = " " if end.startswith(" ") else ""
    inner = caption.body_in_sentence
    if caption.is_title:
        form, inner = capitalised(form), body
        parts = {name: capitalised(part) for name, part in parts.items()}
    return form.format(X=body, x=inner, end=end, comma=space + ",", colon=space + ":", **parts)


#: What is said behind a caption, by family: of any, of any, behind "with a stove", behind a sentence.
FORMS = {
    "A": ("with no {y} in sight", "without {any} in sight", "but no {y} in sight", "and there {be} no {y} in sight"),
    "B": (
        "with no {y} to be seen",
        "without {any} to be seen",
        "but not {any} to be seen",
        "and there {be}n't {any} to be seen",
    ),
}


def forms_for(tree: Tree | None, family: str, end: int) -> tuple[str, ...]:
    """The forms that suit the first `end` words: "and there is" behind a sentence, no second "with" behind a first."""
    *with_, but, and_ = FORMS[family]
    if tree is None:
        return tuple(with_)
    finite = tree.subject(tree.root) is not None and tree[tree.root].tag not in ("VBG", "VBN")
    if not {"with", "without"}.isdisjoint(tree.words[max(0, end - 6) : end]):
        return (and_,) if finite else (but,)
    return (*with_, and_) if finite else (*with_, but)


def said_behind(sentence: Sentence, thing: str, form: str, plural: bool) -> str:
    """The caption with the clause behind its sentence, before its stop and all that follows."""
    clause = form.format(**thing_of(thing).said(plural))
    comma = " , " if sentence.tail[:2] in (" .", " !") else ", "
    return sentence.body + comma + styled(clause, sentence.body) + sentence.tail
