"""A caption cut for reordering: what it speaks of, its verb, the rest."""

from dataclasses import dataclass

from semclip.english import lexicon
from semclip.english.inflection import inflect, words
from semclip.english.negate.denied import DEPICTIONS
from semclip.english.parse.clause import clause_of, inside_collective, is_being, is_person
from semclip.english.parse.tree import FINITE, Tree
from semclip.english.words.load import listed


class Form(str):
    """A verb of the caption in another form. place: where it stood. tag: Penn Treebank's for the form."""

    place: int
    tag: str

    def __new__(cls, tree: Tree, place: int, tag: str) -> "Form":
        found = super().__new__(cls, inflect(tree[place].lemma, tag))
        found.place, found.tag = place, tag
        return found


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
        tree, head = self.tree, self.subject
        agrees = self.finite and inside_collective(tree, head) is None and tree.determiner(head) not in ("a", "an")
        number = tree.child(head, "nummod")
        counted = (
            number is not None and tree.determiner(head) not in ("one", "1", "a", "an") and not _is_year(tree, number)
        )
        return "are" if tree.is_plural(head) or counted or (self.plural and agrees) else "is"

    @property
    def there_be(self) -> str:
        """What "there" takes: is a man and two women."""
        several = self.tree.tag(self.subject) in ("NNS", "NNPS") or self.tree.child(self.subject, "conj") is None
        return self.be if several else "is"

    @property
    def holder(self) -> int:
        """Who does it: the people of "a group of people"."""
        inner = inside_collective(self.tree, self.subject)
        return self.subject if inner is None else inner

    @property
    def relative(self) -> Items | None:
        """What it does as a relative clause: who are running, that has a red roof."""
        who = "who" if is_person(self.tree, self.holder) else "that"
        if self.has_something:
            return [who, *range(self.verb or 0, len(self.tree))]
        behind = self.participles
        return [who, "are" if self.tree.is_plural(self.holder) else self.be, *behind] if behind else None

    @property
    def has_something(self) -> bool:
        """Whether it is said to have something: a barn has a red roof."""
        verb = self.verb
        having = verb is not None and self.tree.lower(verb) in ("has", "have") and not (self.helpers or self.joined)
        return having and self.tree.tag(verb or 0) in FINITE and self.tree.child(verb or 0, "dobj") is not None

    @property
    def modifier(self) -> int | None:
        """Where what describes the subject starts, if it ends its phrase: (a man) in a hat, holding a hat."""
        tree, start, end = self.tree, self.holder + 1, len(self.np)
        if not is_being(tree, self.holder) or start >= end or tree.span(start) != (start, end):
            return None
        if "," in tree.words[:end] or tree[start].head != self.holder or tree.child(self.subject, "conj") is not None:
            return None
        wears = tree.lower(start) == "in" and is_clothes(tree, tree.child(start, "pobj"))
        return start if wears or tree.lower(start) == "with" or tree.tag(start) == "VBG" else None

    @property
    def clause(self) -> Items | None:
        """What it does with a finite verb: runs, is running."""
        if self.finite and self.verb is not None:
            tree, verb = self.tree, self.verb
            done = tree.tag(verb) == "VBD" and inflect(tree[verb].lemma, "VBN") == tree.lower(verb)
            # "six boats lined up on a beach" may be no sentence
            return None if done and not is_being(tree, self.holder) else [*self.helpers, verb, *self.rest]
        behind = self.participles
        return [self.be, *behind] if behind else None

    @property
    def indefinite(self) -> bool:
        """Whether "there is" may introduce it."""
        first, tree = self.tree.lower(self.np[0]), self.tree
        named = any(token.text[:1].isupper() for token in tree.tokens[1 : self.subject + 2]) and not any(tree.style)
        if tree.child(self.subject, "poss") is not None or (named and not tree.determiner(self.subject)):
            return False
        bare = tree.tag(self.subject) == "NN" and not tree.determiner(self.subject)
        if bare and tree[self.subject].lemma not in UNCOUNTED and len(self.introduced) == len(self.np):
            return False
        return first not in _DEFINITE | _SOMEBODY and not self.tree.tag(self.np[0]).startswith(("NNP", "PRP"))

    @property
    def introduced(self) -> Items:
        """The subject phrase with an article where a headline left it out: "there is a nurse"."""
        tree, head = self.tree, self.subject
        bare = (
            tree.tag(head) == "NN"
            and self.be == "is"
            and tree.lower(head) not in _SOMEBODY
            and not tree.determiner(head)
            and tree[head].lemma not in UNCOUNTED
        )
        joined = tree.child(head, "conj")
        return ["a", *self.np] if bare and (joined is None or tree.determiner(joined)) else list(self.np)

    @property
    def participles(self) -> Items | None:
        """Verb and rest without a finite verb: running through the snow; None where a verb has no such form."""
        if self.verb is None:
            return list(self.rest)
        tree = self.tree
        if self.has_something:
            return ["with", *self.rest]
        if self.finite and tree.tag(self.verb + 1) == "VBG":
            return None  # he tries tackling
        if any(tree.lower(i) not in ("is", "are", "being") for i in self.helpers):
            return None
        if any(tree.lower(i - 1) == "and" and _may_be_finite(tree, i) for i in self.rest if i not in self.joined):
            return None
        if "being" in tree.words[: self.verb] and tree.lower(self.verb - 1) == "being":
            return [self.verb - 1, self.verb, *self.rest]
        items: Items = []
        for place in (self.verb, *self.rest):
            if place == self.verb or place in self.joined:
                if tree.tag(place) in ("VBG", "VBN"):
                    items.append(place)
                elif tree[place].lemma in _STATIVE or tree.tag(place) not in ("VBZ", "VBP"):
                    return None
                else:
                    items.append(Form(tree, place, "VBG"))
            else:
                items.append(place)
        return items


