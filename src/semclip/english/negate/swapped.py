"""One word of a caption for another that excludes it: a colour, a number, a relation, an action."""

from collections.abc import Iterator
from functools import partial

from semclip.english import lexicon
from semclip.english.edits import Change, Scene, rule
from semclip.english.inflection import inflect, words
from semclip.english.pairs import ATTRIBUTES, fitting
from semclip.english.parse.clause import is_being, is_person
from semclip.english.parse.tree import FINITE, Tree
from semclip.english.siblings import Siblings
from semclip.english.words.load import listed, rows_of

#: Nobody says that these have another colour than they have.
_OF_ONE_COLOUR = listed("of one colour")
#: Behind these a colour is one of two, of a degree or the name of a shade: emerald green.
_NOT_BEHIND = words("and or very sterling") | listed("shades")
_BEFORE = frozenset({"amod", "compound", "nmod"})
_IN_SENTENCES = FINITE | {"DT", "PRP$"}
_OF_PEOPLE = frozenset({"adult", "person", "clothes", "hair"})
#: What tells of no style: 80 x 70 cm.
_MEASURES = (listed("units") | {"x"}) - {"in"}
#: category -> the colours that such things have.
_PALETTES = {
    "animal": lexicon.FUR_COLOURS,
    "hair": lexicon.HAIR_COLOURS,
    **dict.fromkeys(("clothes", "object", "other"), lexicon.CLOTH_COLOURS),
}
#: What is measured, not counted, and the days of a month.
_UNCOUNTED = listed("units") | listed("months")
#: What stands before the number of one of a series: step 3, size 8.
NUMBERED = listed("numbered")
#: (words, their opposite, lemmas that no caption may hold, nouns of which one must follow)
_RELATIONS = [(old.split(), new, words(bad), words(nouns)) for old, new, bad, nouns in rows_of("relations", 4)]
_NO_PLACE = listed("no place")
_NO_WORD_BEFORE = words("from just very right dressed made gap")
#: No goat cooks.
_OF_PERSONS = words("cook pour")
#: What may follow a verb, in a word.
_AFTER = {"END": frozenset({"", "while", "as"}), "AT": listed("at a place"), "ALONG": listed("along a way")}


@rule(
    "attribute_swapped",
    ("A black dog lies on the floor .", "A white dog lies on the floor ."),
    ("A small boat on the lake", "A large boat on the lake"),
)
def other_attribute(scene: Scene) -> Iterator[Change]:
    """Another colour, size, age or state, where no second thing may have it: nobody knows another person's coat."""
    for place, new, sure, far in scene.once("attributes", partial(attributes, scene)):
        if sure:
            yield scene.change((place, place + 1, new), pair=(scene.tree.lower(place), new), contrived=far)


def attributes(scene: Scene) -> Iterator[tuple[int, str, bool, bool]]:
    """(place, another word, may no second thing have it, is it far-fetched) of what is said before nouns."""
    tree, siblings = scene.tree, scene.siblings
    for place, noun in _described(tree):
        token, lemma = tree[place], tree[noun].lemma
        unknown = frozenset({"person" if is_person(tree, noun) else "object"})
        categories = lexicon.NOUNS.get(tree.lower(noun), (unknown,))[0]
        kinds = (("person", categories & _OF_PEOPLE), ("animal", "animal" in categories))
        counted = tree.child(noun, "nummod") is not None
        several = not counted and any(of and siblings.may_hold_more(kind) for kind, of in kinds)
        sure = not several and sum(other.lemma == lemma for other in tree) < 2
        if token.lower not in lexicon.COLOURS or lemma not in _OF_ONE_COLOUR:
            yield from ((place, new, sure, False) for new in _others(token.lower, categories, siblings))
        nouns = {lemma, tree[place + 1].lemma if place + 1 < noun else ""}  # beef stew recipe
        for new, entry in fitting(ATTRIBUTES.get(token.lower, []), nouns, tree.said):
            if new not in siblings.bag:
                yield place, new, sure, entry.far


