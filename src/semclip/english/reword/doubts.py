"""Where a parse may be wrong, or grammar says nothing: verbs taken for nouns, numbers that nobody knows, headlines.

Who doubts refuses: a frame with a colon (`frames.framed_title`) is right before anything.
"""

import re

from semclip.english import lexicon
from semclip.english.inflection import known_as, words
from semclip.english.parse.clause import COLLECTIVES, SOMEBODY, inside_collective, is_being
from semclip.english.parse.tree import FINITE, Tree
from semclip.english.render import moved
from semclip.english.words.load import listed

_ARTICLES = words("a an one 1")
_BEHIND_VERBS = ("IN", "RP", "RB", "DT", "TO", "NNS", "PRP$")
#: Singular nouns that are often said to "do" and not "does": the ground crew load cases.
_GROUPS = COLLECTIVES | lexicon.ONE_OR_MORE | words("crew staff team family couple band police audience choir")
#: What needs no article in a sentence.
_NO_ARTICLE = lexicon.MASS | lexicon.COLOURS.keys() | listed("no article")
_FILE = re.compile(r"\w+_\w+(?:\.\w+)?|\w+(?:-\w+){4,}|[A-Z]{1,4}\d{4,}")
#: Before what needs "the".
_THE_ONLY = words("best most first last next same only")
_ANY_WORD = lexicon.KNOWN | SOMEBODY
#: What opens a clause of its own.
_OPENING = ("WDT", "WP", "WRB", "PRP")


def is_file(tree: Tree) -> bool:
    """Whether words are the name of a file: IMG_4482, DSC00917 barn, red-bike-with-wicker-basket."""
    first, *others = tree.text.split()
    return len(others) < 2 and _FILE.fullmatch(first) is not None


def is_headline(tree: Tree) -> bool:
    """Whether it is no part of a sentence: girl reading book in park; SHOES FIT SIZE 7; Oak Table."""
    terse = "DT" not in tree.tags and any(_lacks_article(tree, i) for i in range(len(tree)))
    return terse or any(tree.style)


def _lacks_article(tree: Tree, noun: int) -> bool:
    token = tree[noun]
    bare = token.tag == "NN" and token.label in ("pobj", "dobj") and not tree.determiner(noun)
    return bare and token.lemma not in _NO_ARTICLE and "NOUN" in known_as(token.lower)


def stands(tree: Tree, noun: int) -> bool:
    """Whether a noun phrase may stand in a sentence as it is: a lamp, lamps, snow; not "oak lamp", which lacks "an"."""
    owner, determiner = tree.child(noun, "poss"), tree.determiner(noun)
    if owner is not None and not (tree.tag(owner) in ("PRP$", "NNP") or tree.determiner(owner)):
        return False  # woman's coat
    if tree[noun].lemma in SOMEBODY or determiner:
        return determiner in _ARTICLES or not _is_miscounted(tree, noun)
    first = tree.lower(tree.noun_start(noun))
    if tree.tag(noun + 1) == "CD" or first in _THE_ONLY or _is_done(tree, first, noun):
        return False  # team photo 2018, best places, kneading dough
    if any(tree[i].text[:1].isupper() for i in range(1, noun + 1)):
        return False  # Captain Ines Calder
    return tree[noun].lemma in lexicon.MASS if tree.tag(noun) == "NN" else tree.tag(noun) == "NNS"


def _is_done(tree: Tree, first: str, noun: int) -> bool:
    """Whether a phrase may tell what is done to a thing: kneading dough, wearing goggles; not "smiling baby"."""
    return first.endswith("ing") and "VERB" in known_as(first) and not is_being(tree, noun)


def _is_miscounted(tree: Tree, noun: int) -> bool:
    """Whether a number stands before one thing: two bed house, 2012 Ravelin bike; not "two sheep"."""
    counted = tree.child(noun, "nummod") is not None
    return counted and tree.tag(noun) in ("NN", "NNP") and tree[noun].lemma not in lexicon.ONE_OR_MORE


