"""What may be said before any caption: this picture shows, in this picture; the weakest paraphrase, and always right.

The less is known of a caption's grammar, the less its frame takes for granted: a colon stands before anything.
"""

from collections.abc import Iterator

from semclip.english.inflection import words
from semclip.english.negate.denied import DEPICTIONS
from semclip.english.parse.tree import Tree
from semclip.english.reword.doubts import is_headline, stands
from semclip.english.reword.orders import Order
from semclip.english.reword.parts import INSTRUCTIONS, Items, Parts
from semclip.english.reword.places import told_by

#: By family: before a noun phrase; a sentence; with a colon before anything; with a stop before what holds a colon
#: itself; with either before what is long. be: the verb that agrees with a phrase. here: "here" where the caption
#: itself speaks of a picture.
FRAMES = {
    "A": {
        "phrase": (
            "this picture shows", "a picture of", "what this picture shows {be}", "in this picture , one can see",
        ),
        "sentence": (
            "in this picture ,", "as this picture shows ,", "as can be seen in this picture ,",
            "in this picture , one can see that",
        ),
        "colon": ("shown {here}", "what can be seen {here}", "the following can be seen {here}"),
        "stop": ("this is what can be seen {here}",),
        "long": (
            "this is a description of what can be seen {here}",
            "for everyone who would like to know what is shown {here} , this is the description",
        ),
        "here": ("in this picture", "here"),
    },
    "B": {
        "phrase": ("this image shows", "an image of", "what we see in this image {be}", "in this image , we can see"),
        "sentence": (
            "in this image ,", "as we see here ,", "as is shown in this image ,", "in this image , we can see that",
        ),
        "colon": ("pictured {here}", "what we see {here}", "what we are looking at {here}"),
        "stop": ("we see this {here}",),
        "long": (
            "the following words tell us what we see {here}",
            "if you would like to hear in words what we are looking at {here} , then this is it",
        ),
        "here": ("in this image", "right here"),
    },
}  # fmt: skip
#: Words that a frame before a title may have beyond the half of the title's, which are a third of both.
_MORE = 8
#: Orders that are sentences -> how many frames suit them: "one can see that a dog can be seen" says it twice.
_SENTENCES = {"existential": 3, "progressive": 4, "seen": 1}
_DEPICTED = (DEPICTIONS - {"up", "close", "shot"}) | words("screenshot print poster map chart diagram study")


def framed(tree: Tree, p: Parts | None, family: str, reordered: list[Order]) -> Iterator[Order]:
    """This picture shows a dog that is running; as can be seen in this picture, a dog is running."""
    if is_headline(tree) or _is_pictured(tree):
        return  # no part of a sentence; a picture of a picture
    for kind, phrase in _phrases(p) if p is not None else ():
        for frame in FRAMES[family]["phrase"]:
            yield _of_frame(kind, frame.format(be=p.there_be if p is not None else ""), phrase)
    sentences = [order for order in reordered if order.kind in _SENTENCES]
    if _is_sentence(tree):
        sentences.append(Order("", list(range(len(tree)))))
    for order in sentences:
        for frame in FRAMES[family]["sentence"][: _SENTENCES.get(order.kind)]:
            yield _of_frame(order.kind, frame, order.items)


def framed_title(tree: Tree, family: str) -> Iterator[Order]:
    """Shown in this picture: oak coffee table, 120 cm; a stop, not a colon, before what holds a colon itself."""
    if any(tree.tags) or tree.lower(0) in INSTRUCTIONS or tree.lower(0)[:1] in "#@-–•":
        return
    frames, longest = FRAMES[family], len(tree.text.split()) / 2 + _MORE
    form, mark = ("stop", ".") if any(word.endswith(":") for word in tree.words) else ("colon", ":")
    for frame in (*frames[form], *frames["long"]):
        said = f"{frame.format(here=frames['here'][_is_pictured(tree)])} {mark}"
        if len(said.split()) <= longest:
            yield _of_frame("", said, list(range(len(tree))))


def _of_frame(kind: str, frame: str, items: Items) -> Order:
    """A short frame, where it is enough, is far more often drawn than a long one."""
    return Order(f"frame+{kind}".rstrip("+"), [frame, *items], 1 / len(frame.split()) ** 3)


def _is_pictured(tree: Tree) -> bool:
    """Whether a caption itself speaks of a picture: a photo of a dog, in this picture, an aerial view."""
    return not _DEPICTED.isdisjoint(tree.words[:6])


def _phrases(p: Parts) -> Iterator[tuple[str, Items]]:
    """What it speaks of as a noun phrase: what is changed in it, its words."""
    if p.participles is not None and p.stands and p.participles_stay:
        yield "", [*p.introduced, *p.participles]
    if p.relative and p.indefinite:
        yield "relative", [*p.introduced, *p.relative]


def _is_sentence(tree: Tree) -> bool:
    """Whether it is one as it stands; a headline ("nurse wins award") is none."""
    if tree.lower(0) == "there":
        return tree.root == 1
    verb = told_by(tree)
    return verb is not None and stands(tree, tree.subject(verb) or 0)
