"""A caption cut for reordering: what it speaks of, its verb, the rest."""

from dataclasses import dataclass
from functools import cached_property

from semclip.english import lexicon
from semclip.english.inflection import inflect, known_as, words
from semclip.english.negate.denied import DEPICTIONS
from semclip.english.parse.clause import SOMEBODY, clause_of, inside_collective, is_being, is_person
from semclip.english.parse.tree import FINITE, Tree
from semclip.english.reword.doubts import is_headline, is_misread, plural_of, stands
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
_DEFINITE = SOMEBODY | words(
    "the this that these those his her its their my our each every another both all no first last next best"
)
_NO_ARTICLE = lexicon.ONE_OR_MORE | SOMEBODY
#: How titles of instructions start.
INSTRUCTIONS = words("how why what when where")
#: What no picture "is doing".
STATIVE = listed("statives")
_THIRD_FORMS = lexicon.THIRD_FORMS - lexicon.NOUNS.keys()
_SEVERAL = words("several many few two three four five six seven eight nine ten both")


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
    def place(self) -> int | None:
        """Where the caption's last words start if they say where it all happens."""
        be = self.helpers[0] if self.helpers else None
        return last_place(self.tree, self.subject, self.verb, be, there=self.np[0] > 0)

    @cached_property
    def holder(self) -> int:
        """Who does it: the people of "a group of people"."""
        inner = inside_collective(self.tree, self.subject)
        return self.subject if inner is None else inner

    @cached_property
    def may_be_taken(self) -> bool:
        """Whether a participle behind the subject phrase might be said of another noun: a man with a dog, sleeping.

        Or somebody behind it be there too, and not be what something is done to: a bride holding flowers and her dad.
        """
        tree, inside = self.tree, range(self.holder + 1, self.np[-1] + 1)
        if any(tree[i].label == "conj" and is_being(tree, i) for i in self.rest) or any(map(tree.is_verb, inside)):
            return True
        alone = tree.child(self.subject, "conj") is None
        return alone and any(tree.lower(i) == "with" or is_being(tree, i) for i in inside)

    @cached_property
    def participles_stay(self) -> bool:
        """Whether what it does may be told by participles: they are the caption's own, or cannot be misread."""
        return not self.finite or not self.may_be_taken

    @cached_property
    def participles(self) -> Items | None:
        """Verb and rest without a finite verb: running through the snow; None where a verb has no such form."""
        tree, verb = self.tree, self.verb
        if verb is None:
            return list(self.rest)
        if tree.lower(verb - 1) == "being":
            return [verb - 1, verb, *self.rest]
        helped = any(tree.lower(i) not in ("is", "are") for i in self.helpers)
        if helped or (self.finite and tree.tag(verb + 1) == "VBG"):
            return None  # has run, tries tackling
        if any(tree.lower(i - 1) == "and" and self._may_be_finite(i) for i in self.rest if i not in self.joined):
            return None
        items: Items = [verb, *self.rest]
        for place in (verb, *self.joined):
            if tree.tag(place) not in ("VBG", "VBN"):
                if tree[place].lemma in STATIVE or tree.tag(place) not in ("VBZ", "VBP"):
                    return None
                items[place - verb] = Form(tree, place, "VBG")
        return items

    def _may_be_finite(self, place: int) -> bool:
        """Whether a word behind "and" is what else is done: photographs a bird, in "stands on a rock and ..."."""
        tree, tag = self.tree, self.tree.tag(place)
        object_follows = tree.tag(place + 1) in ("NN", "NNS", "DT", "JJ", "PRP$")
        bare = tag in ("NN", "VB") if self.plural else tag == "NNS" and object_follows
        sure = tag in FINITE or tree.lower(place) in _THIRD_FORMS
        return sure or (bare and "VERB" in known_as(tree.lower(place)))

    @cached_property
    def relative(self) -> Items | None:
        """What it does as a relative clause: who are running, that is on a roof."""
        tree, who = self.tree, pronoun_of(self.tree, self.holder)
        if self.np[-1] != self.holder and (who == "that" or self.may_be_taken):
            return None  # a guide dog in a harness that is running: the harness runs
        if (
            not self.participles
            or tree.child(self.subject, "conj") is not None
            or tree.lower(self.np[-1] + 1) in ("with", "and")
            or not tree.is_noun(self.np[-1])
        ):
            return None
        if self.verb is not None and tree[self.verb].lemma in STATIVE:
            return None  # a map that is showing a river
        plural = self.plural if self.holder == self.subject else tree.is_plural(self.holder)
        return [who, be_of(plural), *self.participles]

    @cached_property
    def clause(self) -> Items | None:
        """What it does with a finite verb: runs, is running."""
        if self.verb is None or not self.finite:
            # in "a room with a bicycle hung on a wall" the room is not hung
            return [self.be, *self.participles] if self.participles and not self.may_be_taken else None
        return [*self.helpers, self.verb, *self.rest]

    @cached_property
    def introduced(self) -> Items:
        """The subject phrase with an article where a headline left it out: "there is a nurse"."""
        tree, head = self.tree, self.subject
        bare = tree.tag(head) == "NN" and not self.plural and not tree.determiner(head) and is_being(tree, head)
        return ["a", *self.np] if bare and tree[head].lemma not in _NO_ARTICLE else list(self.np)

    @cached_property
    def stands(self) -> bool:
        """Whether it may stand in a sentence."""
        return self.introduced[0] == "a" or stands(self.tree, self.subject)

    @cached_property
    def indefinite(self) -> bool:
        """Whether "there is" may introduce it."""
        owned = self.tree.child(self.subject, "poss") is not None
        return self.stands and not owned and self.tree.lower(self.np[0]) not in _DEFINITE


