"""Signs that a parser went wrong: "a technician repairs" read as a noun."""

from semclip.english import lexicon
from semclip.english.inflection import known_as
from semclip.english.parse.beings import is_being
from semclip.english.parse.tree import NOUNS, VERBS, Token, Tree
from semclip.english.words.load import listed

#: "snow covered slope", "a heart shaped pendant": what people write for "snow-covered".
COMPOUNDED = listed("compounded")


def is_sound(tree: Tree) -> bool:
    """Whether numbers agree and a noun or a verb is at the top."""
    for place, token in enumerate(tree.tokens):
        if token.tag in ("NNS", "NNPS") and tree.determiner(place) in ("a", "an", "another", "each", "every"):
            start = tree.noun_start(place)
            if not {"few", "lot", "couple", "dozen", "hundred", "bunch"} & set(tree.words[start:place]):
                return False
        if token.tag == "NNS" and token.label == "compound" and tree.tag(place + 1) == "NNS":
            return False  # "boots splashes", "dogs runs"
        if token.tag == "NNS" and token.label == "compound" and is_being(tree, place) and _may_be_verb(tree, place + 1):
            return False  # "firefighters spray water"
        if token.lower in COMPOUNDED and token.label != "amod" and tree.is_noun(place - 1) and tree.is_noun(place + 1):
            return False
        if token.tag in VERBS and _is_no_verb(token):
            return False  # "kids bedroom" read as a sentence
    top, subject = tree[tree.root], tree.subject(tree.root)
    if (
        top.tag == "VBZ"
        and tree.root == len(tree) - 1
        and top.lower in lexicon.NOUNS
        and not is_being(tree, tree.root - 1)
    ):
        return False  # "playing in autumn leaves"
    if (
        top.tag == "VB"
        or (tree.root == 0 and top.tag in ("VBN", "VBP"))
        or (subject is not None and tree.tag(subject) == "JJ")
    ):
        return False  # nobody is told to do something
    return top.tag in NOUNS or tree.is_verb(tree.root) or top.tag in ("MD", "CD")


def _may_be_verb(tree: Tree, place: int) -> bool:
    return tree.tag(place) == "NN" and "VERB" in known_as(tree.lower(place)) and tree.is_noun(place + 1)


def _is_no_verb(token: Token) -> bool:
    readings = known_as(token.lemma)
    return (
        "NOUN" in readings and "VERB" not in readings and "AUX" not in readings and "VERB" not in known_as(token.lower)
    )
