"""Another thing, person or sport in the place of one, and two beings in each other's."""

from collections.abc import Container, Iterator, Mapping

from semclip.english import lexicon, things
from semclip.english.edits import Change, Scene, replaced, rule
from semclip.english.inflection import inflect, words
from semclip.english.negate.denied import COUNTED, DEPICTIONS
from semclip.english.pairs import REPLACEMENTS, Entry, fitting
from semclip.english.parse.clause import COLLECTIVES, clause_of, is_being
from semclip.english.parse.tree import Tree
from semclip.english.siblings import Siblings
from semclip.english.words.load import listed

_PLAIN_BEFORE = frozenset(lexicon.COLOURS) | lexicon.AGES | words("large small tiny huge")
#: A plate of cake may be one of pie; the bed of a truck is none of a boat.
_HOLDS_ITS_OBJECT = COLLECTIVES | DEPICTIONS | listed("holds its object")
#: Nobody says "in the beach", "on a desert".
_UNSAID = {place: listed(f"unsaid {place}") for place in words("on in at through into inside down up by near")}
_GROUND = listed("ground")


@rule(
    "object_replaced",
    ("A zebra stands in the grass .", "A giraffe stands in the grass ."),
    ("A man holding a balloon", "A man holding a kite"),
)
def other_thing(scene: Scene) -> Iterator[Change]:
    """A zebra -> a giraffe, where neither is in any other caption."""
    tree = scene.tree
    for place, token in enumerate(tree):
        if token.lemma not in REPLACEMENTS or token.tag not in ("NN", "NNS"):
            continue
        if token.label in ("compound", "appos", "npadvmod", "dep") or tree.determiner(place) in ("another", "other"):
            continue
        if tree.child(place, "compound", "nmod", "poss") is not None or tree.lower(place + 1) in ("of", "'s", "-"):
            continue
        if _has_parts(tree, place) or (token.lower in lexicon.COLOURS and tree.tag(place) == "NN"):
            continue  # a pizza with a slice missing; dressed in orange
        adjectives = [tree.lower(i) for i in tree.children(place, "amod")]
        if not _PLAIN_BEFORE.issuperset(adjectives) or (adjectives and token.lemma in _GROUND):
            continue
        if _belongs(tree, place) or in_a_place(tree, place) or tree.words.count(token.lower) > 1:
            continue
        for other, new, _ in rivals(REPLACEMENTS, scene, place, scene.siblings.signs):
            yield scene.change((place, place + 1, new), pair=(token.lemma, other))


def _has_parts(tree: Tree, place: int) -> bool:
    """Whether something is said of a thing's parts, which another thing may lack."""
    return not is_being(tree, place) and any(
        tree.lower(i) in ("with", "without", "of") for i in tree.children(place, "prep")
    )


def rivals(
    table: Mapping[str, list[Entry]], scene: Scene, place: int, hinted: Container[str]
) -> Iterator[tuple[str, str, bool]]:
    """(lemma, the word as written, is it far-fetched) of every noun that may stand at a place and that no caption names
    or hints at."""
    tree, siblings = scene.tree, scene.siblings
    if tree[place].lemma in _GROUND and tree[place].label in ("dobj", "conj", "compound", "appos"):
        return  # track and field
    if tree.lower(place) in ("sheep", "fish", "deer") and tree.determiner(place) not in ("a", "an"):
        return  # one of them, or several
    mass, counted = tree[place].lemma in lexicon.MASS, tree.determiner(place) in COUNTED
    bare = not tree.determiner(place) and tree.tag(place) == "NN"
    subject = tree[place].label in ("nsubj", "nsubjpass")
    for new, entry in fitting(table.get(tree[place].lemma, []), _governors(tree, place)):
        if new in lexicon.MASS and not mass and (counted or subject):
            continue  # a rice; rice are
        if mass and new not in lexicon.MASS and bare:
            continue  # cooks noodle
        # "rides" hints at a horse, but it is the bicycle that is ridden.
        unsaid = new in _UNSAID.get(tree.lower(tree[place].head), ())
        if not unsaid and not is_named(siblings, new, siblings.times_named if entry.needed else hinted):
            yield new, (plural(new) if tree.tag(place) == "NNS" else new).replace("-", " "), entry.far


def _belongs(tree: Tree, place: int) -> bool:
    """Whether a noun says whose part another one is: the bed of a truck is none of a boat."""
    of = tree[place].head
    return tree.lower(of) == "of" and tree[tree[of].head].lemma not in _HOLDS_ITS_OBJECT