def _described(tree: Tree) -> Iterator[tuple[int, int]]:
    """(place, its noun; itself at a product's end) of all that is said of nouns and is no part of a name."""
    product = tree.tags.isdisjoint(_IN_SENTENCES)  # Steel Bottle, Matte Black
    for place, token in enumerate(tree):
        alone = product and token.lower in lexicon.COLOURS and tree.lower(place + 1) in ("", ",", ")")
        noun = place if alone else token.head
        inside = token.label in _BEFORE and noun >= place and tree.is_noun(noun) and tree[noun].label != "compound"
        if not (alone or inside):
            continue
        before = tree.lower(place - 1)
        joined = not alone and (before == "-" or tree.lower(place + 1) in (",", "and", "or", "-"))
        joined = joined or before in _NOT_BEHIND or tree.child(place, "conj", "cc", "advmod", "neg") is not None
        if not (joined or place in tree.quoted or names_something(tree, place, noun)):  # the Blue Mosque
            yield place, noun


def names_something(tree: Tree, place: int, noun: int) -> bool:
    """Whether a word is part of a name: it has a capital where none starts a sentence, or a noun or the next word has
    one, too, and few others do or it is behind "the"; or its phrase starts with a "The" inside the caption."""
    start = tree.noun_start(max(place, noun))
    if start and tree[start].text == "The" and not tree.style[0]:
        return True  # at The Copper Kettle
    if not tree[place].text[0].isupper() or any(tree.style):
        return False
    if not any(token.text[0].isupper() for token in (tree[noun], *tree[place + 1 : place + 2])):
        return place > 0  # a Navy diver
    letters = [token.text for token in tree[1:] if token.text.isalpha() and token.lower not in _MEASURES]
    return tree.determiner(noun) == "the" or sum(map(str.islower, letters)) >= len(letters) / 2


def _others(word: str, categories: frozenset[str], siblings: Siblings) -> Iterator[str]:
    """Opposites and colours that are said of these categories, and that no caption says or comes near."""
    if word in lexicon.OPPOSITES:
        opposite, allowed, forbidden = lexicon.OPPOSITES[word]
        if categories & allowed and opposite not in siblings.bag and siblings.bag.isdisjoint(forbidden):
            yield opposite
    elif word in lexicon.COLOURS and siblings.bag.isdisjoint(lexicon.MIXED_COLOURS):
        palette = next((colours for kind, colours in _PALETTES.items() if kind in categories), ())
        said = siblings.bag & lexicon.COLOUR_WORDS
        too_near = {word, *lexicon.COLOURS[word], *said}
        yield from (new for new in palette if new not in too_near and said.isdisjoint(lexicon.COLOURS[new]))


@rule("number_swapped", ("Two dogs run on the grass .", "Three dogs run on the grass ."))
def other_number(scene: Scene) -> Iterator[Change]:
    """A higher number, clearly another one: of five dogs two are seen, too, so that none is lowered."""
    tree, siblings = scene.tree, scene.siblings
    if siblings.bag & lexicon.VAGUE_NUMBERS or len(siblings.bag & lexicon.NUMBER_WORDS) > 1:
        return
    for place, token in enumerate(tree):
        if token.label != "nummod" or token.lower not in lexicon.NUMBERS[:-1] or tree.tag(token.head) != "NNS":
            continue
        at = lexicon.NUMBERS.index(token.lower)
        for new in lexicon.NUMBERS[at + 1 : at + 3]:
            if tree.lower(place - 1) not in ("the", "of", "between", "other", "all"):
                yield scene.change((place, place + 1, new), pair=(token.lower, new))


