"""One set of sentence forms that says "no Y" both truly (absence) and falsely (object denied), and which Y to deny.

Absences and denials share forms, captions and the frequency of every Y: no word tells a true one from a false one.
"""

from semclip.english import scenes, things
from semclip.english.caption import Caption, capitalised
from semclip.english.clause import parse
from semclip.english.inflection import article_of
from semclip.english.siblings import Siblings

#: Sentence forms by family: "A" for training and validation, "B" for test only.
#: {X}/{x}: the caption without its stop, as written / inside a sentence. {y}: dog, dogs, fire. {any}: a dog, any dogs.
#: {some}, with {are}: a dog, two dogs. {bare}: a dog, dogs. {one}: a dog.
FORMS = {
    "A": (
        "{X}{comma} but there {be} no {y}{end}",
        "{X}{comma} with no {y} in the picture{end}",
        "{X}{comma} with no {y} nearby{end}",
        "{X}{comma} and there {be} no {y} in the picture{end}",
        "{X}{comma} and the picture does not show {any}{end}",
        "{X}{comma} and the picture is not showing {any}{end}",
        "There {be} no {y} in the picture{colon} {x}{end}",
        "No {y} here{colon} {x}{end}",
        "With no {y} nearby{comma} {x}{end}",
    ),
    "B": (
        "{X}{comma} without {any} in sight{end}",
        "{X}{comma} but you can't see {any}{end}",
        "{X}{comma} although there {be}n't {any} anywhere{end}",
        "No {y} to be seen{colon} {x}{end}",
        "Without {any} in sight{comma} {x}{end}",
    ),
}

_THERE = (
    ("{X}{comma} but there {be} no {y}{end}", "{X}{comma} but there {are} {some}{end}"),
    ("{X}{comma} and there {be} no {y} in the picture{end}", "{X}{comma} and there {are} {some} in the picture{end}"),
)
#: By family and by the words that deny: sentences that are true of a caption, and each in the same words one that takes
#: a denied caption and is false: "a dog runs, and no car is near" has the words of "no dog runs, and a car is near".
#: "No dog runs, with a car nearby" would not do: that is true of a dog that runs far from cars.
REVERSALS: dict[str, dict[str, tuple[tuple[str, str], ...]]] = {
    "A": {
        "there is no": _THERE,
        "no": (
            *_THERE,
            ("{X}{comma} and no {y} {be} in the picture{end}", "{X}{comma} and {some} {are} in the picture{end}"),
            ("{X}{comma} and no {y} {be} nearby{end}", "{X}{comma} and {some} {are} nearby{end}"),
        ),
        "is not": (
            (
                "{X}{comma} and the picture is not showing {any}{end}",
                "{X}{comma} and the picture is showing {some}{end}",
            ),
        ),
        "does not": (
            ("{X}{comma} and the picture does not show {any}{end}", "{X}{comma} and the picture does show {some}{end}"),
        ),
    },
    "B": {
        "no": (("{X}{comma} and no {y} {be} in sight{end}", "{X}{comma} and {some} {are} in sight{end}"),),
        "not a single": (
            ("{X}{comma} and not a single {y} {be} in sight{end}", "{X}{comma} and {some} {are} in sight{end}"),
        ),
        "n't any": (
            (
                "{X}{comma} although there {be}n't {any} around{end}",
                "{X}{comma} although there {are} {some} around{end}",
            ),
        ),
        "n't": (
            (
                "{X}{comma} although there {be}n't {bare} around{end}",
                "{X}{comma} although there {are} {some} around{end}",
            ),
        ),
        "doesn't": (
            ("{X}{comma} and the photo doesn't show {any}{end}", "{X}{comma} and the photo shows {some}{end}"),
        ),
    },
}

#: By family: what denies any caption as a whole; then a sentence true of it, and one in the same words that is false.
#: The clause comes first: behind what is quoted it would be part of that ("not: a dog runs, and there is a car").
WHOLE = {
    "A": "The picture does not show this{colon} {x}{end}",
    "B": "This isn't what the picture shows{colon} {x}{end}",
}
WHOLE_REVERSALS = {
    "A": (
        "The picture does not show {one}{comma} and shows this{colon} {x}{end}",
        "The picture shows {one}{comma} and does not show this{colon} {x}{end}",
    ),
    "B": (
        "There isn't {one} in sight{comma} and this is what the picture shows{colon} {x}{end}",
        "There is {one} in sight{comma} and this isn't what the picture shows{colon} {x}{end}",
    ),
}


def forms_for(caption: Caption, family: str) -> tuple[str, ...]:
    """The forms of a family that suit a caption: "with no dog nearby, ..." asks for a verb behind it."""
    clause = parse(caption)
    whole = caption.word(0) == "there" or (clause is not None and clause.verb is not None)
    return FORMS[family] if whole else _WITHOUT_VERB[family]


_WITHOUT_VERB = {
    family: tuple(form for form in forms if not form.startswith("With")) for family, forms in FORMS.items()
}


def sentence(caption: Caption, thing: str, form: str, plural: bool, count: str = "") -> str:
    """The caption with "no thing" said in the given form; spaces before marks as the caption has them.

    thing: one of `things.THINGS`, or any other noun that can be counted. count: how many there are, where the form
    says that there are some: "two", "a group of".
    """
    entry = things.THINGS.get(thing) or things.Thing(thing, (thing,), frozenset())
    plural = plural and not entry.mass
    one = entry.name if entry.mass else f"{article_of(entry.name)} {entry.name}"
    bare = entry.plural if plural else one
    return fill(
        caption,
        form,
        y=entry.plural if plural else entry.name,
        be="are" if plural else "is",
        are="are" if plural and not count.startswith("a ") else "is",  # there is a group of dogs
        any=f"any {bare}" if plural or entry.mass else one,
        some=f"{count} {bare}" if plural and count else bare,
        bare=bare,
        one=one,
    )


def fill(caption: Caption, form: str, **parts: str) -> str:
    """The form with the caption in it, and the other parts that the form names."""
    body, end = caption.body_and_end
    space = " " if end.startswith(" ") else ""
    inner = caption.body_in_sentence
    if caption.is_title:
        form, inner = capitalised(form), body
        parts = {name: capitalised(part) for name, part in parts.items()}
    return form.format(X=body, x=inner, end=end, comma=space + ",", colon=space + ":", **parts)


def deniable(caption: Caption, siblings: Siblings) -> list[str]:
    """Things that the caption does not name and its siblings do: denying them is false.

    One sibling is enough for a thing, three where others are named that it may be taken for (a ball, a frisbee); people
    need two, and a caption without any people: "a surfer rides a wave, but there is no man" contradicts itself.
    """
    found = []
    for thing, times in sorted(siblings.times_named.items()):
        if thing not in _MISSABLE or thing in caption.signs:
            continue
        if thing in _PEOPLE:
            certain = times >= 2 and caption.signs.isdisjoint(_PEOPLE)
        else:
            certain = times >= 3 or siblings.times_named.keys().isdisjoint(things.TAKEN_FOR[thing])
        if certain:
            found.append(thing)
    return found


_MISSABLE = frozenset(scenes.MISSABLE)
_PEOPLE = ("man", "woman", "child", "person")