def in_a_place(tree: Tree, place: int) -> bool:
    """Whether a thing is said to be in a place, or on a table, which may hold another as well."""
    above = tree[place].head
    if tree.lower(above) == "with" or tree[above].lemma in ("have", "contain", "feature", "include", "hold"):
        head = tree[above].head if tree.lower(above) == "with" else tree.subject(above)
        return head is not None and tree.is_noun(head) and not is_being(tree, head)
    return False


def is_named(siblings: Siblings, noun: str, things_there: Container[str]) -> bool:
    """Whether any caption or list of objects names a noun, or it is among the things that they name or hint at."""
    thing = things.NAMES.get(noun, (noun, False))[0]
    return noun in siblings.lemmas or thing in things_there or siblings.lists(noun) or plural(noun) in siblings.bag


def plural(noun: str) -> str:
    if noun in lexicon.MASS:
        return noun
    return things.THINGS[noun].plural if noun in things.THINGS else inflect(noun, "NNS")


def _governors(tree: Tree, place: int) -> set[str]:
    """The preposition and the verb above a noun, the noun that it describes, and what stands before it."""
    found, at = {tree[i].lemma for i in tree.children(place, "compound", "nmod", "amod")}, place
    for _ in range(3):
        at = tree[at].head
        found.add(tree[at].lemma)
    return found


#: A woman singer, ladies jackets.
_BEFORE = ("compound", "nmod", "amod")
#: Words for somebody of that age and either sex: of "a boy" and "a kid" no girl is made.
_MAY_BE_EITHER = words("child children kid kids toddler toddlers baby babies infant adult adults")
_SEXED = lexicon.MALE_SIGNS | lexicon.FEMALE_SIGNS
_PRONOUNS = {"he": "she", "his": "her", "him": "her", "himself": "herself"}
_HERS = {"she": "he", "herself": "himself"}


#: Contrasts alone: where a child plays an adult may play as well, but "an adult, not a child, plays" is false.
_OF_AGE = {"child": "adult", "children": "adults", "kid": "adult", "kids": "adults", "toddler": "adult"}


def refers_to_somebody(tree: Tree) -> bool:
    """Whether a pronoun says of which sex somebody is."""
    return any(word in _PRONOUNS or word in _HERS or word == "her" for word in tree.words)


def people_like(scene: Scene) -> Iterator[tuple[int, str]]:
    """(place, another word) of everyone who may be set against others: a man, not a woman; a child, not an adult."""
    tree = scene.tree
    for place, word in enumerate(tree.words):
        others = lexicon.OTHER_MEN.get(word) or lexicon.OTHER_WOMEN.get(word) or ()
        if any(tree.lower(i) in lexicon.AGES for i in tree.children(place, "amod")):
            others = others[:1]  # no boy is old
        elif word in _OF_AGE:
            others = (_OF_AGE[word],)
        if tree[place].label in _BEFORE or tree.child(place, "compound") is not None or _is_our_lady(tree, place):
            continue
        named, bag = scene.siblings.times_named, scene.siblings.bag
        for other in others:
            # a girl is a child as a boy is: what tells a boy is said of nobody
            if things.NAMES.get(other, ("", False))[0] not in named or (
                _other_sex(word, other) and bag.isdisjoint(_signs_like(other) | lexicon.MANY_PEOPLE)
            ):
                yield place, other


def _is_our_lady(tree: Tree, place: int) -> bool:
    """Whether a saint is named whose title nobody changes."""
    return tree.lower(place - 1) == "our" and tree[place].text[0].isupper()


def _signs_like(word: str) -> frozenset[str]:
    return next((signs for signs in (lexicon.MALE_SIGNS, lexicon.FEMALE_SIGNS) if word in signs), frozenset())


def _other_sex(one: str, other: str) -> bool:
    return one not in _signs_like(other) and bool(_signs_like(other))


