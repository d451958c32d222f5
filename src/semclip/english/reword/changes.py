"""Small changes inside a caption that keep its meaning: wearing a hat -> in a hat; a cup and a jug swapped."""

from collections.abc import Iterator

from semclip.english import lexicon
from semclip.english.inflection import inflect, words
from semclip.english.negate.denied import DEPICTIONS
from semclip.english.parse.clause import inside_collective, is_being, is_person
from semclip.english.parse.tree import Tree
from semclip.english.reword.parts import ACCESSORIES, is_clothes
from semclip.english.reword.synonyms import Swap

_INDEFINITE = words("a an some two three four five several many") | {""}


def changes(tree: Tree) -> Iterator[Swap]:
    """Every small change that may be made."""
    if any(token.label == "neg" for token in tree.tokens):
        return
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
            yield from _list_turned(tree, place)
        elif tree.is_noun(place):
            yield from _joined_swapped(tree, place)
            yield from _placed(tree, place)
        elif token.tag == "VBG" and token.label == "ROOT":
            yield from _simple(tree, place)


def _one(tree: Tree, noun: int) -> bool:
    """Whether a relative clause may follow a noun: it is not one of two, not known already, and not a picture."""
    return (
        tree.is_noun(noun) and tree.child(noun, "conj") is None and tree[noun].label != "conj"
        and tree.determiner(noun) in _INDEFINITE and tree[noun].lemma not in DEPICTIONS
        and not tree.tag(noun).startswith("NNP")
    )  # fmt: skip


def _who(tree: Tree, noun: int) -> str:
    return "who" if is_person(tree, noun) else "that"


def _be(tree: Tree, noun: int) -> str:
    return "are" if tree.is_plural(noun) else "is"


def _participle(tree: Tree, place: int) -> Iterator[Swap]:
    """a man riding a horse -> a man who is riding a horse; wearing a hat -> in a hat."""
    noun = tree[place].head
    if "with" in tree.words[max(0, tree.noun_start(noun) - 1) : noun]:
        return  # with his head bowed
    if tree.lower(place + 1) == "," or (noun and tree.tag(noun) == "NN" and tree.noun_start(noun) == noun):
        return  # two dogs playing, one jumps; a man rock climbing
    inner = inside_collective(tree, noun)
    if inner == place - 1 and tree.tag(place) == "VBG" and tree.is_plural(inner):
        yield Swap(place, place + 1, f"{_who(tree, inner)} are {tree.lower(place)}", "relative")
    if tree.tag(place) not in ("VBG", "VBN") or noun != place - 1 or not _one(tree, noun):
        return
    if (
        tree.lower(place) == "wearing"
        and is_clothes(tree, tree.child(place, "dobj"))
        and tree.child(place, "conj") is None
    ):
        yield Swap(place, place + 1, "in", "in")
        yield from _dressed(tree, place, "in")
    if tree[noun].label in ("pobj", "dobj") and tree.tag(place) == "VBG" and not is_being(tree, noun):
        return  # in "a boy in a creek throwing a rock" the creek throws nothing
    follows = noun + 1 == place and place + 1 < len(tree)
    if follows and (tree.tag(place) == "VBG" or tree.child(place, "prep", "agent") is not None):
        yield Swap(place, place + 1, f"{_who(tree, noun)} {_be(tree, noun)} {tree.lower(place)}", "relative")


def _dressed(tree: Tree, place: int, kind: str) -> Iterator[Swap]:
    """Nobody is dressed in a hat."""
    worn = tree.child(place, "dobj", "pobj")
    if worn is not None and tree[worn].lemma not in ACCESSORIES:
        yield Swap(place, place + 1, "dressed in", kind)


def _with_and_in(tree: Tree, place: int) -> Iterator[Swap]:
    """a woman in a hat -> a woman wearing a hat; a kitchen with a stove -> a kitchen that has a stove."""
    noun, what = tree[place].head, tree.child(place, "pobj")
    if what is None or noun != place - 1 or not _one(tree, noun):
        return
    if tree.lower(place) == "in":
        if is_being(tree, noun) and is_clothes(tree, what):
            yield Swap(place, place + 1, "wearing", "wearing")
            yield from _dressed(tree, place, "wearing")
        return
    # In "a man in a boat with his dog" nobody knows who has the dog.
    first = not any(tree.is_noun(i) or tree.is_verb(i) for i in range(tree.noun_start(noun)))
    own = tree.determiner(what) in ("the", "his", "her", "its", "their")
    single = tree.child(what, "prep", "conj") is None and tree[noun].label != "pobj" and not tree.style[1]
    if not own and tree.child(what, "acl", "relcl") is None and (first or single):
        has = "have" if tree.is_plural(noun) else "has"
        yield Swap(place, place + 1, f"{_who(tree, noun)} {has}", "relative")


def _relative_removed(tree: Tree, verb: int) -> Iterator[Swap]:
    """a lady that is standing -> a lady standing; a kitchen that has a stove -> a kitchen with a stove."""
    if tree.tag(verb) in ("VBG", "VBN") and tree.lower(verb - 1) in ("is", "are") and tree.lower(verb - 2) in _WHO:
        yield Swap(verb - 2, verb + 1, tree.lower(verb), "participle")
    elif tree.lower(verb) in ("has", "have") and tree.lower(verb - 1) in _WHO and tree.child(verb, "conj") is None:
        yield Swap(verb - 1, verb + 1, "with", "participle")


