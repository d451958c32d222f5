"""Where a parse may be wrong: verbs taken for nouns, numbers that nobody knows, titles."""

import re

from semclip.english import lexicon
from semclip.english.inflection import inflect, known_as, lemma_of, words
from semclip.english.parse.clause import COLLECTIVES, SOMEBODY, inside_collective, is_being
from semclip.english.parse.tree import FINITE, Tree
from semclip.english.render import moved
from semclip.english.words.load import listed

_ARTICLES = words("a an one 1")
#: Where things are, and what one does.
_PLACES = words("steps stands slides swings falls rides rails lights tracks")
_BEHIND_VERBS = ("IN", "RP", "RB", "DT", "TO", "NNS", "PRP$")
_GROUPS = words("crew staff team family couple band police audience choir")
#: What needs no article in a sentence.
_NO_ARTICLE = lexicon.MASS | lexicon.COLOURS.keys() | listed("no article")
_FILE = re.compile(r"\w+_\w+(?:\.\w+)?|\w+(?:-\w+){4,}|[A-Z]{1,4}\d{4,}")
#: How adjectives of nations end, which have a capital behind any word: a young German shepherd.
_NATIONAL = ("an", "ese", "ish", "ch", "ek", "ai")
_OPENING = ("WDT", "WP", "WRB", "PRP")


def is_terse(tree: Tree) -> bool:
    """Whether articles are left out behind what the caption is about: girl reading book in park. No sentence does."""
    return "DT" not in tree.tags and any(_lacks_article(tree, i) for i in range(len(tree)))


def _lacks_article(tree: Tree, noun: int) -> bool:
    token = tree[noun]
    if token.tag != "NN" or token.label not in ("pobj", "dobj") or tree.determiner(noun) or token.lemma in _NO_ARTICLE:
        return False
    joined = tree.child(noun, "conj") is not None or tree.child(noun, "compound") is not None
    return joined or ("NOUN" in known_as(token.lower) and not token.lower.endswith(("ing", "ness", "ity")))


def may_be_named(tree: Tree) -> bool:
    """Whether its capital may be more than that of a first word, and would be lost behind it: Black Friday banner."""
    if tree[0].lemma in SOMEBODY:
        return False
    word, behind = tree[0].text, 2 if tree.lower(1) == "&" else 1
    if any(tree.style) or not word[:1].isupper() or moved(tree, 0) == word or tree.tag(0) in ("DT", "CD", "IN", "PRP$"):
        return False
    following = tree[behind].text if behind < len(tree) else ""
    name = following[:1].isupper() and not following.endswith(_NATIONAL) and len(following) > 1
    return name or (word.isalpha() and not known_as(tree.lower(0)) and tree.lower(0) not in lexicon.KNOWN)


def is_file(tree: Tree) -> bool:
    """Whether words are the name of a file: IMG_4482, DSC00917 barn, red-bike-with-wicker-basket."""
    first, *others = tree.text.split()
    return len(others) < 2 and _FILE.fullmatch(first) is not None


def has_marks(tree: Tree, subject: int) -> bool:
    """Whether it is cut by marks as titles and lists of keywords are."""
    marks = any(word in ("-", "–", "—", "|", "•") and tree[i - 1].space for i, word in enumerate(tree.words) if i)
    bare = tree.root == subject and tree.is_noun(subject) and not tree.determiner(subject)
    return marks or tree.words[-2:] == ["copy", "space"] or (bare and tree.words.count(",") > 1)


def misread(tree: Tree, place: int) -> bool:
    """Whether only its place at the start made a parser take a noun for a name."""
    name = tree.tag(place) == "NNP" and place == 0 < len(tree) - 1 and not tree[1].text[:1].isupper()
    return name and not known_as(tree.lower(0)).isdisjoint(("NOUN", "ADJ"))


def plural_of(tree: Tree, subject: int, finite: bool = False, agrees: bool = False) -> bool | None:
    """Whether a subject takes "are"; None where what is joined to it may be joined to a noun inside it instead.

    A group of people is, though people often write "are"; with a hat and gloves: who has both, or a hat?
    """
    determiner, number = tree.determiner(subject), tree.child(subject, "nummod")
    if tree.tag(subject) in ("NNS", "NNPS"):
        return True
    conj = tree.child(subject, "conj")
    if conj is not None and tree.is_noun(conj):
        near = not any(tree.tag(i) == "IN" or tree.is_verb(i) for i in range(subject, conj))
        both = is_being(tree, subject) and is_being(tree, conj) and bool(tree.determiner(conj))
        if near or both:
            return tree.is_plural(subject)
        return agrees if finite else None
    if number is not None and determiner not in _ARTICLES:
        return not (tree.lower(number).isdigit() and len(tree.lower(number)) == 4)  # 2012 Ravelin bike
    return agrees and finite and inside_collective(tree, subject) is None and determiner not in _ARTICLES