@rule("number_swapped", ("Set of 6 cotton socks", "Set of 8 cotton socks"))
def other_count(scene: Scene) -> Iterator[Change]:
    """The number of a listing or of one of a series: a set of 6 -> of 8, step 3 -> step 4; no measure, date, price."""
    tree = scene.tree
    for place, token in ((i, token) for i, token in enumerate(tree) if token.text.isdigit()):
        before, following = tree.lower(place - 1), tree.lower(place + 1)
        counted = tree.tag(place + 1)[:2] in ("NN", "JJ") and following not in _UNCOUNTED  # and no month
        of_series = before in NUMBERED and (not following[:1].isalnum() or tree.tag(place + 1) == "IN")
        first = place == 0 or before in ("of", ",", "with")
        glued = not token.space and (following[:1].isalnum() or following in ("-", "–"))  # 4K, 10-12
        if not glued and (of_series or (counted and first and 1 < int(token.text) < 21)):
            for new in (str(int(token.text) + 1), str(int(token.text) + 2)):
                yield scene.change((place, place + 1, new), pair=(token.text, new))


@rule(
    "relation_reversed",
    ("A cat sits in front of a couch .", "A cat sits behind a couch ."),
    ("A dog sleeps under the table .", "A dog sleeps on top of the table ."),
)
def other_relation(scene: Scene) -> Iterator[Change]:
    """in front of -> behind, under -> on top of, inside -> outside, on -> beside."""
    tree, taken, said = scene.tree, set[int](), set(scene.tree.words)
    for old, new, forbidden, nouns in (row for row in _RELATIONS if said.issuperset(row[0])):
        for place in range(1, len(tree) - len(old)):
            end = place + len(old)
            if place in taken or tree.words[place:end] != old:
                continue
            noun = tree.child(end - 1, "pobj", "dobj")
            if noun is None or tree[noun].lemma in _NO_PLACE:
                continue
            if tree.noun_start(noun) != end or not tree.is_noun(noun) or (nouns and tree[noun].lemma not in nouns):
                continue
            taken.add(place)
            if tree.lower(place - 1) in _NO_WORD_BEFORE or scene.siblings.bag & forbidden or tree.tag(place) == "RP":
                continue
            if nouns or tree.determiner(noun) in ("a", "an", "the") or tree.tag(noun) == "NNS":
                yield scene.change((place, end, new), pair=(" ".join(old), new))


#: verb -> [(what cannot happen at the same time, what must follow the verb)].
_ACTIONS: dict[str, list[tuple[list[str], list[str]]]] = {}
for _verb, _new, _after in rows_of("actions", 3):
    _ACTIONS.setdefault(_verb, []).append((_new.split(), _after.split()))


@rule(
    "action_replaced",
    ("A man sits on a bench .", "A man stands on a bench ."),
    ("A dog sleeping on the couch", "A dog playing on the couch"),
)
def other_action(scene: Scene) -> Iterator[Change]:
    """Another action that cannot happen at the same time: sitting on a bench -> standing on a bench."""
    tree, clause = scene.tree, scene.clause
    if clause is None or clause.verb is None or not is_being(tree, clause.subject):
        return
    verb = tree[clause.verb]
    if verb.tag == "VBN" or tree.child(clause.verb, "prt", "conj", "xcomp", "cc"):
        return
    if tree.lower(clause.verb + 2) in ("his", "her", "its", "their", "back"):  # nobody jumps on their back
        return
    word, noun = tree.lower(clause.verb + 1), tree.child(clause.verb, "dobj")
    objects = ("THING", tree[noun].lemma) if noun is not None else ()
    said = scene.siblings.lemmas | (frozenset() if is_person(tree, clause.subject) else _OF_PERSONS)
    for others, after in _ACTIONS.get(verb.lemma, ()):
        fitting = [new for new in others if new not in said]
        follows = any(word in _AFTER.get(what, {what}) or what in objects for what in after)
        if follows and fitting:
            for new in fitting:
                yield scene.change((clause.verb, clause.verb + 1, inflect(new, verb.tag)), pair=(verb.lemma, new))
            return
