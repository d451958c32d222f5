"""A caption as a clause: who it is about, what they do, where, and what happens meanwhile."""

from dataclasses import dataclass, field, replace

from semclip.english.paraphrase import grammar as g
from semclip.english.paraphrase import verbs


@dataclass(frozen=True, slots=True)
class Phrase:
    """One piece of a predicate: words start..end-1. kind: "object", "place" (with its preposition), "adverb"."""

    kind: str
    start: int
    end: int
    preposition: str
    head: str


@dataclass(slots=True)
class Clause:
    """kind: "finite" (a dog runs), "progressive" (is running), "participle" (a dog running), "copula" (is in the snow),
    "passive" (is surrounded by), "noun" (a dog in the snow).

    subject: its words, all modifiers with it; core of them are the noun phrase alone.
    rest:    what follows the verb, up to the tail; the places in it of further verbs are in `joined`.
    tail:    a subordinate clause or what follows a comma.
    """

    kind: str
    subject: list[str]
    core: int
    plural: bool
    head: str
    adverbs: list[str]
    verb: str
    rest: list[str]
    tail: list[str]
    there: bool = False
    joined: list[int] = field(default_factory=list)
    phrases: list[Phrase] = field(default_factory=list)
    place_first: bool = False  # whether the caption itself starts with the last place
    clear: bool = True  # whether all of `rest` is in `phrases`

    @property
    def is_action(self) -> bool:
        return self.kind in ("finite", "progressive", "participle")

    @property
    def is_plain(self) -> bool:
        """Whether its subject is a noun phrase alone, so that a relative clause behind it speaks of its head."""
        return len(self.subject) == self.core and "of" not in self.subject

    @property
    def perhaps_of_another(self) -> bool:
        """Whether somebody else stands before the participle and may do it: people with a boy | wearing stripes."""
        behind = self.subject[self.core :]
        return self.kind == "participle" and "with" in behind and any(g.is_being(word) for word in behind)

    @property
    def static(self) -> bool:
        """Whether its verb, finite here, has no form in -ing that means the same."""
        return self.kind == "finite" and self.verb in verbs.STATIVE

    @property
    def indefinite(self) -> bool:
        """Whether "there is" may stand before the subject: a dog, dogs; not the dog, father and son."""
        first = self.subject[0]
        if first in g.DETERMINERS or first in ("someone", "somebody"):
            return first not in g.DETERMINERS or first in g.INDEFINITE
        return g.is_plural(self.head) or self.head in g.COLLECTIVES

    @property
    def be(self) -> str:
        return "are" if self.plural else "is"

    @property
    def finite(self) -> str:
        return verbs.finite(self.verb, self.plural)

    @property
    def doing(self) -> list[str]:
        """running in the snow: the predicate as a participle, further verbs in the same form."""
        rest = [_ing(word) if i in self.joined else word for i, word in enumerate(self.rest)]
        return [*self.adverbs, verbs.ING_OF[self.verb], *rest]

    @property
    def does(self) -> list[str]:
        """runs in the snow: the predicate with finite verbs."""
        rest = [
            verbs.finite(_lemma(word), self.plural) if i in self.joined else word for i, word in enumerate(self.rest)
        ]
        return [*self.adverbs, self.finite, *rest]

    def until(self, end: int) -> "Clause":
        """The same clause with the first words of its rest only, and without tail."""
        return replace(self, rest=self.rest[:end], tail=[])


def _lemma(word: str) -> str:
    return verbs.ING.get(word) or verbs.THIRD.get(word) or word


def _ing(word: str) -> str:
    return word if word in verbs.ING else verbs.ING_OF[_lemma(word)]
