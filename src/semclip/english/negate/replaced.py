"""Another thing, person or sport in the place of one, and two beings in each other's."""

from collections.abc import Container, Iterator, Mapping

from semclip.english import lexicon, things
from semclip.english.edits import Change, Scene, rule
from semclip.english.inflection import inflect, words
from semclip.english.lexicon import kind_of
from semclip.english.negate.denied import COUNTED, DEPICTIONS, OWN
from semclip.english.pairs import REPLACEMENTS, Entry, family_of_pair, fitting
from semclip.english.parse.clause import COLLECTIVES, is_being
from semclip.english.parse.tree import Tree
from semclip.english.words.load import listed

_PLAIN_BEFORE = frozenset(lexicon.COLOURS) | lexicon.AGES | words("large small tiny huge")
#: What few animals are.
_RARE_IN_FUR = frozenset(lexicon.COLOURS) - words("black white brown gray grey")
#: A plate of cake may be one of pie; the bed of a truck is none of a boat.
_HOLDS_ITS_OBJECT = COLLECTIVES | DEPICTIONS | listed("holds its object")
#: Nobody says "in the beach", "on a desert".
_UNSAID = {place: listed(f"unsaid {place}") for place in words("on in at through into inside down up by near")}
_GROUND = listed("ground")
_NOT_REPLACED = frozenset({"compound", "appos", "npadvmod", "dep"})
#: Words for somebody of that age and either sex: of "a boy" and "a kid" no girl is made.
_TEENS = words("teen teens teenager teenagers youth youths")
_MAY_BE_EITHER = words("child children kid kids toddler toddlers baby babies infant adult adults") | _TEENS
_PRONOUNS = {"he": "she", "his": "her", "him": "her", "himself": "herself"}
_HERS = {"she": "he", "herself": "himself"}
#: Who is of one sex -> (who takes their place, what tells the other sex, the pronouns that change with them).
_SEXES = (
    (lexicon.OTHER_MEN, lexicon.FEMALE_SIGNS, _PRONOUNS),
    (lexicon.OTHER_WOMEN, lexicon.MALE_SIGNS, _HERS),
)
_OF_A_SEX = lexicon.MALE_SIGNS | lexicon.FEMALE_SIGNS
_OTHERS = lexicon.OTHER_WOMEN | lexicon.OTHER_MEN
#: What tells the sex of somebody, of whom nobody asks it then.
_OF_ONE_SEX = words("beard beards bearded mustache mustached moustache bald balding shirtless pregnant")
#: Contrasts alone: where a child plays an adult may play as well, but "an adult, not a child, plays" is false.
_OF_AGE = {"child": "adult", "children": "adults", "kid": "adult", "kids": "adults", "toddler": "adult"}
_WITH_SPORT = words("player players game match team teams uniform uniforms practice coach fan fans")
#: What players of any sport do.
_OF_ANY_PLAYER = words(
    "be have play pose stand sit wait watch smile celebrate walk run talk wear hold prepare practice train compete look"
)
#: Words of a sport that tell of no single one.
_OF_ANY_SPORT = words("player players ball")
#: Verbs that one does and the other suffers, so that the two cannot change places.
_ON_ANOTHER = listed("on another") | {"be"}
_OWN = words("his her its their he she him they them himself herself itself themselves each together")


@rule(
    "object_replaced",
    ("A zebra stands in the grass .", "A giraffe stands in the grass ."),
    ("A man holding a balloon", "A man holding a kite"),
)
def other_thing(scene: Scene) -> Iterator[Change]:
    """A zebra -> a giraffe, where neither is in any other caption."""
    tree = scene.tree
    for place, token in enumerate(tree):
        if token.lemma not in REPLACEMENTS or token.tag not in ("NN", "NNS") or token.label in _NOT_REPLACED:
            continue
        parts = [i for i in tree.children(place, "prep") if tree.lower(i) in ("with", "without", "of")]
        adjectives, above = [tree.lower(i) for i in tree.children(place, "amod")], tree[token.head]
        if (
            (tree.determiner(place) in ("another", "other") or tree.lower(place + 1) in ("of", "'s", "-"))
            or (tree.child(place, "compound", "nmod", "poss") is not None or tree.words.count(token.lower) > 1)
            or (token.lower in lexicon.COLOURS or place in tree.quoted)  # dressed in orange
            or (not _PLAIN_BEFORE.issuperset(adjectives) or (adjectives and token.lemma in _GROUND))
            or (is_being(tree, place) and not _RARE_IN_FUR.isdisjoint(adjectives))  # pink flamingos
            or (parts and not is_being(tree, place))  # a pizza with a slice missing
            or (above.lower == "of" and tree[above.head].lemma not in _HOLDS_ITS_OBJECT)  # the bed of a truck
            or in_a_place(tree, place)
        ):
            continue
        for other, new, far in rivals(REPLACEMENTS, scene, place, scene.siblings.signs):
            yield scene.change((place, place + 1, new), pair=(token.lemma, other), contrived=far)


