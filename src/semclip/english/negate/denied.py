"""One thing of a caption denied in its own words: a man with a hat -> a man without a hat."""

import itertools
from collections.abc import Iterator

from semclip.english import lexicon
from semclip.english.edits import Change, Scene, rule
from semclip.english.inflection import known_as, words
from semclip.english.pairs import ATTRIBUTES
from semclip.english.parse.clause import is_being, is_person, is_torn
from semclip.english.parse.tree import FINITE, VERBS, Tree
from semclip.english.words.load import listed

DEPICTIONS = listed("depictions")
_OF_THE_PHOTO = DEPICTIONS | words("angle background concept")
BODY = listed("body")
_NO_THING = listed("no thing") | DEPICTIONS
COUNTED = words("a an some several many few") | frozenset(lexicon.NUMBERS)
_INDEFINITE = (COUNTED - {"few"}) | words("nine ten various multiple numerous both")
OWN = words("his her its their our my")
#: "filled with", "playing with": without them the verb says something else.
_NEEDS_WITH = listed("needs with")
_BEFORE_WITH = words("along together up away ahead")
_HAVE = words("have wear contain feature include display sport bear own offer")
_BELONGS = frozenset({"det", "amod", "compound", "nummod", "prep", "cc", "conj", "punct", "nmod", "acl"})
#: What a verb agrees with, or another noun.
_AGREES = frozenset({"nsubj", "nsubjpass", "compound", "conj"})
_PLACES = words("on in under beside behind near inside atop underneath beneath by at outside")


def _is_deniable(tree: Tree, noun: int) -> bool:
    """Whether "no NOUN" is the opposite of a noun phrase: some such thing, without a clause or a place of its own."""
    token, determiner = tree[noun], tree.determiner(noun)
    if token.tag not in ("NN", "NNS") or token.lemma in _NO_THING:
        return False
    if determiner and not is_indefinite(determiner):
        return False
    if not determiner and token.tag == "NN" and token.lemma not in lexicon.UNCOUNTED and "DT" in tree.tags:
        return False  # "with hat": a list, or an unknown word, unless no article is written at all
    return all(tree[i].label in _BELONGS for i in tree.children(noun))


def is_indefinite(determiner: str) -> bool:
    """Whether "no" may stand in the place of a determiner: a hat, two hats, 2 hats."""
    return determiner in _INDEFINITE or determiner.isdigit()


def not_behind(helper: str, short: bool) -> str:
    """A helper denied: is not, cannot; or short: isn't, can't."""
    if short:
        return {"can": "can't", "will": "won't"}.get(helper, f"{helper}n't")
    return "cannot" if helper == "can" else f"{helper} not"


def _joined(tree: Tree, noun: int) -> list[int]:
    """A noun and all that "and" or a comma joins to it; none where one of them cannot be denied."""
    found = [noun]
    while (following := tree.child(found[-1], "conj")) is not None:
        found.append(following)
    return found if all(_is_deniable(tree, one) for one in found) else []


def _without(tree: Tree, nouns: list[int], no: bool) -> Iterator[tuple[int, int, str]]:
    """Parts that turn noun phrases into what "without" or (`no`) "no" denies."""
    for one in nouns:
        start = tree.noun_start(one)
        determiner = tree.lower(start)
        keep = determiner in ("a", "an") and not (no and one == nouns[0])
        if start < one and not keep and is_indefinite(determiner):
            yield start, start + 1, ""
        if one != nouns[-1] and (cc := tree.child(one, "cc")) is not None:
            yield cc, cc + 1, "or"


@rule(
    "object_denied_in_caption",
    ("A man with a hat sits on a bench .", "A man without a hat sits on a bench ."),
    ("A kitchen with a stove and a sink", "A kitchen without a stove or a sink"),
    ("A street with several cars", "A street without cars"),
)
def with_without(scene: Scene) -> Iterator[Change]:
    """with -> without."""
    tree = scene.tree
    for prep, noun in _governed(tree, "pobj"):
        token, above = tree[prep], tree[tree[prep].head]
        if token.lower not in ("with", "w/") or token.label != "prep" or tree[noun].lemma in BODY:
            continue
        needed = above.lemma in _NEEDS_WITH or above.tag == "VBN" or tree.lower(prep - 1) in _BEFORE_WITH
        end = max(_joined(tree, noun), default=noun)
        rest = next((i for i in range(end + 1, len(tree)) if tree.is_verb(i)), len(tree))
        if not needed and {"and", "&"}.isdisjoint(tree.words[end:rest]):  # a list that was not understood
            yield from _taken_away(scene, prep, noun)