@rule("object_replaced", ("A man sits on a bench .", "A woman sits on a bench ."))
def other_sex(scene: Scene) -> Iterator[Change]:
    """Only where all captions agree on one sex and no pronoun of this caption would be left behind."""
    tree, bag = scene.tree, scene.siblings.bag
    people = [i for i, word in enumerate(tree.words) if word in _SEXED]
    if not people or bag & lexicon.MANY_PEOPLE:
        return
    for swaps, others, pronouns in (
        (lexicon.OTHER_MEN, lexicon.FEMALE_SIGNS, _PRONOUNS),
        (lexicon.OTHER_WOMEN, lexicon.MALE_SIGNS, _HERS),
    ):
        named = [i for i in people if tree.lower(i) in swaps]
        rest = {i for i in people if i not in named}
        if len(named) != 1 or bag & others or not {tree.lower(i) for i in rest} <= pronouns.keys():
            continue
        place = named[0]
        if (
            tree[place].label in _BEFORE
            or _is_our_lady(tree, place)
            or tree.child(place, "compound") is not None
            or (rest and any("animal" in _of(tree, i) for i in range(len(tree))))
        ):
            continue
        aged = any(tree.lower(i) in lexicon.AGES for i in tree.children(place, "amod"))
        either = aged or not bag.isdisjoint(_MAY_BE_EITHER)
        for new in swaps[tree.lower(place)][: 1 if either else 2]:
            if tree.lower(place + 1) in ("'s", "’s") and new.endswith("s"):
                continue
            if new in bag:
                continue
            parts = [(i, i + 1, pronouns[tree.lower(i)]) for i in rest if new in others]
            yield scene.change((place, place + 1, new), *parts, pair=(tree.lower(place), new))


def _of(tree: Tree, place: int) -> frozenset[str]:
    return lexicon.NOUNS.get(tree.lower(place), (frozenset(),))[0]


_WITH_SPORT = words("player players game match team teams uniform uniforms practice coach fan fans")


@rule("object_replaced", ("Two boys playing soccer on a field", "Two boys playing tennis on a field"))
def other_sport(scene: Scene) -> Iterator[Change]:
    """soccer -> tennis, where nothing of the other sport is named."""
    tree, bag = scene.tree, scene.siblings.bag
    for place, token in enumerate(tree):
        if token.lower not in lexicon.SPORTS:
            continue
        modifies = tree.lower(place + 1) in _WITH_SPORT
        played = tree[token.head].lemma == "play" and token.label in ("dobj", "oprd", "attr", "npadvmod")
        if not modifies and not played:
            continue
        for other, signs in lexicon.SPORTS.items():
            own = set(lexicon.SPORTS[token.lower].split()) - {"player", "players", "ball"}  # left behind in the text
            related = {other, *signs.split()} - {"player", "players", "ball"}
            if (
                other != token.lower
                and token.lower not in signs.split()
                and bag.isdisjoint(related)
                and own.isdisjoint(tree.words)
            ):
                yield scene.change((place, place + 1, other), pair=(token.lower, other))


#: Verbs that one does and the other suffers, so that the two cannot change places.
_ON_ANOTHER = listed("on another")
_OWN = words("his her its their he she him they them himself herself itself themselves each together")


@rule("roles_exchanged", ("A dog chases a cat .", "A cat chases a dog ."))
def roles(scene: Scene) -> Iterator[Change]:
    """Two beings in each other's place: a dog chases a cat -> a cat chases a dog. Refused where both may do it."""
    tree = scene.tree
    clause = clause_of(tree)
    if clause is None or clause.verb is None or tree[clause.verb].lemma not in _ON_ANOTHER | {"be"}:
        return
    first, second = clause.subject, tree.child(clause.verb, "dobj")
    if second is None or not is_being(tree, first) or not is_being(tree, second) or not _OWN.isdisjoint(tree.words):
        return
    if (tree.tag(first) == "NNS") != (tree.tag(second) == "NNS") or tree[first].lemma == tree[second].lemma:
        return
    left, right = _whole(tree, first), _whole(tree, second)
    if left is None or right is None or left[1] > right[0]:
        return
    items = replaced(tree, ())
    swapped = [
        *items[: left[0]], *items[right[0] : right[1]], *items[left[1] : right[0]], *items[left[0] : left[1]],
        *items[right[1] :],
    ]  # fmt: skip
    yield Change(swapped, (tree[first].lemma, tree[second].lemma))


def _whole(tree: Tree, noun: int) -> tuple[int, int] | None:
    """A noun phrase that is nothing but determiner, adjectives and noun."""
    if tree.determiner(noun) not in ("a", "an", "the", *lexicon.NUMBERS) or tree.child(noun, "conj", "poss", "relcl"):
        return None
    return tree.noun_start(noun), noun + 1