def rivals(
    table: Mapping[str, list[Entry]], scene: Scene, place: int, hinted: Container[str]
) -> Iterator[tuple[str, str, bool]]:
    """(lemma, the word as written, is it far-fetched) of every noun of the family that may stand at a place and that no
    caption names or hints at."""
    tree, siblings = scene.tree, scene.siblings
    token, determiner = tree[place], tree.determiner(place)
    if token.lemma in _GROUND and token.label in ("dobj", "conj", "compound", "appos"):
        return  # track and field
    if token.lower in ("sheep", "fish", "deer") and determiner not in ("a", "an"):
        return  # one of them, or several
    mass, bare = token.lemma in lexicon.MASS, not determiner and token.tag == "NN"
    counted = determiner in COUNTED or token.label in ("nsubj", "nsubjpass")
    for new, entry in fitting(table.get(token.lemma, []), _governors(tree, place), tree.said):
        awkward = (new in lexicon.MASS) != mass and (bare if mass else counted)  # a rice; rice are; cooks noodle
        if awkward or family_of_pair((token.lemma, new)) != scene.family:
            continue
        # "rides" hints at a horse, but it is the bicycle that is ridden.
        unsaid = new in _UNSAID.get(tree.lower(token.head), ())
        hints = siblings.times_named if entry.needed else hinted
        named = new in siblings.lemmas or siblings.lists(new) or things.NAMES.get(new, (new, False))[0] in hints
        if not unsaid and not named:
            several = things.THINGS[new].plural if new in things.THINGS else inflect(new, "NNS")
            as_it_is = token.tag != "NNS" or new in lexicon.MASS
            yield new, (new if as_it_is else several).replace("-", " "), entry.far


def in_a_place(tree: Tree, place: int) -> bool:
    """Whether a thing is said to be in a place, or on a table, which may hold another as well."""
    above = tree[place].head
    head = tree[above].head if tree.lower(above) == "with" else tree.subject(above)
    holds = tree.lower(above) == "with" or tree[above].lemma in ("have", "contain", "feature", "include", "hold")
    return holds and head is not None and tree.is_noun(head) and not is_being(tree, head)


def _governors(tree: Tree, place: int) -> set[str]:
    """The preposition and the verb above a noun, the noun that it describes, and what stands before it."""
    found, at = {tree[i].lemma for i in tree.children(place, "compound", "nmod", "amod")}, place
    for _ in range(3):
        at = tree[at].head
        found.add(tree[at].lemma)
    return found


def refers_to_somebody(tree: Tree) -> bool:
    """Whether a pronoun says of which sex somebody is."""
    return not {*_PRONOUNS, *_HERS, "her"}.isdisjoint(tree.words)


def people_like(scene: Scene) -> Iterator[tuple[int, str]]:
    """(place, another word) of everyone who may be set against others: a man, not a woman; a child, not an adult."""
    tree, named, bag = scene.tree, scene.siblings.times_named, scene.siblings.bag
    for place, word in enumerate(tree.words):
        if word not in _OF_AGE and word not in _OTHERS:
            continue
        others = _OTHERS.get(word, ())
        if _has_age(tree, place) or not bag.isdisjoint(_TEENS):
            others = others[:1]  # no boy is old; a teen may be a boy
        elif word in _OF_AGE and tree.determiner(place) not in OWN:  # her child, not her adult
            others = (_OF_AGE[word],)
        for other in others if _is_one_word(tree, place) else ():
            # a girl is a child as a boy is: what tells a boy is said of nobody
            signs = next((signs for _, signs, _ in _SEXES if other in signs), frozenset())
            other_sex = signs and word not in signs
            if other_sex and not bag.isdisjoint(_OF_ONE_SEX):
                continue
            unseen = other_sex and bag.isdisjoint(signs | lexicon.MANY_PEOPLE)
            if unseen or things.NAMES.get(other, ("", False))[0] not in named:
                yield place, other