@rule("object_denied_in_caption", ("A woman in a hat sits on a bench .", "A woman without a hat sits on a bench ."))
def clothes_taken_off(scene: Scene) -> Iterator[Change]:
    """in a hat -> without a hat."""
    tree = scene.tree
    for prep, noun in _governed(tree, "pobj"):
        worn = lexicon.is_clothes(tree.lower(noun)) and tree.determiner(noun) in ("a", "an")
        if tree.lower(prep) == "in" and worn and is_being(tree, tree[prep].head):
            yield from _taken_away(scene, prep, noun, contrived=tree.child(noun, "amod") is not None)  # a blue dress


def _governed(tree: Tree, label: str) -> list[tuple[int, int]]:
    """(place, noun) of every preposition or verb that has an object."""
    heads = sorted({token.head for token in tree if token.label == label})
    return [(place, noun) for place in heads if (noun := tree.child(place, label)) is not None]


def _taken_away(scene: Scene, prep: int, noun: int, contrived: bool = False) -> Iterator[Change]:
    """A noun phrase, with all that is joined to it, behind "without" in the place of a preposition."""
    nouns = _joined(scene.tree, noun)
    # with a man standing: it says what goes on, not what is there
    if nouns and not any(scene.tree.child(one, "acl", "relcl") for one in nouns):
        parts = _without(scene.tree, nouns, no=scene.family == "B")
        new = scene.by_family("without", "with no")
        yield scene.change((prep, prep + 1, new), *parts, denied=scene.tree[noun].lemma, contrived=contrived)


@rule(
    "object_denied_in_caption",
    ("A man wearing a hat sits .", "A man wearing no hat sits ."),
    ("The room has a bed and a lamp .", "The room has no bed or a lamp ."),
)
def has_no(scene: Scene) -> Iterator[Change]:
    """wearing a hat -> wearing no hat; has a bed -> has no bed."""
    tree = scene.tree
    for verb, noun in _governed(tree, "dobj"):
        token, nouns = tree[verb], _joined(tree, noun)
        if token.lemma not in _HAVE or token.tag not in ("VBZ", "VBP", "VBD", "VBG") or token.label == "aux":
            continue
        if tree.noun_start(noun) != verb + 1 or (token.lemma == "wear" and tree.child(noun, "amod", "compound")):
            continue
        if tree[noun].lemma in BODY or any(tree.child(one, "acl", "relcl") for one in nouns or [noun]):
            continue
        bare_first = tree.noun_start(noun) == noun and any(tree.determiner(one) for one in nouns)
        if scene.family == "A" and nouns and not bare_first:  # no sunglasses or a scarf
            yield scene.change((verb + 1, verb + 1, "no"), *_without(tree, nouns, no=True), denied=tree[noun].lemma)
        elif scene.family == "B" and token.tag == "VBG" and tree.child(verb, "aux", "auxpass") is None:
            yield scene.change((verb, verb, "not"), denied=tree[noun].lemma)


@rule(
    "hybrid",
    ("A table with a lamp and a clock", "A table with a lamp but no clock"),
    ("A man and a dog in a boat", "A man but no dog in a boat"),
)
def but_no(scene: Scene) -> Iterator[Change]:
    """X and Y -> X but no Y."""
    tree = scene.tree
    if is_torn(tree, scene.clause):
        return
    for noun, token in ((i, token) for i, token in enumerate(tree) if token.label == "conj"):
        start, first = tree.noun_start(noun), tree[token.head]
        drop = is_indefinite(tree.lower(start))
        if (
            (not _is_deniable(tree, noun) or not tree.is_noun(token.head))
            or (tree.lower(start - 1) not in ("and", "&") or tree.child(token.head, "cc") != start - 1)
            or tree.lower(tree.noun_start(token.head) - 1) == ","  # a tub, a fern but no stool
            or (tree.child(noun, "conj", "acl", "relcl") or (not drop and token.tag != "NNS"))
            # "a man but no dog are": the verb would have to change
            or (first.label in _AGREES or first.lemma in ("pair", "kind", token.lemma))
        ):
            continue
        new = "but no"
        if scene.family == "B":
            new, drop = ("but not", False) if tree.lower(start) in ("a", "an") else ("but not any", drop)
        yield scene.change((start - 1, start + drop, new), denied=token.lemma)