def _may_be_finite(tree: Tree, place: int) -> bool:
    return tree.tag(place) in FINITE or (tree.lower(place) in lexicon.THIRD_FORMS - lexicon.NOUNS.keys())


#: What is worn and no dress.
ACCESSORIES = listed("accessories")


def is_clothes(tree: Tree, noun: int | None) -> bool:
    return noun is not None and "clothes" in lexicon.NOUNS.get(tree.lower(noun), ((),))[0]


UNCOUNTED = lexicon.UNCOUNTED | listed("also uncounted")
_STATIVE = listed("statives")


#: How titles of instructions start.
INSTRUCTIONS = words("how why what when where before after")


def parts_of(tree: Tree) -> Parts | None:
    """The parts of a caption; None where a word comes before its subject, or something between it and its verb."""
    clause = clause_of(tree)
    if clause is None or tree.lower(0) in INSTRUCTIONS or ":" in tree.words:
        return None
    if tree[clause.subject].lemma in DEPICTIONS or any(t.label == "neg" for t in tree.tokens):
        return None
    verb, subject = clause.verb, clause.subject
    if any(tree.style) and verb is not None and tree.tag(verb + 1) == "CD":
        return None  # SHOES SIZE 7
    if verb is None and (inner := inside_collective(tree, subject)) is not None and not clause.finite:
        verb = next((i for i in tree.children(inner, "acl") if i == inner + 1 and tree.tag(i) in ("VBG", "VBN")), None)
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
    elif any(
        tree.is_verb(i)
        and tree[i].label in ("acl", "relcl")
        and i != verb
        and tree.lower(i) not in ("wearing", "holding")
        for i in range(verb)
    ):
        return None
    joined = tuple(i for i in _all_joined(tree, verb) if tree.child(i, "aux", "auxpass", "nsubj") is None)
    if any(tree.child(i, "aux", "auxpass", "nsubj") is not None for i in _all_joined(tree, verb)):
        return None
    if tree.tag(start - 1) == "RB" or tree.lower(start - 1) in ("both", "all", "each"):
        return None  # a man partly hidden, two nurses both wearing hats
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


def _is_year(tree: Tree, number: int) -> bool:
    return tree.lower(number).isdigit() and len(tree.lower(number)) == 4
