"""A caption cut for reordering: what it speaks of, its verb, the rest."""

from dataclasses import dataclass
from functools import cached_property

from semclip.english import lexicon
from semclip.english.inflection import inflect, known_as, words
from semclip.english.negate.denied import DEPICTIONS
from semclip.english.parse.clause import SOMEBODY, clause_of, inside_collective, is_being, is_person, is_torn
from semclip.english.parse.tree import FINITE, Tree
from semclip.english.reword.doubts import is_done, is_headline, is_list, is_misread, plural_of, stands
from semclip.english.reword.places import last_place
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
_DEFINITE = words(
    "the this that these those his her its their my our each every another both all no first last next best"
)
#: How titles of instructions start.
INSTRUCTIONS = words("how why what when where")
_STATIVE = listed("statives")
#: Of these, what no picture "is doing": a chart showing; but "having breakfast".
_SHOWS = _STATIVE - {"have", "be", "see", "hear"}


def be_of(plural: bool) -> str:
    return "are" if plural else "is"


@dataclass(frozen=True)
class Parts:
    """np: places of the subject phrase. verb: None where there is none. helpers: auxiliaries between. rest: all behind.

    finite: "is running", "runs", not "running". plural: whether it takes "are". joined: further verbs of the subject.
    """

    tree: Tree
    subject: int
    np: list[int]
    helpers: list[int]
    verb: int | None
    rest: list[int]
    finite: bool
    plural: bool
    joined: tuple[int, ...] = ()

    @cached_property
    def be(self) -> str:
        return be_of(self.plural)

    @cached_property
    def there_be(self) -> str:
        """What "there" takes: is a man and two women."""
        several = self.tree.tag(self.subject) in ("NNS", "NNPS") or self.tree.child(self.subject, "conj") is None
        return self.be if several else "is"

    @cached_property
    def holder(self) -> int:
        """Who does it: the people of "a group of people"."""
        inner = inside_collective(self.tree, self.subject)
        return self.subject if inner is None else inner

    @cached_property
    def relative(self) -> Items | None:
        """What it does as a relative clause: who are running, that is on a roof."""
        tree, who = self.tree, pronoun_of(self.tree, self.holder)
        if self.np[-1] != self.holder and (who == "that" or self.verb is None or self.may_be_taken):
            return None  # a guide dog in a harness that is running: the harness runs
        if not self.participles or tree.child(self.subject, "conj") is not None:
            return None
        plural = self.plural if self.holder == self.subject else tree.is_plural(self.holder)
        return [*relative_of(tree, self.holder, plural, self.participles[0]), *self.participles[1:]]

    @cached_property
    def place(self) -> int | None:
        """Where the caption's last words start if they say where it all happens."""
        be = self.helpers[0] if self.helpers else None
        return last_place(self.tree, self.subject, self.verb, be, there=self.np[0] > 0)

    @cached_property
    def may_be_taken(self) -> bool:
        """Whether a participle behind the subject phrase might be said of another noun: a man with a dog, sleeping.

        Or somebody behind it be there too, and not be what something is done to: a bride holding flowers and her dad.
        """
        tree, inside = self.tree, range(self.holder + 1, self.np[-1] + 1)
        several = tree.child(self.subject, "conj") is not None
        return any(map(self._may_be_there_too, self.rest)) or any(
            tree.is_verb(i) or (not several and (tree.lower(i) == "with" or (tree.is_noun(i) and is_being(tree, i))))
            for i in inside
        )

    def _may_be_there_too(self, place: int) -> bool:
        token, tree = self.tree[place], self.tree
        return token.label == "conj" and is_being(tree, place) and not is_being(tree, token.head)

    @cached_property
    def participles_stay(self) -> bool:
        """Whether what it does may be told by participles: they are the caption's own, or cannot be misread."""
        return self.verb is None or not self.finite or not self.may_be_taken

    @cached_property
    def clause(self) -> Items | None:
        """What it does with a finite verb: runs, is running."""
        if self.finite and self.verb is not None:
            return [*self.helpers, self.verb, *self.rest]
        # in "a room with a bicycle hung on a wall" the room is not hung
        taken = self.may_be_taken and self.verb is not None
        return [self.be, *self.participles] if self.participles and not taken else None

    @cached_property
    def indefinite(self) -> bool:
        """Whether "there is" may introduce it."""
        first, tree = self.tree.lower(self.np[0]), self.tree
        determiner = tree.determiner(self.subject)
        named = any(tree[i].text[:1].isupper() for i in self.np[1:] if i <= self.subject)
        named = named or tree.tag(self.subject).startswith("NNP")
        if tree.child(self.subject, "poss") is not None or (named and not determiner) or not self.stands:
            return False
        return first not in _DEFINITE | SOMEBODY and not self.tree.tag(self.np[0]).startswith("PRP")

    @cached_property
    def stands(self) -> bool:
        """Whether it may stand in a sentence."""
        return self.introduced[0] == "a" or stands(self.tree, self.subject)

    @cached_property
    def introduced(self) -> Items:
        """The subject phrase with an article where a headline left it out: "there is a nurse"."""
        tree, head = self.tree, self.subject
        bare = tree.noun_start(head) == self.np[0] and tree.tag(head) == "NN" and not self.plural
        named = any(tree.tag(i).startswith("NNP") for i in self.np if i <= head)
        if not bare or tree.tag(self.np[0]) == "DT" or tree.determiner(head) or named or not is_being(tree, head):
            return list(self.np)
        return list(self.np) if tree[head].lemma in lexicon.ONE_OR_MORE | SOMEBODY else ["a", *self.np]

    @cached_property
    def participles(self) -> Items | None:
        """Verb and rest without a finite verb: running through the snow; None where a verb has no such form."""
        if self.verb is None:
            return list(self.rest)
        tree = self.tree
        if self.finite and tree.tag(self.verb + 1) == "VBG":
            return None  # he tries tackling
        if any(tree.lower(i) not in ("is", "are", "being") for i in self.helpers):
            return None
        if any(tree.lower(i - 1) == "and" and self._may_be_finite(i) for i in self.rest if i not in self.joined):
            return None
        if tree.lower(self.verb - 1) == "being":
            return [self.verb - 1, self.verb, *self.rest]
        items: Items = []
        for place in (self.verb, *self.rest):
            if (place == self.verb or place in self.joined) and tree.tag(place) not in ("VBG", "VBN"):
                if tree[place].lemma in _STATIVE or tree.tag(place) not in ("VBZ", "VBP"):
                    return None
                items.append(Form(tree, place, "VBG"))
            else:
                items.append(place)
        return items

    def _may_be_finite(self, place: int) -> bool:
        """Whether a word behind "and" is what else is done: photographs a bird, in "stands on a rock and ..."."""
        tree = self.tree
        bare = "VERB" in known_as(tree.lower(place)) and not tree.determiner(place)
        object_follows = tree.tag(place + 1) in ("NN", "NNS", "DT", "JJ", "PRP$")
        third = tree.lower(place) in lexicon.THIRD_FORMS - lexicon.NOUNS.keys()
        several = self.plural and tree.tag(place) in ("NN", "VB")
        one = not self.plural and tree.tag(place) == "NNS" and object_follows
        return tree.tag(place) in FINITE or third or (bare and (several or one))