@rule(
    "relation_denied",
    ("A cat on a couch", "A cat that is not on a couch"),
    ("Two men in a boat", "Two men who are not in a boat"),
)
def not_there(scene: Scene) -> Iterator[Change]:
    """on a couch -> that is not on a couch; only where no verb says what goes on."""
    tree = scene.tree
    head, prep = tree.root, tree.root + 1
    if tree.tag(head) not in ("NN", "NNS") or tree[head].lemma in DEPICTIONS or tree.lower(prep) not in _PLACES:
        return
    if tree.lower(head).endswith("ing"):
        return  # sewing on the ears
    if tree.child(head, "acl", "relcl", "conj", "appos") or prep not in tree.children(head, "prep"):
        return
    noun = tree.child(prep, "pobj")
    if noun is None or tree.tag(noun).startswith("NNP") or tree.determiner(noun) not in ("a", "an", "the"):
        return
    if VERBS.isdisjoint(tree.tags):
        not_ = who_is(tree, head) + scene.by_family(" not", "n't")
        yield scene.change((prep, prep, not_), denied=tree[noun].lemma, contrived=True)


def who_is(tree: Tree, noun: int) -> str:
    """The start of a relative clause: that is, who are."""
    return f"{'who' if is_person(tree, noun) else 'that'} {'are' if tree.is_plural(noun) else 'is'}"


@rule(
    "object_denied_in_caption",
    ("Beach , sunset , palm trees", "Beach , sunset , no palm trees"),
    ("Wedding day , hats in snow", "Wedding day , no hats in snow"),
)
def not_in_list(scene: Scene) -> Iterator[Change]:
    """One of a list of keywords, or what a headline adds behind its only comma: beach, sunset, no palm trees."""
    tree, new = scene.tree, scene.by_family("no", "without")
    chunks = chunks_of(tree)
    for start, last in ((chunk[0], chunk[-1]) for chunk in chunks[1:] if len(chunks) > 2):
        doing = tree.lower(start).endswith("ing")  # looking north
        made_of = tree.lower(last) in ATTRIBUTES or not known_as(tree[last].lemma)  # bronze, gilded cartonnage
        if tree.tag(last) in ("NN", "NNS") and tree.tag(start) in ("NN", "NNS", "JJ") and not (doing or made_of):
            yield scene.change((start, start, new), denied=tree[last].lemma)
    if tree.words.count(",") != 1 or tree.tags & {"DT", "CD"} or any(tree.style):
        return
    start = tree.words.index(",") + 1
    noun = next((i for i in range(start, len(tree)) if tree.is_noun(i) and not tree.is_noun(i + 1)), None)
    if noun is None or {*map(tree.tag, range(start, noun + 1))} - {"NN", "NNS", "JJ"} or tree[start].text[0].isupper():
        return
    if tree.tag(noun + 1) in ("JJ", "RB") or not {"and", "&"}.isdisjoint(tree.words[start:]):
        return  # beginner friendly; no book and cup
    if tree[noun].lemma in _OF_THE_PHOTO:
        return  # overhead shot
    if not tree.tag(start - 2).startswith("NNP") and FINITE.isdisjoint(map(tree.tag, range(start, len(tree)))):
        yield scene.change((start, start, new), denied=tree[noun].lemma)


def chunks_of(tree: Tree) -> list[list[int]]:
    """The parts of a list of keywords; none where the caption is a sentence or a phrase."""
    commas = [-1, *(i for i, word in enumerate(tree.words) if word == ","), len(tree)]
    chunks = [list(range(start + 1, end)) for start, end in itertools.pairwise(commas)]
    plain = all(tree.tag(i) in ("NN", "NNS", "NNP", "NNPS", "JJ", "VBG", "CD") for chunk in chunks for i in chunk)
    return chunks if plain and all(0 < len(chunk) <= 3 for chunk in chunks) else []


@rule("attribute_denied", ("A red bus on the street", "A bus that is not red on the street"))
def not_so(scene: Scene) -> Iterator[Change]:
    """a red bus -> a bus that is not red."""
    tree = scene.tree
    for place, token in enumerate(tree):
        noun = place + 1
        if token.label != "amod" or token.head != noun or token.lower not in lexicon.COLOURS or not tree.is_noun(noun):
            continue
        if tree.determiner(noun) not in ("a", "an") or tree.child(place, "conj", "cc", "advmod"):
            continue
        if tree.is_noun(noun + 1) or (tree.child(noun, "relcl", "acl", "prep", "compound") and noun != tree.root):
            continue
        not_ = scene.by_family("that is not", "that isn't")
        behind = (noun + 1, noun + 1, f"{not_} {token.lower}")
        yield scene.change((place, place + 1, ""), behind, denied=token.lower, contrived=True)