def hides_a_verb(tree: Tree, subject: int, finite: bool) -> bool:
    """Whether a noun may be the verb that no parser found: a bird shaped like a kite floats over a field."""
    if tree.lower(len(tree) - 1) in ("open", "closed") and tree.is_verb(len(tree) - 1):
        return True  # with its door open
    if finite:
        # "street signs" may be two nouns, "dog runs" is none
        verb = tree.root
        disagrees = tree.tag(verb) in ("VB", "VBP") and tree.tag(subject) == "NN" and not _is_group(tree, subject)
        shop = verb == subject + 1 and disagrees and tree.child(subject, "conj") is None  # butcher shop with a counter
        alone = verb == subject + 1 and not tree.determiner(subject) and "NOUN" in known_as(tree.lower(verb))
        participle = tree.tag(verb) == "VBD" and inflect(tree[verb].lemma, "VBN") == tree.lower(verb)
        behind = range(verb + 1, len(tree))
        second = participle and any(tree.tag(i) in ("VBZ", "VBP") and _is_main(tree, i) for i in behind)
        # a boy eating a plum on the porch steps
        eating = any(tree[i].label == "acl" and tree.tag(i) == "VBG" for i in range(subject, verb))
        steps = eating and tree.lower(verb) in _PLACES and tree.is_noun(verb - 1)
        return second or steps or shop or (alone and not is_being(tree, subject) and tree.tag(subject) == "NN")
    several = tree.tag(subject) != "NN" or tree.child(subject, "conj") is not None or tree[subject].lemma in COLLECTIVES
    return any(_may_be_a_verb(tree, i, subject, several) for i in range(tree.noun_start(subject) + 1, len(tree)))


def _is_group(tree: Tree, noun: int) -> bool:
    """Whether a singular noun is often said to "do" and not "does": the ground crew load cases."""
    return tree[noun].lemma in COLLECTIVES | lexicon.ONE_OR_MORE | _GROUPS


def _may_be_a_verb(tree: Tree, place: int, subject: int, several: bool) -> bool:
    word, before, tag = tree.lower(place), place - 1, tree.tag(place)
    follows = tree.tag(place + 1) in _BEHIND_VERBS
    crew = tree.is_verb(place) and word in _GROUPS  # rescue crew load boxes: nobody is crewed
    if crew or (tag in FINITE and _is_main(tree, place)) or (tag == "VBG" and not word.endswith("ing")):
        return True
    if tree.determiner(place) in ("two", "three", "some"):
        return False
    said = place == subject and tag == "NNS" and follows and _is_said(word)
    if place <= subject and is_being(tree, before):  # waiter balancing plates, the parrot nibbles at an ear
        return (word.endswith("ing") and tag == "NN") or said
    if said and tree.tag(before) == "NNP":
        return True  # Mendel scores from the penalty spot
    if tag == "NNS" and tree.is_noun(before):
        third = not several and word in lexicon.THIRD_FORMS and follows
        return third or tree.determiner(place) in ("a", "an")
    after_people = _is_group(tree, before) and "VERB" in known_as(word) and tree.is_noun(place + 1)
    if tag not in ("NN", "VB", "VBP") or not (word in lexicon.BASE_FORMS or after_people):
        return False
    if tree.lower(before) == "," or (tree.tag(before) == "JJ" and tree.tag(before - 1) == "IN"):
        return several and follows and not tree.determiner(place)
    doing = tree.tag(before) == "NNS" or (several and (is_being(tree, before) or follows))
    return tree.is_noun(before) and doing


def _is_said(word: str) -> bool:
    return "VERB" in known_as(word) or "VERB" in known_as(lemma_of(word, "VBZ"))


def _is_main(tree: Tree, verb: int) -> bool:
    """Whether a finite verb is not that of a clause which a word opens: that has a roof, while a dog eats."""
    head = tree[verb].head if tree[verb].label in ("aux", "auxpass") else verb
    while tree[head].label == "conj":
        head = tree[head].head
    opening = [i for i in tree.under(head) if i < verb and (tree[i].label == "mark" or tree.tag(i) in _OPENING)]
    first = min(opening, default=-1)
    return first < 0 or (tree.lower(first) in ("as", "like") and tree.tag(first - 1) == "VBN")