def pronoun_of(tree: Tree, noun: int) -> str:
    return "who" if is_person(tree, noun) or tree[noun].lemma in SOMEBODY else "that"


def relative_of(tree: Tree, noun: int, plural: bool, first: int | str) -> Items:
    """A relative clause, to the first word behind "is": who are running; that shows, not "is showing"."""
    who = pronoun_of(tree, noun)
    if isinstance(first, int) and tree.tag(first) == "VBG" and tree[first].lemma in _SHOWS:
        return [who, Form(tree, first, "VBP" if plural else "VBZ")]
    return [who, be_of(plural), first]


_SEVERAL = words("several many few two three four five six seven eight nine ten both")


def parts_of(tree: Tree) -> Parts | None:
    """The parts of a caption; None for a headline, for a word before its subject, or where the parse is unsure."""
    if is_headline(tree):
        return None
    if tree.lower(0) in INSTRUCTIONS or ":" in tree.words or any(t.label == "neg" for t in tree.tokens):
        return None
    there = _introduced_by_there(tree)
    clause = clause_of(tree) if there is None else None
    subject, verb, finite = (clause.subject, clause.verb, clause.finite) if clause else (there, None, False)
    if subject is None or tree[subject].lemma in DEPICTIONS or is_misread(tree, subject, finite):
        return None
    first = 0 if there is None else 2
    plural = plural_of(tree, subject, finite, clause.plural if clause else False)
    if plural is None or tree.noun_start(subject) != first or is_list(tree, subject) or is_torn(tree, clause):
        return None
    if is_done(tree, tree.lower(first), subject) or (tree.tag(subject) == "NN" and tree.lower(first) in _SEVERAL):
        return None  # kneading dough together; several woman
    if there is not None:
        verb = _participle_of(tree, subject)
    inner = inside_collective(tree, subject)
    if verb is None and inner is not None and _participle_of(tree, inner) == inner + 1:
        verb = inner + 1
    if verb is None:
        end = tree.span(subject)[1]
        whole = there is not None or tree.span(subject) == (0, len(tree))
        np, rest = list(range(first, end)), list(range(end, len(tree)))
        return Parts(tree, subject, np, [], None, rest, False, plural) if whole else None
    if clause is not None and clause.be == verb:
        return _copula(tree, subject, verb, plural)
    helpers = [i for i in tree.children(verb, "aux", "auxpass") if i < verb]
    start = min([verb, *helpers])
    joined = _joined(tree, verb)
    if joined is None or _may_be_another_s(tree, start) or (helpers and helpers != list(range(start, verb))):
        return None
    if tree.span(subject) != (0, start) if finite else _is_hung_on_another(tree, start, verb):
        return None
    rest = list(range(verb + 1, len(tree)))
    return Parts(tree, subject, list(range(first, start)), helpers, verb, rest, finite, plural, joined)


