"""True denials in the forms of the false ones: what is denied is not the caption but a swap in it.

A man rides a bicycle -> a man is not riding a horse; a dog runs -> no cat runs. So nothing in the form of a sentence
tells whether it is true.
"""

from collections.abc import Iterator
from functools import partial

from semclip.english import things
from semclip.english.edits import Change, Scene, tried
from semclip.english.negate.contrasted import CONTRASTED, contrasted, swapped_words
from semclip.english.parse.tree import Tree

#: Kinds that deny one word, which must be the one that was swapped.
_OF_ONE_WORD = frozenset({"relation_denied", "attribute_denied"})
#: Kinds whose denial holds of all that the sentence says.
_OF_ALL = frozenset({"subject_denied", "caption_denied"})
_KINDS = _OF_ONE_WORD | _OF_ALL | {"verb_negated", *CONTRASTED}
#: What is swapped below each kind of denial, where it is no thing.
_SWAPPED = {"attribute_denied": ("attribute_swapped",), "verb_negated": ("object_replaced", "action_replaced")}


def truly(kind: str, scene: Scene) -> list[Change]:
    """True changes of a kind that denies; `Change.denied` names what is not there."""
    make = partial(contrasted, kind, True) if kind in CONTRASTED else partial(_of_swaps, kind)
    return scene.once(("true", kind), partial(make, scene)) if kind in _KINDS else []


def _of_swaps(kind: str, scene: Scene) -> Iterator[Change]:
    for swaps in _SWAPPED.get(kind, ("object_replaced",)):
        for place, word, swap, false in scene.once(("false", swaps), partial(_false_scenes, swaps, scene)):
            missing = {"attribute_swapped": f"{word} {scene.tree[scene.tree[place].head].lemma}", "action_replaced": ""}
            for change in tried(kind, false):
                if _is_denied(kind, false.tree, place, change):
                    items = [word if item == place else item for item in change.items]
                    yield Change(items, swap.pair, missing.get(swaps, swap.pair[1]), change.contrived)


def _false_scenes(swaps: str, scene: Scene) -> Iterator[tuple[int, str, Change, Scene]]:
    """(place, the word put there, its change, the caption with it) of each swap of one word."""
    tree = scene.tree
    for place, _, word, swap in swapped_words(swaps, scene):
        if things.NAMES.get(word, ("", False))[0] not in scene.siblings.signs:  # a rider may be a woman
            text = word.capitalize() if tree[place].text[:1].isupper() else word
            yield place, word, swap, Scene(tree.with_word(place, text, swap.pair[1]), scene.siblings, scene.family)


def _is_denied(kind: str, tree: Tree, place: int, change: Change) -> bool:
    """Whether the denial holds of the word that was swapped in."""
    if kind in _OF_ONE_WORD:
        return change.denied in (tree[place].lemma, tree.lower(place))
    if kind in _OF_ALL:
        return place in change.items
    verb = next(i for i, token in enumerate(tree) if token.lemma == change.denied and tree.is_verb(i))
    if verb == place:
        return True
    listed = tree[place].label == "conj" or tree.child(place, "conj") is not None
    if place not in change.items or listed or place not in set(tree.under(verb)):
        return False  # not holding a hat and a bag: it may be one of them
    subject = tree.subject(verb)
    return subject is None or place not in set(tree.under(subject))