def may_be_named(tree: Tree) -> bool:
    """Whether its capital may be more than that of a first word, and would be lost behind it: Black Friday banner."""
    if moved(tree, 0) == tree[0].text or tree.tag(0) in ("DT", "CD", "IN", "PRP$"):
        return False
    following = next((token.text for token in tree[1:3] if token.text != "&"), "")
    return following[:1].isupper() or not (known_as(tree.lower(0)) or tree.lower(0) in _ANY_WORD)


def plural_of(tree: Tree, subject: int, finite: bool, agrees: bool) -> bool | None:
    """Whether a subject takes "are"; None where that is not known.

    A group of people is, though people often write "are"; with a hat and gloves: who has both, or a hat? Two bed house.
    """
    counted, conj = tree.child(subject, "nummod") is not None, tree.child(subject, "conj")
    if tree.tag(subject) in ("NNS", "NNPS"):
        return True
    if conj is not None and tree.is_noun(conj):
        beings = is_being(tree, subject) and is_being(tree, conj)
        if beings or not any(tree.tag(i) == "IN" for i in range(subject, conj)):
            return tree.is_plural(subject)
        return agrees if finite else None
    if tree.determiner(subject) in _ARTICLES or inside_collective(tree, subject) is not None:
        return False
    return None if _is_miscounted(tree, subject) else counted or agrees


def is_misread(tree: Tree, subject: int, finite: bool) -> bool:
    """Whether the verb is none, or hides in a noun: a bird shaped like a kite floats over a field."""
    if tree.lower(len(tree) - 1) in ("open", "closed") and tree.is_verb(len(tree) - 1):
        return True  # with its door open
    joined = any(token.label == "conj" and is_being(tree, i) for i, token in enumerate(tree))
    several = joined or tree.tag(subject) != "NN" or tree[subject].lemma in _GROUPS
    if not finite:
        return any(_may_be_a_verb(tree, i, several) for i in range(tree.noun_start(subject) + 1, len(tree)))
    if tree.tag(tree.root) in ("VB", "VBP"):
        return not several  # butcher shop with a counter
    if tree.root == len(tree) - 1 and tree.lower(tree.root - 2) == "and":
        return True  # a fair with a wheel and food stands
    doer = inside_collective(tree, subject)
    # "a cart parked by a barn" may be no sentence
    return tree.tag(tree.root) == "VBD" and not is_being(tree, subject if doer is None else doer)


def _may_be_a_verb(tree: Tree, place: int, several: bool) -> bool:
    word, before, tag = tree.lower(place), place - 1, tree.tag(place)
    if tag in FINITE and _is_main(tree, place):
        return True
    if not (tree.is_noun(before) or (tree.lower(before) in lexicon.COLOURS and tree.lower(before - 1) == "in")):
        return False  # nurses in white sit on a wall
    rock = is_being(tree, before - 1) and not is_being(tree, before)
    if word.endswith("ing") and (rock or tree.is_noun(place + 1)):
        return True  # waiter balancing plates, a boy in a shirt playing soccer, a man rock climbing
    follows = tree.tag(place + 1) in _BEHIND_VERBS
    if tag == "NNS":
        return (not several and follows and word in lexicon.THIRD_FORMS) or tree.determiner(place) in ("a", "an")
    base = tag in ("NN", "VB", "VBP") and word in lexicon.BASE_FORMS
    return base and (tree.tag(before) == "NNS" or (several and (is_being(tree, before) or follows)))


def _is_main(tree: Tree, verb: int) -> bool:
    """Whether a finite verb is not that of a clause which a word opens: that has a roof, while a dog eats."""
    head = tree[verb].head if tree[verb].label in ("aux", "auxpass") else verb
    while tree[head].label == "conj":
        head = tree[head].head
    opening = [i for i in tree.under(head) if i < verb and (tree[i].label == "mark" or tree.tag(i) in _OPENING)]
    first = min(opening, default=-1)
    return first < 0 or (tree.lower(first) in ("as", "like") and tree.tag(first - 1) == "VBN")