_WHO = words("who that which")
_TIMES = words("dusk dawn night sunset sunrise noon evening morning afternoon day daytime")
_PLACES = words("on in under beside behind near inside atop underneath beneath at next above over")


def _placed(tree: Tree, noun: int) -> Iterator[Swap]:
    """a hydrant on the sidewalk -> a hydrant that is on the sidewalk; of what the caption is about."""
    prep = tree.child(noun, "prep")
    if noun != tree.root or prep is None or tree[noun].lemma in DEPICTIONS or tree.determiner(noun) not in _INDEFINITE:
        return
    if tree.lower(prep) == "of":
        inside = tree.child(prep, "pobj")
        further = [i for i in tree.children(noun, "prep") if i > prep]
        prep = next(iter(further), prep)
        if inside is None or prep != inside + 1 or tree.child(inside, "prep", "conj") is not None:
            return
    elif prep != noun + 1:
        return
    where = tree.child(prep, "pobj")
    if (
        tree.lower(prep) in _PLACES
        and (where is None or tree[where].lemma not in _TIMES)
        and tree.child(noun, "conj", "acl", "relcl") is None
    ):
        yield Swap(prep, prep + 1, f"{_who(tree, noun)} {_be(tree, noun)} {tree.lower(prep)}", "relative")


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
        yield Swap(place, noun + 1, f"{tree.lower(noun)} that is {tree.lower(place)}", "attribute behind")


def _joined_swapped(tree: Tree, noun: int) -> Iterator[Swap]:
    """a man and a dog -> a dog and a man."""
    second, cc = tree.child(noun, "conj"), tree.child(noun, "cc")
    if second is None or cc is None or tree.lower(cc) != "and" or cc != noun + 1 or tree[noun].label == "conj":
        return
    if not tree.is_noun(second) or tree.noun_start(second) != cc + 1 or tree[noun].label == "compound":
        return
    start = tree.noun_start(noun)
    if (tree.determiner(noun) == "") != (tree.determiner(second) == "") or tree.lower(start - 1) in (
        "and",
        ",",
        "between",
    ):
        return
    # "A goat and a hen in a barn": the barn is where both are.
    there = (tree[noun].label == "attr" and tree.lower(0) == "there") or noun == tree.root
    if tree.child(second, "conj", "relcl", "acl") is not None or tree.lower(second + 1) in ("of", "'s", "and", ","):
        return
    if tree[noun].label == "pobj" and tree.tag(second + 1) == "IN":
        return  # screens on a desk and a poster on a wall
    if there and (tree.tag(noun) == "NNS") != (tree.tag(second) == "NNS"):
        return  # "there is" would have to become "there are"
    if tree.child(second, "prep") is not None and not there:
        return
    if tree.determiner(noun) == "" and tree.child(noun, "amod", "compound") is not None:
        return
    if tree.child(second, "poss") is not None:
        return  # the bride and her father
    if tree.child(noun, "prep", "acl", "relcl") is not None or tree.tag(second + 1) in ("NN", "NNS"):
        return
    words = [tree[i].text if i else tree.lower(i) for i in (*range(cc + 1, second + 1), cc, *range(start, noun + 1))]
    if not tree.tag(second).startswith("NNP"):
        yield Swap(start, second + 1, " ".join(words), "joined swapped")


def _list_turned(tree: Tree, cc: int) -> Iterator[Swap]:
    """a cup, a jug and two plates -> two plates, a jug and a cup."""
    ends = [cc - (tree.lower(cc - 1) == ",")]
    starts: list[int] = []
    place = ends[0] - 1
    while place >= 0 and (tree.tag(place) in _IN_NAMES or tree.lower(place) in (",", "of")):
        if tree.lower(place) == ",":
            starts.append(place + 1)
            ends.append(place)
        place -= 1
    last = cc + 1
    while tree.tag(last) in _IN_NAMES or (tree.lower(last) == "of" and last > cc + 1):
        last += 1
    items = [(start, end) for start, end in zip([*starts, place + 1], ends, strict=True)]
    alike = {tree.tag(start) in ("DT", "CD") for start, _ in (*items, (cc + 1, last))}
    beings = any(is_being(tree, end - 1) for _, end in items)
    whole = all(start < end and tree.is_noun(end - 1) for start, end in (*items, (cc + 1, last)))
    if not starts or len(alike) > 1 or not whole or (last < len(tree) and (beings or tree.tag(last) != "IN")):
        return
    if tree.tag(place).startswith("VB") and tree.tag(place) != "VBG":
        return  # there is a cup and two jugs; an apposition
    first = place + 1
    told = [tree.text_of(start, end) if start else tree.text_of(0, end)[:1].lower() + tree.text_of(0, end)[1:]
            for start, end in ((cc + 1, last), *items)]  # fmt: skip
    yield Swap(first, last, " , ".join(told[:-1]) + f" and {told[-1]}", "joined swapped")


#: What a noun phrase is made of.
_IN_NAMES = ("DT", "CD", "JJ", "NN", "NNS", "VBN")


def _simple(tree: Tree, verb: int) -> Iterator[Swap]:
    """is running -> runs."""
    helper = tree.child(verb, "aux")
    if helper is None or helper != verb - 1 or tree.lower(helper) not in ("is", "are") or tree.child(verb, "conj"):
        return
    if tree.subject(verb) is not None and tree.subject(verb) < helper and tree[verb].lemma not in ("be", "go"):  # type: ignore[operator]
        form = inflect(tree[verb].lemma, "VBZ" if tree.lower(helper) == "is" else "VBP")
        yield Swap(helper, verb + 1, form, "simple")
