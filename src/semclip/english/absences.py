"""True sentences about a picture made from captions: one that says what is missing, one that denies another caption.

All forms belong to training: none occurs in the family of forms that tests use, nor in the wording of tests on scenes.
"""

from semclip.english import denials
from semclip.english.caption import Caption

#: {X}/{x}: the caption without its stop, as written / inside a sentence. {y}: dog, dogs, water. {any}: a dog, any dogs.
LACKING = (
    *denials.FORMS["A"],
    "{X}{comma} with no {y} around{end}",
    "{X}{comma} yet no {y} {be} part of it{end}",
    "{X}{comma} but one looks in vain for {any}{end}",
    "{X}{comma} and nowhere {be} there {any}{end}",
    "{X}{comma} a picture that lacks {any}{end}",
    "{X}{comma} and nobody could point at {any}{end}",
    "A picture that lacks {any}{colon} {x}{end}",
    "Not showing {any}{colon} {x}{end}",
    "Nobody would find {any} here{colon} {x}{end}",
    "Never mind {any}{comma} there {be} none{colon} {x}{end}",
)

#: The same for a caption that is false of the picture as a whole; none says that every part of it is missing.
DENIED = (
    "{X}{colon} not true of this picture{end}",
    "{X}{colon} that is not what is shown{end}",
    "{X}{comma} but not in this picture{end}",
    "{X}{comma} which is not the case here{end}",
    "This is no picture of the following{colon} {x}{end}",
    "The picture does not show this{colon} {x}{end}",
    "Not what the picture shows{colon} {x}{end}",
    "It would be false to say of this picture{colon} {x}{end}",
    "One cannot say of this picture{colon} {x}{end}",
    "Something that is not shown here{colon} {x}{end}",
)


def lacking(caption: Caption, noun: str, form: str, plural: bool) -> str:
    """The caption, and that there is no such thing: one of the forms of `LACKING`."""
    return denials.sentence(caption, noun, form, plural)


def denied(caption: Caption, form: str) -> str:
    """That the caption is false: one of the forms of `DENIED`."""
    return denials.fill(caption, form)