def _has_age(tree: Tree, person: int) -> bool:
    return any(tree.lower(i) in lexicon.AGES for i in tree.children(person, "amod"))


def _is_one_word(tree: Tree, person: int) -> bool:
    """Whether one word names somebody: no woman singer, ladies jacket or Our Lady."""
    saint = tree.lower(person - 1) == "our" and tree[person].text[0].isupper()
    inside = tree[person].label in ("compound", "nmod", "amod")
    return not saint and not inside and tree.child(person, "compound") is None


@rule("object_replaced", ("A man sits on a bench .", "A woman sits on a bench ."))
def other_sex(scene: Scene) -> Iterator[Change]:
    """Only where all captions agree on one sex and no pronoun of this caption would be left behind."""
    tree, bag = scene.tree, scene.siblings.bag
    people = [i for i, word in enumerate(tree.words) if word in _OF_A_SEX]
    if not people or bag & lexicon.MANY_PEOPLE:
        return
    for swaps, others, pronouns in _SEXES:
        place, *more = [i for i in people if tree.lower(i) in swaps] or [-1]
        rest = {i for i in people if i != place}
        if place < 0 or more or bag & others or not {tree.lower(i) for i in rest} <= pronouns.keys():
            continue
        if not _is_one_word(tree, place) or (rest and any(kind_of(word) == "animal" for word in tree.words)):
            continue
        either = _has_age(tree, place) or not bag.isdisjoint(_MAY_BE_EITHER)
        for new in swaps[tree.lower(place)][: 1 if either else 2]:
            if new not in bag and not (tree.lower(place + 1) in ("'s", "’s") and new.endswith("s")):
                parts = [(i, i + 1, pronouns[tree.lower(i)]) for i in rest if new in others]
                yield scene.change((place, place + 1, new), *parts, pair=(tree.lower(place), new))


@rule("object_replaced", ("Two boys playing soccer on a field", "Two boys playing tennis on a field"))
def other_sport(scene: Scene) -> Iterator[Change]:
    """soccer -> tennis, where nothing of the other sport is named."""
    tree, bag = scene.tree, scene.siblings.bag
    for place, token in ((i, token) for i, token in enumerate(tree) if tree.words[i] in lexicon.SPORTS):
        played = tree[token.head].lemma == "play" and token.label in ("dobj", "oprd", "attr", "npadvmod")
        does = {token.lemma for i, token in enumerate(tree) if tree.is_verb(i)}
        if not played and not (tree.lower(place + 1) in _WITH_SPORT and does <= _OF_ANY_PLAYER):
            continue  # a tennis player slides on clay
        own = lexicon.SPORTS[token.lower] - _OF_ANY_SPORT  # left behind in the text
        for other, signs in lexicon.SPORTS.items() if own.isdisjoint(tree.words) else ():
            related = {other, *signs}
            if token.lower not in related and bag.isdisjoint(related - _OF_ANY_SPORT):
                yield scene.change((place, place + 1, other), pair=(token.lower, other))


@rule("roles_exchanged", ("A dog chases a cat .", "A cat chases a dog ."))
def roles(scene: Scene) -> Iterator[Change]:
    """Two beings in each other's place: a dog chases a cat -> a cat chases a dog. Refused where both may do it."""
    tree, clause = scene.tree, scene.clause
    if clause is None or clause.verb is None or tree[clause.verb].lemma not in _ON_ANOTHER:
        return
    first, second = clause.subject, tree.child(clause.verb, "dobj")
    if second is None or not is_being(tree, first) or not is_being(tree, second) or not _OWN.isdisjoint(tree.words):
        return
    if (tree.tag(first) == "NNS") != (tree.tag(second) == "NNS") or tree[first].lemma == tree[second].lemma:
        return
    counted = all(tree.determiner(noun) in ("a", "an", "the", *lexicon.NUMBERS) for noun in (first, second))
    if counted and not any(tree.child(noun, "conj", "poss", "relcl") for noun in (first, second)):
        one, other = (range(tree.noun_start(noun), noun + 1) for noun in (first, second))
        items = [*range(one.start), *other, *range(one.stop, other.start), *one, *range(other.stop, len(tree))]
        yield Change(list(items), (tree[first].lemma, tree[second].lemma))
