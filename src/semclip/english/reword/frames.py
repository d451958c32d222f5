"""What may be said before any caption: this picture shows, in this picture."""

from collections.abc import Iterator

from semclip.english import lexicon
from semclip.english.inflection import known_as
from semclip.english.negate.denied import DEPICTIONS
from semclip.english.parse.clause import SOMEBODY
from semclip.english.parse.tree import Tree
from semclip.english.reword.doubts import hides_a_verb, is_terse, plural_of
from semclip.english.reword.orders import Order, is_title
from semclip.english.reword.parts import INSTRUCTIONS, Parts, be_of
from semclip.english.reword.places import told_by

#: Said of any caption, by family: before a noun phrase, before one that has an article, a sentence, a title.
FRAMES = {
    "A": {
        "phrase": ("this picture shows", "a picture of", "what this picture shows {be}"),
        "there": ("here {be}", "in this picture , there {be}", "pictured here {be}"),
        "sentence": ("in this picture ,", "as can be seen in this picture ,", "the picture shows that"),
        "title": ("shown in this picture :", "what can be seen in this picture :"),
    },
    "B": {
        "phrase": ("this image shows", "an image of", "what we see {be}"),
        "there": ("here we see", "in this image , there {be}", "shown here {be}"),
        "sentence": ("in this image ,", "as is shown in this image ,", "the image shows that"),
        "title": ("pictured in this image :", "what is to be seen in this image :"),
    },
}
#: Orders that are sentences, before which a frame may stand.
_SENTENCES = ("fronted", "progressive", "exchanged", "modifier first", "seen", "passive", "active", "stated")


def framed(tree: Tree, p: Parts | None, family: str, reordered: list[Order]) -> Iterator[Order]:
    """This picture shows a dog that is running; as can be seen in this picture, a dog is running."""
    frames, whole, root = FRAMES[family], list[int | str](range(len(tree))), tree.root
    if is_terse(tree) or (any(tree.style) and tree.tag(0) != "DT"):
        return  # a title, which is no part of a sentence
    if p is not None and p.participles is not None and tree.lower(0) != "there":
        if p.introduced[0] != "a" and not _stands(tree, p.subject):
            return
        phrases = [] if p.verb is not None and p.may_be_taken else [("frame", [*p.introduced, *p.participles])]
        phrases += [("frame+relative", [*p.introduced, *p.relative])] if p.relative and p.indefinite else []
        for kind, phrase in phrases:
            for frame in (*frames["phrase"], *(frames["there"] if p.indefinite else ())):
                yield Order(kind, [frame.format(be=p.there_be), *phrase], 0.5)
    elif p is None and _is_phrase(tree) and _stands(tree, root):
        article = tree.tag(root) == "NN" and not tree.determiner(root) and tree[root].lemma in DEPICTIONS
        plural = plural_of(tree, root)
        first, last = 2 * (tree[root].lemma in DEPICTIONS), 2 if plural is None else 3
        for frame in frames["phrase"][first:last]:
            frame = frame.format(be=be_of(plural or False))
            yield Order("frame", [frame, *(["a"] if article else []), *whole], 0.5)
    sentences = [order for order in reordered if order.kind in _SENTENCES]
    subject = tree.subject(root) or 0
    headline = (
        tree.tag(subject) == "NN"
        and not tree.determiner(subject)
        and tree[subject].lemma not in lexicon.MASS | SOMEBODY
    )
    if told_by(tree) is not None and not any(tree.style) and not headline:
        sentences.insert(0, Order("", whole))
    for order in sentences:
        for frame in frames["sentence"][: 1 if order.kind == "seen" else None]:
            yield Order(f"frame+{order.kind}".rstrip("+"), [frame, *order.items], 0.3)


def _stands(tree: Tree, noun: int) -> bool:
    """Whether a noun phrase may stand in a sentence as it is: a lamp, lamps, snow, Rosa; not "oak lamp"."""
    owner = tree.child(noun, "poss")
    if owner is not None and not (tree.tag(owner) == "PRP$" or tree.determiner(owner) or tree.tag(owner) == "NNP"):
        return False  # woman's coat
    determiner = tree.determiner(noun)
    if tree.tag(noun + 1) == "CD" and not determiner:
        return False  # team photo 2018
    if tree[noun].lemma in SOMEBODY or (determiner and not (determiner.isdigit() and len(determiner) == 4)):
        return True
    if any(tree[i].text[:1].isupper() for i in range(1, noun + 1) if not tree.tag(0).startswith("NNP")):
        return False
    if tree.tag(noun) == "NN":
        small = not any(tree[i].text[:1].isupper() for i in range(1, noun + 1))
        return small and tree[noun].lemma in lexicon.MASS | DEPICTIONS and "," not in tree.words
    named = tree.tag(0).startswith("NNP") and not known_as(tree.lower(0))
    return tree.tag(noun) == "NNS" or noun == 0 or named


def _is_phrase(tree: Tree) -> bool:
    """Whether a caption is a noun phrase that is not understood further."""
    clauses = any(t.label in ("nsubj", "nsubjpass") for t in tree.tokens)
    told = ":" in tree.words or tree.lower(0) in INSTRUCTIONS or clauses
    return tree.is_noun(tree.root) and not (tree.span(tree.root)[0] or told or hides_a_verb(tree, tree.root, False))


def framed_title(tree: Tree, family: str, reordered: list[Order]) -> Iterator[Order]:
    """Shown in this picture: oak coffee table, 120 cm; of titles that are no phrase."""
    if not any(tree.tags) and is_title(tree) and tree.lower(0) not in INSTRUCTIONS and tree.lower(0)[:1].isalnum():
        for order in (*reordered, Order("", list(range(len(tree))))):
            first = order.items[0]
            if isinstance(first, int) and tree[first].text[:1] in "$£€":
                continue  # shown in this picture: $20
            for frame in FRAMES[family]["title"]:
                yield Order(f"frame+{order.kind}".rstrip("+"), [frame, *order.items], 0.3)