def be_of(plural: bool) -> str:
    return "are" if plural else "is"


def pronoun_of(tree: Tree, noun: int) -> str:
    return "who" if is_person(tree, noun) or tree[noun].lemma in SOMEBODY else "that"


def parts_of(tree: Tree) -> Parts | None:
    """The parts of a caption; None for a headline, for a word before its subject, or where the parse is unsure."""
    if is_headline(tree) or ":" in tree.words or any(t.label == "neg" for t in tree):
        return None
    there = tree.lower(0) == "there" and tree.root == 1 and tree.lower(1) in ("is", "are", "'s")
    clause = clause_of(tree) if not there else None
    subject, verb, finite = (clause.subject, clause.verb, clause.finite) if clause else (None, None, False)
    if there:
        subject = tree.child(1, "attr", "nsubj", "dobj")
    if subject is None or tree[subject].lemma in DEPICTIONS or is_misread(tree, subject, finite):
        return None
    first, end = 2 if there else 0, tree.span(subject)[1]
    plural = plural_of(tree, subject, finite, clause is not None and clause.plural)
    if plural is None or tree.noun_start(subject) != first:
        return None
    if tree.root == subject and not tree.determiner(subject) and tree.words.count(",") > 1:
        return None  # hen, goat, barn
    if tree.tag(subject) == "NN" and tree.lower(first) in _SEVERAL:
        return None  # several woman
    if there:
        verb = _participle_of(tree, subject)
    inner = inside_collective(tree, subject)
    if verb is None and inner is not None and _participle_of(tree, inner) == inner + 1:
        verb = inner + 1
    start, helpers, joined = end, list[int](), tuple[int, ...]()
    if clause is not None and verb is not None and clause.be == verb:  # a cat is on a couch
        placed = tree.child(verb, "prep") == verb + 1 and not tree.child(verb, "conj", "attr", "acomp")
        start, end, helpers, finite = verb, verb + 1, [verb], True
        verb = None
        if not placed:
            return None
    elif verb is None and not (there or tree.span(subject) == (0, len(tree))):
        return None
    elif verb is not None:
        helpers = [i for i in tree.children(verb, "aux", "auxpass") if i < verb]
        start, end, further = min([verb, *helpers]), verb + 1, _joined(tree, verb)
        # a man partly hidden; a goat, napping
        another = tree.lower(start - 1) in (",", "and", "both", "all", "each") or tree.tag(start - 1) == "RB"
        if further is None or another or len(helpers) != verb - start or (finite and tree.span(subject) != (0, start)):
            return None
        joined = further
    np, rest = list(range(first, start)), list(range(end, len(tree)))
    return Parts(tree, subject, np, helpers, verb, rest, finite, plural, joined)


def _participle_of(tree: Tree, noun: int) -> int | None:
    return next((i for i in tree.children(noun, "acl") if tree.tag(i) in ("VBG", "VBN") and i > noun), None)


def _joined(tree: Tree, verb: int) -> tuple[int, ...] | None:
    """The further verbs that "and" joins; None where one has a subject or another form: wears rings and long curls."""
    found, at = [], verb
    while (following := next((i for i in tree.children(at, "conj") if tree.is_verb(i)), None)) is not None:
        other = tree.tag(verb) == "VBZ" and tree.tag(following) == "VBP"
        if other or tree.child(following, "aux", "auxpass", "nsubj") is not None:
            return None
        found.append(following)
        at = following
    return tuple(found)
