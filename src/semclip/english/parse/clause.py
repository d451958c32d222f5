"""Who does what in a parsed caption: its subject, its verb, whether the verb is finite; and who is a being."""

from typing import NamedTuple

from semclip.english.inflection import words
from semclip.english.lexicon import kind_of
from semclip.english.parse.tree import FINITE, Tree
from semclip.english.words.load import listed

#: Nouns of which there is one and which hold several: a group of people.
COLLECTIVES = listed("collectives")
SOMEBODY = words("someone somebody something everyone everybody anyone anything nobody nothing")
_BE = words("is are was were 's 're")


class Clause(NamedTuple):
    """Places in the tree. subject: its head noun. verb: None where there is none ("a dog in the snow").

    be: the finite auxiliary or copula, None where there is none. finite: "is running", "runs", not "running".
    plural: what the verb agrees with, or would.
    """

    subject: int
    verb: int | None
    be: int | None
    finite: bool
    plural: bool


def clause_of(tree: Tree, pronouns: bool = False) -> Clause | None:
    """The main clause of a caption; None where its subject is not a noun, or a pronoun where these count, too."""
    root = tree.root
    if tree.is_noun(root) or tree.tag(root) == "CD":
        done = (i for i in tree.children(root, "acl", "relcl") if tree.tag(i) in ("VBG", "VBN") and i > root)
        verb = next((i for i in done if tree[i].label == "acl" or tree.subject(i) is None), None)
        return Clause(root, verb, None, False, _plural(tree, root))
    subject = tree.subject(root)
    if subject is None or subject > root or not (tree.is_noun(subject) or (pronouns and tree.tag(subject) == "PRP")):
        return None
    be = next((i for i in tree.children(root, "aux", "auxpass") if i < root and _is_finite(tree, i)), None)
    if _is_finite(tree, root) and tree[root].lemma == "be":
        be = root
    if be is not None or _is_finite(tree, root):
        return Clause(subject, root, be, True, _agrees(tree, root if be is None else be, subject))
    if tree.tag(root) in ("VBG", "VBN"):
        return Clause(subject, root, None, False, _plural(tree, subject))
    return None


def is_torn(tree: Tree, clause: Clause | None) -> bool:
    """Whether a verb of several has a subject of one, since the others hang elsewhere: a man in a hat and a dog sit."""
    if clause is None or not clause.finite or not clause.plural:
        return False
    return not (tree.is_plural(clause.subject) or tree[clause.subject].lemma in COLLECTIVES)


def _is_finite(tree: Tree, verb: int) -> bool:
    return tree.tag(verb) in FINITE or tree.lower(verb) in _BE


def _agrees(tree: Tree, verb: int, subject: int) -> bool:
    if tree.lower(verb) in ("is", "was", "has", "does") or tree.tag(verb) == "VBZ":
        return False
    return tree.lower(verb) in ("are", "were", "have", "do") or tree.tag(verb) == "VBP" or _plural(tree, subject)


def _plural(tree: Tree, noun: int) -> bool:
    inner = inside_collective(tree, noun)
    return tree.is_plural(noun) or (inner is not None and tree.is_plural(inner))


def inside_collective(tree: Tree, noun: int) -> int | None:
    """The people of "a group of people"; None for other nouns."""
    if tree[noun].lemma not in COLLECTIVES:
        return None
    of = next((i for i in tree.children(noun, "prep") if tree.lower(i) == "of" and i == noun + 1), None)
    return tree.child(of, "pobj") if of is not None else None


def is_person(tree: Tree, noun: int) -> bool:
    """Whether a noun names people, as in Chef Lena Moritz: "who" is said of them."""
    return kind_of(tree.lower(noun)) == "person" or _has_a_trade(tree, noun)


def is_being(tree: Tree, noun: int) -> bool:
    """Whether a noun names people or animals."""
    return kind_of(tree.lower(noun)) != "" or _has_a_trade(tree, noun)


def _has_a_trade(tree: Tree, noun: int) -> bool:
    named = tree.tag(noun) == "NNP"
    return named and any(kind_of(tree.lower(i)) == "person" for i in tree.children(noun, "compound"))
