"""Small changes inside a caption that keep its meaning: wearing a hat -> in a hat; a cup and a jug swapped."""

from collections.abc import Iterator

from semclip.english import lexicon
from semclip.english.inflection import inflect, known_as, words
from semclip.english.negate.denied import DEPICTIONS
from semclip.english.parse.clause import inside_collective, is_being, is_person
from semclip.english.parse.tree import Tree
from semclip.english.render import moved
from semclip.english.reword.doubts import is_terse
from semclip.english.reword.parts import be_of, shows
from semclip.english.reword.places import TIMES, is_clothes, is_place
from semclip.english.reword.synonyms import Swap

_INDEFINITE = words("a an some two three four five several many") | {""}
_PLACES = words("on in under beside behind near inside atop underneath beneath at next above over")
_BEHIND = words("background foreground distance")
_OWN = words("the his her its their both this these that those")
#: What one of two joined things is made of, what may stand before them, and pairs that are said in one order.
_IN_ITEMS = ("DT", "CD", "JJ", "NN", "NNS", "VBN")
_GOVERNS = ("IN", "VBG", "VBZ", "VBP", "VBN", "PRP$")
_FIXED = words("salt bread fish mac rock track arts bed gin peanut peaches")


def changes(tree: Tree) -> Iterator[Swap]:
    """Every small change that may be made."""
    if any(token.label == "neg" for token in tree.tokens):
        return
    yield from (swap for swap in _found(tree) if swap.kind != "relative" or not is_terse(tree))


def _found(tree: Tree) -> Iterator[Swap]:
    for place, token in enumerate(tree.tokens):
        if token.label == "acl":
            yield from _participle(tree, place)
        elif token.lower in ("with", "in") and token.label == "prep":
            yield from _with_and_in(tree, place)
        elif token.label == "cc" and token.lower == "and":
            yield from _joined_swapped(tree, place)
        elif tree.is_noun(place):
            yield from _placed(tree, place)
        elif token.tag == "VBG" and token.label == "ROOT":
            yield from _simple(tree, place)


def _one(tree: Tree, noun: int) -> bool:
    """Whether a relative clause may follow a noun: it is not one of two, not known already, and not a picture."""
    return (
        tree.is_noun(noun) and tree.child(noun, "conj") is None and tree[noun].label != "conj"
        and tree.determiner(noun) in _INDEFINITE and tree[noun].lemma not in DEPICTIONS
        and not tree.tag(noun).startswith("NNP") and tree[noun].label not in ("appos", "dep", "npadvmod")
    )  # fmt: skip


def _who(tree: Tree, noun: int) -> str:
    return "who" if is_person(tree, noun) else "that"


def _who_is(tree: Tree, noun: int, verb: int) -> Swap:
    if shows(tree, verb):
        form = inflect(tree[verb].lemma, "VBP" if tree.is_plural(noun) else "VBZ")
        return Swap(verb, verb + 1, f"{_who(tree, noun)} {form}", "relative")
    return Swap(verb, verb + 1, f"{_who(tree, noun)} {be_of(tree.is_plural(noun))} {tree.lower(verb)}", "relative")


def _participle(tree: Tree, place: int) -> Iterator[Swap]:
    """a man riding a horse -> a man who is riding a horse; wearing a hat -> in a hat."""
    noun = tree[place].head
    if "with" in tree.words[max(0, tree.noun_start(noun) - 1) : noun] or tree.lower(place) == "bound":
        return  # with his head bowed; two dogs bound across a field
    if tree.tag(place) == "VBN" and inflect(tree[place].lemma, "VBN") != tree.lower(place):
        return  # shares fell
    if tree.lower(place + 1) == "," or (noun and tree.tag(noun) == "NN" and tree.noun_start(noun) == noun):
        return  # two dogs playing, one jumps; a man rock climbing
    inner = inside_collective(tree, noun)
    if inner == place - 1 and tree.tag(place) == "VBG" and tree.is_plural(inner):
        yield _who_is(tree, inner, place)
    if tree.tag(place) not in ("VBG", "VBN") or noun != place - 1 or not _one(tree, noun):
        return
    worn = tree.child(place, "dobj")
    dressed = tree.lower(place) == "wearing" and is_being(tree, noun) and is_clothes(tree, worn)
    if dressed and tree.child(place, "conj") is None:
        yield Swap(place, place + 1, "in", "in")
    if tree[noun].label in ("pobj", "dobj") and tree.tag(place) == "VBG" and not is_being(tree, noun):
        return  # in "a boy in a creek throwing a rock" the creek throws nothing
    if place + 1 < len(tree) and (tree.tag(place) == "VBG" or tree.child(place, "prep", "agent") is not None):
        yield _who_is(tree, noun, place)


