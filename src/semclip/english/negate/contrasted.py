"""A word set against one that excludes it: a cat, not a dog, sleeps; and the true sentence in the same words."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from semclip.english import lexicon
from semclip.english.edits import Change, Scene, rule, tried
from semclip.english.inflection import one_of, words
from semclip.english.negate.denied import COUNTED, DEPICTIONS, OWN, chunks_of
from semclip.english.negate.figures import Rival, figures, ordinals
from semclip.english.negate.replaced import in_a_place, people_like, refers_to_somebody, rivals
from semclip.english.negate.sentence import endings_of
from semclip.english.negate.swapped import NUMBERED, attributes, names_something
from semclip.english.pairs import ATTRIBUTES, CONTRASTS, family_of_pair, fitting
from semclip.english.parse.clause import is_being, is_person
from semclip.english.parse.tree import NOUNS, VERBS, Tree
from semclip.english.words.load import listed

_HEADS = frozenset({"nsubj", "nsubjpass", "dobj", "pobj", "attr", "ROOT"})
#: What has no article though it is one.
_BARE = lexicon.MASS | listed("bare")
#: A hot dog is no dog.
_NO_KIND = listed("no kind")
#: What shows something, and may be set against another such thing before its "of".
_SHOWS = DEPICTIONS | words("map poster statue bust sculpture print mural")
#: What other things are made of, or flavoured with, as well.
_OF_ANY = listed("of any")
_UNITS = listed("units")
_SHARES = frozenset(lexicon.NUMBERS) | words("one all most some many each half few none")
_STAYING = COUNTED | OWN | {"the", ""}
_CLOSE = words("of 's ’s and or , - / . not")
_BEFORE_NAMES = words("in on from of at near , early late")
#: 8 x 10, 5 to 11
_BESIDE_FIGURES = words("x × to and or")
_MEASURES = words("bed bath bedroom bathroom story storey seat piece pack person man door car day night way")
#: Six weeks old.
_OLD = words("old long ago later earlier before after apart") | _CLOSE
#: Relations that may be asked for: nobody takes a man on a bench for one who is under it.
_ASKED = words("inside outside before after") | {"outside of", "on the left of", "on the right of"}
#: Nobody denies the day or the number that nobody spoke of.
_BETTER_SWAPPED = frozenset({"name_contrasted", "number_contrasted", "figure_contrasted"})


def contrasted(kind: str, true: bool, scene: Scene) -> Iterator[Change]:
    """A dog runs -> a cat, not a dog, runs; where it shall be true a dog, not a cat, runs: the same words."""
    tree = scene.tree
    for rival in _RIVALS[kind][0](scene, true):
        if family_of_pair(rival.pair) != scene.family or rival.start in tree.quoted:
            continue
        old = tree.text_of(rival.start, rival.end)
        old = old if any(map(str.isdigit, old)) else old.lower()  # 1.7L
        other, swap = (rival.new, ()) if true else (old, ((rival.start, rival.end, rival.new),))
        said = rival.as_said(other)
        cuts = scene.once(("endings", rival.at), partial(endings_of, tree, rival.at))
        for end in (*cuts, len(tree)):
            goes_on = rival.at < end and tree.lower(rival.at) not in (",", ":", ";", "-", "(", ")")
            text = scene.by_family(f", not {said}{' ,' if goes_on else ''}", f"rather than {said}")
            rest = ((end, len(tree), ""),) if end < len(tree) else ()
            denied = "" if true and kind == "action_contrasted" else f"{other} {rival.of}".strip()  # no thing
            yield scene.change(
                *swap, (rival.at, rival.at, text), *rest,
                denied=denied, pair=rival.pair,
                contrived=rival.far or (not true and kind in _BETTER_SWAPPED),
            )  # fmt: skip


def swapped_words(kind: str, scene: Scene) -> list[tuple[int, int, str, Change]]:
    """(start, end, what is put there, its change) of every swap at one place."""
    return scene.once(("swapped", kind), partial(_swapped_words, kind, scene))


def _swapped_words(kind: str, scene: Scene) -> Iterator[tuple[int, int, str, Change]]:
    for change in tried(kind, scene):
        new = [i for i, item in enumerate(change.items) if isinstance(item, str)]
        if len(new) == 1:
            kept = [-1, *(item for item in change.items if isinstance(item, int)), len(scene.tree)]
            yield kept[new[0]] + 1, kept[new[0] + 1], str(change.items[new[0]]), change


def _others(scene: Scene, people: bool) -> Iterator[tuple[int, str, tuple[str, str], bool]]:
    """(place, what is put there, the pair of words, is it far-fetched) of all that may be set against nouns.

    people: whether of people, too.
    """
    tree = scene.tree
    swaps = swapped_words("object_replaced", scene)
    found = {(start, new): (change.pair, change.contrived) for start, _, new, change in swaps}
    for place, new in people_like(scene) if people else ():
        found.setdefault((place, new), ((tree.lower(place), new), False))
    for place, token in enumerate(tree):
        inside = token.label in ("poss", "appos", "npadvmod")  # a children's hospital; a villa, 5 bedrooms
        if token.lemma not in CONTRASTS or token.tag not in ("NN", "NNS") or inside or in_a_place(tree, place):
            continue
        named, determiner = place > 0 and names_something(tree, place, place - 1), tree.determiner(place)
        called = tree.tag(place - 1) == "NNP" and tree[place - 1].head == place  # Vellano workshop
        if (named or called) and not determiner:
            continue  # Quay No. 4, volunteers of Rivers Alive
        for new, written, far in rivals(CONTRASTS, scene, place, scene.siblings.times_named):
            if people or not is_person(tree, place):
                known = (named or called) and determiner not in ("a", "an")  # the Altamar Tower, the Altamar terminal
                pair, odd = found.get((place, written), ((token.lemma, new), False))
                found[place, written] = pair, odd or far or known
    yield from ((*where, *what) for where, what in found.items() if family_of_pair(what[0]) == scene.family)


def _things(scene: Scene, true: bool) -> Iterator[Rival]:
    tree = scene.tree
    people = true or not refers_to_somebody(tree)
    others = scene.once(("others", people), lambda: _others(scene, people))
    places = [place for place in {place for place, *_ in others} if _behind_thing(tree, place, true)]
    described = {place: [] if true else _described(tree, place) for place in places}
    for place, new, pair, far in others:
        if tree[place].label == "poss" and tree.tag(place) == "NNS":
            yield Rival(place, place + 2, new + ("'" if new.endswith("s") else "'s"), pair, place + 2, far=far)
        elif place in described and all(pair[1] in nouns for nouns in described[place]):
            yield Rival(place, place + 1, new, pair, place + 1, as_said=partial(_as_said, tree, place), far=far)


def _described(tree: Tree, noun: int) -> list[frozenset[str]]:
    """The nouns of which each attribute of a noun is said, which tell what may have it: no electric trumpet."""
    said = (entry for i in tree.children(noun, "amod") for entry in ATTRIBUTES.get(tree.lower(i), ()))
    return [entry.needed for entry in said if tree[noun].lemma in entry.needed]


def _names(scene: Scene, true: bool) -> Iterator[Rival]:
    """Of places and times: in Austria, not Germany; on Monday, not Friday."""
    tree = scene.tree
    for place, name in ((i, token.text) for i, token in enumerate(tree) if token.text[0].isupper()):
        following, tag = tree.lower(place + 1), tree.tag(place + 1)
        if tree.lower(place - 1) in _BEFORE_NAMES and (following in ("", ",", "(") or tag in ("IN", "VBZ", "VBP")):
            for new, _ in fitting(CONTRASTS.get(name, []), set(), set()):
                yield Rival(place, place + 1, new, (name, new), place + 1, as_said=str.title)


def _figures(scene: Scene, true: bool) -> Iterator[Rival]:
    tree = scene.tree
    yield from ordinals(tree)
    for figure in figures(tree):
        dated = tree.tag(figure.at) == "CD" or (tree.lower(figure.at) == "," and tree.tag(figure.at + 1) == "CD")
        packed = tree.lower(figure.at) in _MEASURES and tree.is_noun(figure.at + 1)  # a 2 pack set
        if not (dated or packed) and tree.lower(figure.at) not in _BESIDE_FIGURES:  # June 3, 2019
            yield figure


def _as_said(tree: Tree, place: int, noun: str) -> str:
    """What a noun is set against, with an article: "the dog, not the cat" would speak of a cat that is known."""
    determiner = tree.determiner(place)
    if determiner == "the" and tree[place].label not in ("pobj", "dobj"):
        determiner = "a" if tree.tag(place) == "NN" else ""
    if noun in ("floor", "ground"):
        return f"the {noun}"  # there is one
    if determiner in ("a", "an"):
        return noun if noun in lexicon.MASS else one_of(noun)
    return f"{determiner} {noun}" if determiner == "the" or determiner in OWN else noun


def _behind_thing(tree: Tree, place: int, true: bool) -> bool:
    """Whether ", not a cat," may stand behind a noun: nothing belongs to it so closely that it must follow at once."""
    token, determiner, start = tree[place], tree.determiner(place), tree.noun_start(place)
    inside = tree.children(place, "compound", "nmod")
    before = {*inside, *([place - 1] if tree.is_noun(place - 1) else [])}
    bare = not determiner and token.tag == "NN" and "DT" in tree.tags and token.lemma not in _BARE
    known = determiner == "the" and token.tag == "NNS" and token.label in ("pobj", "dobj")
    return not (
        (token.label not in _HEADS or token.tag == "NNP" or tree.child(place, "conj", "cc", "appos") is not None)
        or any(tree.lower(i) in _NO_KIND for i in (*inside, *tree.children(place, "amod")))
        # a computer desk is no couch, but nobody has a computer couch
        or (not true and any(tree.lower(i) not in _OF_ANY for i in before))
        or (known or determiner not in _STAYING)
        or (bare and start > 0)  # stands guard, plays catch
        or (tree.lower(start - 1) == "of" and tree.lower(start - 2) in _SHARES)  # all but one of his books
        or _goes_on(tree, place, true and token.label == "ROOT")
    )


def _goes_on(tree: Tree, place: int, named: bool) -> bool:
    """Whether what follows a noun belongs to it. named: a title names a thing, whatever belongs to it."""
    following, tag = tree.lower(place + 1), tree.tag(place + 1)
    if tag in NOUNS or tag == "CD" or (tag == "VBN" and tree.is_noun(place + 2)):
        return True  # Festival 2019, oven baked tacos
    if following in ("with", "without"):
        return not named and not is_being(tree, place)  # no ramen has a slice missing
    if following == "," and tree.tag(place + 2) in ("DT", "CD") and tree.lower(place + 3) not in _UNITS:
        return True  # one of a list
    if following == "of" and tree[place].lemma in _SHOWS:
        return False
    headline = following in (",", "-") and tree[place].label == "ROOT" and VERBS.isdisjoint(tree.tags)
    keywords = chunks_of(tree) if headline else []
    return following in _CLOSE and not (headline and (len(keywords) < 3 or len(keywords[0]) > 2))


def _attributes(scene: Scene, true: bool) -> Iterator[Rival]:
    tree = scene.tree
    for place, new, sure, far in scene.once("attributes", partial(attributes, scene)):
        if (true or sure) and (tree[place].head <= place + 1 or tree.tag(place + 1) in ("NN", "NNP")):
            pair, noun = (tree.lower(place), new), tree[tree[place].head].lemma
            yield Rival(place, place + 1, new, pair, place + 1, noun, far=far)

    for place in range(2, len(tree) - 1) if "white" in tree.words else ():
        if tree.words[place - 2 : place + 1] == ["black", "and", "white"] and tree[place + 1].lemma in DEPICTIONS:
            yield Rival(place - 2, place + 1, "color", ("black-and-white", "color"), place + 1, tree[place + 1].lemma)


def _swaps(kind: str, behind: Callable[[Tree, int, int], int], scene: Scene, true: bool) -> Iterator[Rival]:
    """What a rule swaps. behind: where one may be set against the other; 0 where it may not."""
    for start, end, new, change in swapped_words(kind, scene):
        if at := behind(scene.tree, start, end):
            yield Rival(start, end, new, change.pair, at)


def _behind_number(tree: Tree, start: int, end: int) -> int:
    noun = max(tree[start].head, end)
    if end < noun and tree[end].lemma in _MEASURES:
        return 0  # a 2 bath home
    if tree.lower(start - 1) in NUMBERED:
        return end
    return 0 if tree.is_noun(noun + 1) or tree.lower(noun + 1) in _OLD else noun + 1


def _relations(scene: Scene, true: bool) -> Iterator[Rival]:
    for rival in _swaps("relation_reversed", lambda _tree, _start, end: end, scene, true):
        yield rival._replace(far=rival.pair[0] not in _ASKED)


def _behind_action(tree: Tree, start: int, end: int) -> int:
    return end if tree.tag(start) == "VBG" and tree.child(start, "dobj", "advmod", "acomp") is None else 0


_numbers = partial(_swaps, "number_swapped", _behind_number)
_actions = partial(_swaps, "action_replaced", _behind_action)
#: kind -> (where something may be set against what excludes it, examples).
_RIVALS: dict[str, tuple[Callable[[Scene, bool], Iterator[Rival]], *tuple[tuple[str, str], ...]]] = {
    "object_contrasted": (
        _things,
        ("A dog runs on the beach .", "A cat , not a dog , runs on the beach ."),
        ("A man rides a bicycle", "A man rides a motorcycle, not a bicycle"),
        ("A nurse with a clipboard", "A doctor, not a nurse, with a clipboard"),
    ),
    "attribute_contrasted": (_attributes, ("A black dog naps .", "A white , not black , dog naps .")),
    "number_contrasted": (_numbers, ("Two dogs run .", "Three dogs , not two , run .")),
    "relation_contrasted": (_relations, ("A cat under a table", "A cat on top of, not under, a table")),
    "action_contrasted": (_actions, ("A man sitting on a bench", "A man standing, not sitting, on a bench")),
    "name_contrasted": (_names, ("A nurse on Monday", "A nurse on Friday, not Monday")),
    "figure_contrasted": (_figures, ("A goat aged 12 years", "A goat aged 15 years, not 12 years")),
}
#: Kinds that set something against what excludes it.
CONTRASTED = tuple(_RIVALS)
for _kind, (_, *_examples) in _RIVALS.items():
    rule(_kind, *_examples)(partial(contrasted, _kind, False))


def _exchanged(find: Callable[[Scene, bool], Iterable[Rival]], contrived: bool, scene: Scene) -> Iterator[Change]:
    for rival in find(scene, True):
        if family_of_pair(rival.pair) == scene.family:
            yield scene.change((rival.start, rival.end, rival.new), pair=rival.pair, contrived=contrived)


rule("name_swapped", ("A nurse on Monday", "A nurse on Friday"))(partial(_exchanged, _names, False))
rule(
    "figure_swapped",
    ("Bottle of oil, 500 ml", "Bottle of oil, 600 ml"),
    ("Winners of the second race", "Winners of the first race"),
)(partial(_exchanged, lambda scene, _: (*ordinals(scene.tree), *figures(scene.tree)), True))
