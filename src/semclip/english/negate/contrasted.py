"""A word set against one that excludes it: a goat, not a dog, sleeps; and the true sentence in the same words."""

from collections.abc import Callable, Iterator

from semclip.english import lexicon
from semclip.english.edits import Change, Scene, rule
from semclip.english.inflection import one_of, words
from semclip.english.negate.replaced import people_like, refers_to_somebody
from semclip.english.negate.sentence import endings_of
from semclip.english.pairs import family_of_pair, tried_in_family
from semclip.english.parse.tree import Tree

#: By family. {y}: a dog, white, three; {dogs}: dog, dogs, for what is counted.
_FORMS = {"A": (", not {y}", "but no {dogs}"), "B": ("rather than {y}", "instead of {y}")}
_HEADS = frozenset({"nsubj", "nsubjpass", "dobj", "pobj", "attr", "ROOT"})
_COUNTED = words("a an some several many few") | frozenset(lexicon.NUMBERS)
_CLOSE = words("of with without 's that who and or , not")


@rule(
    "object_contrasted",
    ("A dog runs on the beach .", "A goat , not a dog , runs on the beach ."),
    ("A man rides a bicycle", "A man rides a horse but no bicycle"),
)
def thing(scene: Scene) -> Iterator[Change]:
    """A dog runs -> a goat, not a dog, runs."""
    yield from _contrasted("object_contrasted", scene, true=False)


@rule("attribute_contrasted", ("A black dog naps .", "A white , not black , dog naps ."))
def attribute(scene: Scene) -> Iterator[Change]:
    """A black dog -> a white, not black, dog."""
    yield from _contrasted("attribute_contrasted", scene, true=False)


@rule("number_contrasted", ("Two dogs run .", "Four dogs , not two , run ."))
def number(scene: Scene) -> Iterator[Change]:
    """Two dogs run -> four dogs, not two, run."""
    yield from _contrasted("number_contrasted", scene, true=False)


def contrasted_truly(kind: str, scene: Scene) -> Iterator[Change]:
    """A dog runs -> a dog, not a goat, runs: the words of the negation in another order."""
    yield from _contrasted(kind, scene, true=True)


def _contrasted(kind: str, scene: Scene, true: bool) -> Iterator[Change]:
    swap, behind = _OF[kind]
    tree = scene.tree
    found = [(place, new, change.pair) for place, new, change in swapped_words(swap, scene)]
    if kind == "object_contrasted" and (true or not refers_to_somebody(tree)):
        people = [(place, new, (tree.lower(place), new)) for place, new in people_like(scene)]
        found += [one for one in people if one not in found and family_of_pair(one[2]) == scene.family]
    for place, new, pair in found:
        at = behind(tree, place)
        if at is None:
            continue
        old = tree.lower(place)
        said, other = (old, new) if true else (new, old)
        named = tree[tree[place].head].lemma if kind == "attribute_contrasted" else ""
        denied, swapped = f"{other} {named}".strip(), () if true else ((place, place + 1, said),)
        counted = kind == "object_contrasted" and tree.determiner(place) in _COUNTED
        ends = (*endings_of(tree, at), len(tree))
        for form in _FORMS[scene.family] if counted else _FORMS[scene.family][:1]:
            for end in ends:
                closed = form[0] == "," and at < end and tree.lower(at) not in (",", ":", ";")
                text = form.format(y=_with_article(tree, place, other), dogs=other) + (" ," if closed else "")
                rest = ((end, len(tree), ""),) if end < len(tree) else ()
                yield scene.change(*swapped, (at, at, text), *rest, denied=denied, pair=pair)


def swapped_words(kind: str, scene: Scene) -> Iterator[tuple[int, str, Change]]:
    """(place, the word put there, its change) of every swap of one word by another."""
    for change in tried_in_family(kind, scene):
        new = [(place, item) for place, item in enumerate(change.items) if isinstance(item, str)]
        if len(new) == 1 and len(change.items) == len(scene.tree):
            yield (*new[0], change)


def _with_article(tree: Tree, place: int, noun: str) -> str:
    determiner = tree.determiner(place) if tree.is_noun(place) else ""
    if determiner in ("a", "an"):
        return one_of(noun)
    return f"the {noun}" if determiner == "the" else noun


def _behind_thing(tree: Tree, place: int) -> int | None:
    """Where ", not a cat," may stand: behind a noun to which nothing belongs so closely that it must follow at once."""
    label, determiner = tree[place].label, tree.determiner(place)
    if label not in _HEADS or tree.child(place, "conj", "cc", "appos", "poss") is not None or tree.tag(place) == "NNP":
        return None
    if determiner == "the" and (label not in ("pobj", "dobj") or tree.tag(place) == "NNS"):
        return None  # "the dog, not the cat" speaks of a cat that is known
    if determiner not in _COUNTED | {"the", ""} or (not determiner and tree.tag(place) == "NN" and label == "nsubj"):
        return None
    return None if tree.lower(place + 1) in _CLOSE or tree.is_noun(place + 1) else place + 1


def _behind_attribute(tree: Tree, place: int) -> int | None:
    return place + 1 if tree[place].head == place + 1 else None


def _behind_number(tree: Tree, place: int) -> int | None:
    noun = tree[place].head
    return noun + 1 if tree.lower(noun + 1) not in _CLOSE and tree.child(noun, "conj") is None else None


#: kind -> (the kind of swap, where the contrast stands).
_OF: dict[str, tuple[str, Callable[[Tree, int], int | None]]] = {
    "object_contrasted": ("object_replaced", _behind_thing),
    "attribute_contrasted": ("attribute_swapped", _behind_attribute),
    "number_contrasted": ("number_swapped", _behind_number),
}
#: Kinds that set something against what excludes it.
CONTRASTS = tuple(_OF)
