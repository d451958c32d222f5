"""A caption that denies something made affirmative: a man without a hat -> a man with a hat; is not -> is."""

from collections.abc import Iterator

from semclip.english import lexicon
from semclip.english.edits import Change, Scene, rule
from semclip.english.inflection import article_of, inflect, words
from semclip.english.parse.tree import Tree

_BACK = words("is are was were has have can does do did")


def denials(tree: Tree) -> list[int]:
    """Where a caption denies something."""
    return [i for i, word in enumerate(tree.words) if word in lexicon.NEGATION_WORDS or word in ("n't", "n’t")]


@rule(
    "negation_removed",
    ("A man without a hat sits on a bench .", "A man with a hat sits on a bench ."),
    ("A street with no cars", "A street with cars"),
    ("A dog is not running .", "A dog is running ."),
    ("There is no dog on the beach .", "There is a dog on the beach ."),
    ("A dog does not run .", "A dog runs ."),
)
def affirmed(scene: Scene) -> Iterator[Change]:
    """What the caption denies affirmed; only where it denies one thing, once."""
    tree = scene.tree
    places = denials(tree)
    after = tree.lower(places[0] + 1) if len(places) == 1 else "one"
    if after in ("one", ".") or after.isdigit():
        return  # no one; Platform No. 3
    place = places[0]
    word, before, noun = tree.lower(place), tree.lower(place - 1), _noun_behind(tree, place)
    if word == "without" and noun is not None and tree[place].label == "prep":
        start = place + 1 + (tree.lower(place + 1) == "any")
        yield scene.change((place, start, f"with {_some(tree, start, noun)}".strip()), pair=(word, "with"))
    elif word == "no" and noun is not None and before not in ("and", "or", ","):
        yield scene.change((place, place + 1, _some(tree, place + 1, noun)), pair=(word, ""))
    elif word in ("not", "n't", "n’t") and before in _BACK:
        yield from _verb_affirmed(scene, place)


def _noun_behind(tree: Tree, place: int) -> int | None:
    """The head of the noun phrase that a denial stands before."""
    after = range(place + 1, len(tree))
    return next((i for i in after if tree.is_noun(i) and tree.tag(i + 1) not in ("NN", "NNS")), None)


def _verb_affirmed(scene: Scene, place: int) -> Iterator[Change]:
    tree = scene.tree
    helper = tree.lower(place - 1)
    tag = {"does": "VBZ", "do": "VBP", "did": "VBD"}.get(helper)
    if tag is None:
        yield scene.change((place, place + 1, ""), pair=("not", ""))
    elif tree.is_verb(place + 1):
        verb = tree[place + 1].lemma
        yield scene.change((place - 1, place + 2, inflect(verb, tag)), pair=("not", ""))


def _some(tree: Tree, start: int, noun: int) -> str:
    """The article of what is affirmed: a hat, cars."""
    if tree.tag(start) in ("DT", "PRP$", "CD") or tree.tag(noun) in ("NNS", "NNPS"):
        return ""
    return "" if tree[noun].lemma in lexicon.UNCOUNTED else article_of(tree[start].text)


def absence_of(tree: Tree) -> str:
    """What a caption denies that is one thing and no more: the lemma of the noun behind "no" or "without"; else ""."""
    places = denials(tree)
    if len(places) != 1 or tree.lower(places[0]) not in ("no", "without") or tree.lower(places[0] + 1) == "one":
        return ""
    for i in range(places[0] + 1, len(tree)):
        if tree.is_noun(i) and tree.tag(i + 1) not in ("NN", "NNS"):
            return tree[i].lemma
        if tree.tag(i) not in ("DT", "JJ", "NN", "NNS", "PRP$"):
            return ""
    return ""


@rule(
    "denial_kept",
    ("A man without a hat sits on a bench .", "A man with no hat sits on a bench ."),
    ("A street with no cars", "A street without cars"),
    ("There is no dog on the beach .", "There is not a dog on the beach ."),
)
def kept(scene: Scene) -> Iterator[Change]:
    """What the caption denies, denied in other words: true, and says what is missing."""
    tree = scene.tree
    thing, places = absence_of(tree), denials(tree)
    noun = _noun_behind(tree, places[0]) if thing else None
    if noun is None:
        return
    place = places[0]
    before, after = tree.lower(place - 1), tree.lower(place + 1)
    some = _some(tree, place + 1, noun)
    if tree.lower(place) == "without" and tree[place].label == "prep":
        yield scene.change((place, place + 1 + (after in ("a", "an", "any")), "with no"), denied=thing)
    elif before == "with":
        yield scene.change((place - 1, place + 1, f"without {some}".strip()), denied=thing)
    elif before in ("is", "are") and tree.lower(place - 2) == "there":
        yield scene.change((place, place + 1, f"not {some or 'any'}"), denied=thing)
