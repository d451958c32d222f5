"""Small changes inside a caption that keep its meaning: wearing a hat -> in a hat; a cup and a jug swapped."""

from collections.abc import Iterator

from semclip.english import lexicon
from semclip.english.inflection import inflect, known_as, words
from semclip.english.negate.denied import DEPICTIONS
from semclip.english.parse.clause import inside_collective, is_being, is_person
from semclip.english.parse.tree import Tree
from semclip.english.render import moved
from semclip.english.reword.doubts import is_terse
from semclip.english.reword.parts import ACCESSORIES, be_of, shows
from semclip.english.reword.places import TIMES, is_clothes, is_place
from semclip.english.reword.synonyms import Swap

_INDEFINITE = words("a an some two three four five several many") | {""}
_WHO = words("who that which")
_PLACES = words("on in under beside behind near inside atop underneath beneath at next above over")
_BEHIND = words("background foreground distance")
_OWN = words("the his her its their both")
#: What an item of a list is made of, and pairs that are said in one order.
_IN_ITEMS = ("DT", "CD", "JJ", "NN", "NNS", "VBN")
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
        elif token.label == "relcl":
            yield from _relative_removed(tree, place)
        elif token.lower in ("with", "in") and token.label == "prep":
            yield from _with_and_in(tree, place)
        elif token.label == "amod":
            yield from _colour_behind(tree, place)
        elif token.label == "cc" and token.lower == "and":
            yield from _turned(tree, place)
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
        yield from _dressed(tree, place, worn, "in")
    if tree[noun].label in ("pobj", "dobj") and tree.tag(place) == "VBG" and not is_being(tree, noun):
        return  # in "a boy in a creek throwing a rock" the creek throws nothing
    if place + 1 < len(tree) and (tree.tag(place) == "VBG" or tree.child(place, "prep", "agent") is not None):
        yield _who_is(tree, noun, place)


def _dressed(tree: Tree, place: int, worn: int | None, kind: str) -> Iterator[Swap]:
    """Nobody is dressed in a hat, or in a dress."""
    if (
        worn is not None
        and ACCESSORIES.isdisjoint(tree[i].lemma for i in tree.under(worn))
        and "dress" not in tree.lemmas
    ):
        yield Swap(place, place + 1, "dressed in", kind)


def _with_and_in(tree: Tree, place: int) -> Iterator[Swap]:
    """a woman in a hat -> a woman wearing a hat; a kitchen with a stove -> a kitchen that has a stove."""
    noun, what = tree[place].head, tree.child(place, "pobj")
    if what is None or noun != place - 1 or not _one(tree, noun):
        return
    if tree.lower(place) == "in":
        if is_being(tree, noun) and is_clothes(tree, what):
            yield Swap(place, place + 1, "wearing", "wearing")
            yield from _dressed(tree, place, what, "wearing")
        return
    # In "a man in a boat with his dog" nobody knows who has the dog.
    first = not any(tree.is_noun(i) or tree.is_verb(i) for i in range(tree.noun_start(noun)))
    own = tree.determiner(what) in _OWN or not _BEHIND.isdisjoint(tree.words[what:])
    single = tree.child(what, "prep", "conj") is None and tree[noun].label not in ("pobj", "dobj") and not tree.style[1]
    bare = tree.tag(what) == "NN" and not tree.determiner(what) and tree[what].lemma not in lexicon.MASS
    if not own and not bare and not any(tree.style) and tree.child(what, "acl", "relcl") is None and (first or single):
        has = "have" if tree.is_plural(noun) else "has"
        yield Swap(place, place + 1, f"{_who(tree, noun)} {has}", "relative")


