"""A caption cut for reordering: what it speaks of, its verb, the rest."""

from dataclasses import dataclass

from semclip.english.inflection import inflect, words
from semclip.english.negate.denied import DEPICTIONS
from semclip.english.parse.clause import clause_of, inside_collective, is_person
from semclip.english.parse.tree import Tree

Items = list[int | str]
_SOMEBODY = words("someone somebody something everyone everybody anyone anything nobody nothing")
_DEFINITE = words("the this that these those his her its their my our each every another both all no")


@dataclass(frozen=True)
class Parts:
    """np: places of the subject phrase, the first words. verb: None where there is none. rest: all behind the verb.

    helpers: auxiliaries between. finite, plural: as in `Clause`. joined: further verbs that share the subject.
    """

    tree: Tree
    subject: int
    np: list[int]
    helpers: list[int]
    verb: int | None
    rest: list[int]
    finite: bool
    plural: bool
    joined: tuple[int, ...]

    @property
    def be(self) -> str:
        """is or are, as the subject asks for: a group of people is, though people often write "are"."""
        several = self.tree.tag(self.subject) in ("NNS", "NNPS") or inside_collective(self.tree, self.subject) is None
        return "are" if self.plural and several else "is"

    @property
    def there_be(self) -> str:
        """What "there" takes: is a man and two women."""
        several = self.tree.tag(self.subject) in ("NNS", "NNPS") or self.tree.child(self.subject, "conj") is None
        return self.be if several else "is"

    @property
    def who(self) -> str:
        return "who" if is_person(self.tree, self.subject) else "that"

    @property
    def indefinite(self) -> bool:
        """Whether "there is" may introduce it."""
        first = self.tree.lower(self.np[0])
        if self.tree.child(self.subject, "poss") is not None:
            return False
        return first not in _DEFINITE | _SOMEBODY and not self.tree.tag(self.np[0]).startswith(("NNP", "PRP"))

    @property
    def introduced(self) -> Items:
        """The subject phrase with an article where a headline left it out: "there is a nurse"."""
        tree, head = self.tree, self.subject
        bare = (
            tree.tag(head) == "NN"
            and tree.lower(head) not in _SOMEBODY
            and not tree.determiner(head)
            and tree[head].lemma not in _MASS
        )
        joined = tree.child(head, "conj")
        return ["a", *self.np] if bare and (joined is None or tree.determiner(joined)) else list(self.np)

    @property
    def participles(self) -> Items | None:
        """Verb and rest without a finite verb: running through the snow; None where a verb has no such form."""
        if self.verb is None:
            return list(self.rest)
        tree = self.tree
        items: Items = []
        for place in (self.verb, *self.rest):
            if place == self.verb or place in self.joined:
                if tree.tag(place) in ("VBG", "VBN"):
                    items.append(place)
                elif tree[place].lemma in _STATIVE or tree.tag(place) not in ("VBZ", "VBP"):
                    return None
                else:
                    items.append(inflect(tree[place].lemma, "VBG"))
            else:
                items.append(place)
        return items


_MASS = words(
    """lunch breakfast dinner food water snow grass sand traffic luggage fruit furniture rain ice smoke bread wine
    coffee beer dirt mud"""
)
_STATIVE = words(
    "have seem appear consist contain belong want need like love feature know mean resemble see hear show be"
)


def parts_of(tree: Tree) -> Parts | None:
    """The parts of a caption; None where a word comes before its subject, or something between it and its verb."""
    clause = clause_of(tree)
    if clause is None or tree[clause.subject].lemma in DEPICTIONS or any(t.label == "neg" for t in tree.tokens):
        return None
    verb, subject = clause.verb, clause.subject
    if verb is None:
        return Parts(tree, subject, list(range(tree.span(subject)[1])), [], None, [], False, clause.plural, ()) if (
            tree.root == subject and tree.span(subject) == (0, len(tree))
        ) else None  # fmt: skip
    helpers = [i for i in tree.children(verb, "aux", "auxpass") if i < verb]
    if clause.be is not None and clause.be == verb:
        return None if tree.lower(0) == "there" else _copula(tree, subject, verb, clause.plural)
    start = min([verb, *helpers])
    if subject >= start or tree.words[start - 1] in (",", "and") or (helpers and helpers != list(range(start, verb))):
        return None
    if clause.finite:
        low, high = tree.span(subject)
        if low != 0 or high != start:
            return None
    elif any(tree.is_verb(i) and tree[i].label in ("acl", "relcl") and i != verb for i in range(verb)):
        return None
    joined = tuple(i for i in _all_joined(tree, verb) if tree.child(i, "aux", "auxpass", "nsubj") is None)
    if any(tree.child(i, "aux", "auxpass", "nsubj") is not None for i in _all_joined(tree, verb)):
        return None
    rest = list(range(verb + 1, len(tree)))
    return Parts(tree, subject, list(range(start)), helpers, verb, rest, clause.finite, clause.plural, joined)


def _copula(tree: Tree, subject: int, verb: int, plural: bool) -> Parts | None:
    """A cat is on a couch: what is behind "is" takes the place of a participle."""
    if (
        tree.span(subject) != (0, verb)
        or tree.child(verb, "prep") != verb + 1
        or tree.child(verb, "conj", "attr", "acomp")
    ):
        return None
    rest = list(range(verb + 1, len(tree)))
    return Parts(tree, subject, list(range(verb)), [verb], None, rest, True, plural, ())


def _all_joined(tree: Tree, verb: int) -> list[int]:
    found, at = [], verb
    while (following := next((i for i in tree.children(at, "conj") if tree.is_verb(i)), None)) is not None:
        found.append(following)
        at = following
    return found