def _introduced_by_there(tree: Tree) -> int | None:
    """The noun of "there is a cat on the couch"."""
    if tree.lower(0) != "there" or tree.root != 1 or tree.lower(1) not in ("is", "are", "'s"):
        return None
    return tree.child(1, "attr", "nsubj", "dobj")


def _participle_of(tree: Tree, noun: int) -> int | None:
    return next((i for i in tree.children(noun, "acl") if tree.tag(i) in ("VBG", "VBN") and i > noun), None)


def _copula(tree: Tree, subject: int, verb: int, plural: bool) -> Parts | None:
    """A cat is on a couch: what is behind "is" takes the place of a participle."""
    placed = tree.child(verb, "prep") == verb + 1 and not tree.child(verb, "conj", "attr", "acomp")
    if tree.span(subject) != (0, verb) or not placed:
        return None
    return Parts(tree, subject, list(range(verb)), [verb], None, list(range(verb + 1, len(tree))), True, plural)


def _joined(tree: Tree, verb: int) -> tuple[int, ...] | None:
    """The further verbs that "and" joins; None where one has a subject or is no verb: wears rings and long curls."""
    found, at = [], verb
    while (following := next((i for i in tree.children(at, "conj") if tree.is_verb(i)), None)) is not None:
        if tree.child(following, "aux", "auxpass", "nsubj") is not None:
            return None
        if (tree.tag(verb) == "VBZ" and tree.tag(following) == "VBP") or tree.lower(following) in lexicon.COLOURS:
            return None
        found.append(following)
        at = following
    return tuple(found)


def _may_be_another_s(tree: Tree, start: int) -> bool:
    """Whether a verb goes with the word before it: a man partly hidden, a goat, napping."""
    return tree.lower(start - 1) in (",", "and", "both", "all", "each") or tree.tag(start - 1) == "RB"


def _is_hung_on_another(tree: Tree, start: int, verb: int) -> bool:
    """Whether a participle may be said of a noun inside the phrase: a woman with a man walking behind her."""
    own = tree.child(start - 1, "poss") is not None or any(tree.tag(i)[:3] == "PRP" for i in range(verb, len(tree)))
    return own and "with" in tree.words[:start]