def _relative_removed(tree: Tree, verb: int) -> Iterator[Swap]:
    """a lady that is standing -> a lady standing; a kitchen that has a stove -> a kitchen with a stove."""
    if tree.tag(verb - 3) == "IN" and tree.lower(verb - 2) in _WHO:
        return  # one of which is drinking
    if tree.tag(verb) in ("VBG", "VBN") and tree.lower(verb - 1) in ("is", "are") and tree.lower(verb - 2) in _WHO:
        yield Swap(verb - 2, verb + 1, tree.lower(verb), "participle")
    elif tree.tag(verb - 2) == "IN":
        return  # one of which has a bell
    elif tree.lower(verb) in ("has", "have") and tree.lower(verb - 1) in _WHO and tree.child(verb, "conj") is None:
        yield Swap(verb - 1, verb + 1, "with", "participle")


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


def _colour_behind(tree: Tree, place: int) -> Iterator[Swap]:
    """a red bus -> a bus that is red; only where nothing else describes it."""
    noun = tree[place].head
    if tree.lower(place) not in lexicon.COLOURS or noun != place + 1 or not tree.is_noun(noun):
        return
    if tree.lower(tree.noun_start(noun) - 1) in ("and", "or"):
        return  # a black and a yellow dog
    if tree.determiner(noun) not in ("a", "an") or tree.child(noun, "prep", "acl", "relcl", "conj", "compound"):
        return
    if tree.child(place, "conj", "cc", "advmod") is None and tree.lower(noun + 1) in ("", "while", "as"):
        yield Swap(place, noun + 1, f"{tree[noun].text} that is {tree.lower(place)}", "attribute behind")


def _turned(tree: Tree, cc: int) -> Iterator[Swap]:
    """a man and a dog -> a dog and a man; a cup, a jug and a plate -> a plate, a cup and a jug."""
    items, before = _items(tree, cc)
    (first, _), (_, last) = items[0], items[-1]
    heads = [end - 1 for _, end in items]
    if not all(start < end and _may_move(tree, end - 1) for start, end in items) or tree.lower(first) in _FIXED:
        return
    determined = {tree.tag(start) in ("DT", "CD") for start, _ in items}
    if len(determined) > 1 or len({is_being(tree, head) for head in heads}) > 1:
        return  # a man in a hat and a woman
    if determined == {False} and len(items) == 2 and items[0][1] - first > 1:
        return  # an old coat and hat
    about = before < 0 or (tree.lower(0) == "there" and before == 1)  # what the caption is about
    if about and tree.tag(heads[0]) != tree.tag(heads[-1]):
        return  # "there is" would have to become "there are"
    if any(tree.style) if about else tree[before].label in ("amod", "compound"):
        return  # Pack of 12 Candles, Vanilla and Lavender; hanging lamps and tables
    if not about and (last < len(tree) or tree.tag(before) not in ("IN", "VBG", "VBZ", "VBP", "VBN", "PRP$")):
        return
    if not about and tree.tag(before) == "VBG" and tree.tag(before - 1) == "IN":
        return  # with sliding doors and handles
    if not about and (
        tree[before].lemma in ("be", "between") or (tree.lower(before) == "with" and is_being(tree, heads[0]))
    ):
        return
    where = tree.child(last, "pobj") if tree.tag(last) == "IN" else None
    if last < len(tree) and not tree.is_verb(last) and not (where is not None and is_place(tree, where)):
        return  # a man and a dog on a leash
    told = [" ".join(moved(tree, i, title=any(tree.style)) for i in range(*item)) for item in (items[-1], *items[:-1])]
    yield Swap(first, last, " , ".join(told[:-1]) + f" and {told[-1]}", "joined swapped")


def _items(tree: Tree, cc: int) -> tuple[list[tuple[int, int]], int]:
    """Where the items of the list around "and" start and end; the place before it."""
    ends, starts = [cc - (tree.lower(cc - 1) == ",")], []
    place = ends[0] - 1
    while place >= 0 and (tree.tag(place) in _IN_ITEMS or tree.lower(place) in (",", "of")):
        if tree.lower(place) == ",":
            starts.append(place + 1)
            ends.append(place)
        place -= 1
    last = cc + 1
    while tree.tag(last) in _IN_ITEMS or (tree.lower(last) == "of" and last > cc + 1):
        last += 1
    return [*sorted(zip([*starts, place + 1], ends, strict=True)), (cc + 1, last)], place


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