def _with_and_in(tree: Tree, place: int) -> Iterator[Swap]:
    """a woman in a hat -> a woman wearing a hat; a kitchen with a stove -> a kitchen that has a stove."""
    noun, what = tree[place].head, tree.child(place, "pobj")
    if what is None or noun != place - 1 or not _one(tree, noun):
        return
    if tree.lower(place) == "in":
        if is_being(tree, noun) and is_clothes(tree, what):
            yield Swap(place, place + 1, "wearing", "wearing")
        return
    # In "a man in a boat with his dog" nobody knows who has the dog.
    first = not any(tree.is_noun(i) or tree.is_verb(i) for i in range(tree.noun_start(noun)))
    own = tree.determiner(what) in _OWN or not _BEHIND.isdisjoint(tree.words[what:])
    single = tree.child(what, "prep", "conj") is None and tree[noun].label not in ("pobj", "dobj") and not tree.style[1]
    bare = tree.tag(what) == "NN" and not tree.determiner(what) and tree[what].lemma not in lexicon.MASS
    if not own and not bare and not any(tree.style) and tree.child(what, "acl", "relcl") is None and (first or single):
        has = "have" if tree.is_plural(noun) else "has"
        yield Swap(place, place + 1, f"{_who(tree, noun)} {has}", "relative")


def _placed(tree: Tree, noun: int) -> Iterator[Swap]:
    """a hydrant on the sidewalk -> a hydrant that is on the sidewalk; of what the caption is about."""
    prep = tree.child(noun, "prep")
    if (
        noun != tree.root
        or prep is None
        or tree[noun].lemma in DEPICTIONS | TIMES
        or tree.determiner(noun) not in _INDEFINITE
    ):
        return
    if tree.lower(prep) == "of":
        inside = tree.child(prep, "pobj")
        prep = next((i for i in tree.children(noun, "prep") if i > prep), prep)
        if (
            inside is None
            or inside_collective(tree, noun) is None
            or prep != inside + 1
            or tree.child(inside, "prep", "conj") is not None
        ):
            return
    elif prep != noun + 1:
        return
    where = tree.child(prep, "pobj")
    timed = where is not None and tree[where].lemma in TIMES
    if tree.lower(prep) in _PLACES and not timed and tree.child(noun, "conj", "acl", "relcl") is None:
        yield _who_is(tree, noun, prep)


def _joined_swapped(tree: Tree, cc: int) -> Iterator[Swap]:
    """a man and a dog -> a dog and a man; of two things that the caption is about, or that end it."""
    first, last = cc, cc + 1
    while first and (tree.tag(first - 1) in _IN_ITEMS or tree.lower(first - 1) == "of"):
        first -= 1
    while tree.tag(last) in _IN_ITEMS or (tree.lower(last) == "of" and last > cc + 1):
        last += 1
    one, other, before = cc - 1, last - 1, first - 1
    if not (first < cc and _may_move(tree, one) and _may_move(tree, other)) or tree.lower(first) in _FIXED:
        return
    determined = [tree.tag(start) in ("DT", "CD") for start in (first, cc + 1)]
    if determined[0] != determined[1] or is_being(tree, one) != is_being(tree, other) or any(tree.style):
        return  # a man in a hat and a woman
    if not determined[0] and cc - first > 1:
        return  # an old coat and hat
    if before < 0 or (tree.lower(0) == "there" and before == 1):  # what the caption is about
        if tree.tag(one) != tree.tag(other):
            return  # "there is" would have to become "there are"
        where = tree.child(last, "pobj") if tree.tag(last) == "IN" else None
        if last < len(tree) and not tree.is_verb(last) and not (where is not None and is_place(tree, where)):
            return  # a man and a dog on a leash
    elif last < len(tree) or tree.tag(before) not in _GOVERNS or tree[before].lemma in ("be", "between"):
        return
    elif (tree.tag(before) == "VBG" and tree.tag(before - 1) == "IN") or tree[before].label in ("amod", "compound"):
        return  # with sliding doors and handles; hanging lamps and tables
    items = (" ".join(moved(tree, i) for i in range(*item)) for item in ((cc + 1, last), (first, cc)))
    yield Swap(first, last, " and ".join(items), "joined swapped")


def _may_move(tree: Tree, noun: int) -> bool:
    return tree.is_noun(noun) and tree.lower(noun) not in lexicon.COLOURS.keys() | _BEHIND


def _simple(tree: Tree, verb: int) -> Iterator[Swap]:
    """is running -> runs."""
    helper, subject = tree.child(verb, "aux"), tree.subject(verb)
    if helper is None or helper != verb - 1 or tree.lower(helper) not in ("is", "are") or tree.child(verb, "conj"):
        return
    known = "VERB" in known_as(tree[verb].lemma) and tree[verb].lemma not in ("be", "go")
    if subject is not None and subject < helper and known:
        form = inflect(tree[verb].lemma, "VBZ" if tree.lower(helper) == "is" else "VBP")
        yield Swap(helper, verb + 1, form, "simple")
