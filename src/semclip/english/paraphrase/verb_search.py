"""Where the main verb of a clause is, behind a subject with modifiers of any length."""

from semclip.english import lexicon
from semclip.english.inflection import words
from semclip.english.paraphrase import grammar as g
from semclip.english.paraphrase import verbs
from semclip.english.paraphrase.noun_phrases import is_adverb, noun_phrase
from semclip.english.paraphrase.predicates import PARTICLES, plain_as

_PERCEIVED = words("watch see let help make look have")
_AT_THE_END = words("store shop park ride show race stand stop match crash walk set display play swing slide jump dive")
_PLACED = g.PREPOSITIONS - PARTICLES - {"on"}
_NOUN_FOLLOWS = g.DETERMINERS | _PLACED
_BEFORE_NOUN = g.PREPOSITIONS | g.DETERMINERS | {"and", ","} | verbs.ING.keys()
_INSIDE = g.PREPOSITIONS | lexicon.ADJECTIVES | lexicon.NUMBER_WORDS | words("dressed one each some all both")


class VerbSearch:
    """The result of one walk from the end of the subject's noun phrase.

    kind:   "finite", "be", "participle", "none"; "" where the walk met what it does not understand.
    at:     the index of the verb.
    number: "singular", "plural", "either": of the subject, with what joins it.
    """

    def __init__(self, tokens: list[str], core: int, number: str) -> None:
        self.number = number
        self._tokens = tokens
        self._core = core
        self._participle = -1
        self._perceived = False  # "a man watching two dogs run": the next verb is not the man's
        self._relative = False
        self._joined = False  # another being joins what may be the subject
        self.kind, self.at = self._walk(core)

    def _walk(self, i: int) -> tuple[str, int]:
        while i < len(self._tokens):
            word = self._tokens[i]
            if word in g.BE:
                return ("", i) if self._participle >= 0 and self._perceived else ("be", i)
            if not self._perceived and self._is_finite(i):
                ambiguous = self._participle >= 0 and word == verbs.PARTICIPLE_OF.get(word)
                return ("" if ambiguous else "finite", i)  # "with the sun cast": no finite verb
            past = self._past(i)
            if past == 0:
                return "", i
            if past < 0:
                break
            i = past
        if (self._joined and self._participle >= 0) or (self._relative and self._participle < 0):
            return "", i
        return ("participle", self._participle) if self._participle >= 0 else ("none", i)

    def _is_finite(self, i: int) -> bool:
        word, before = self._tokens[i], self._tokens[i - 1]
        if word in ("has", "have"):
            return True
        if word in g.COMPOUNDS and i + 1 < len(self._tokens) and self._tokens[i + 1] in verbs.ING:
            return False
        noun = i > self._core and before in _BEFORE_NOUN
        if noun and word in verbs.THIRD and not g.is_noun(word):
            noun = before in _NOUN_FOLLOWS
        following = self._tokens[i + 1] if i + 1 < len(self._tokens) else ""
        if noun or word in ("like", "back") or (word == "complete" and following == "with"):
            return False
        if word == "hands" and following in g.DETERMINERS:
            return True  # a man on a boat hands a child over
        third = self.number != "plural" and g.third(word) is not None
        if not third and word in _AT_THE_END and i > self._core and i + 1 == len(self._tokens):
            return False  # racks of plants at the farm products store
        return third or (self.number != "singular" and word in verbs.VERBS)

    def _past(self, i: int) -> int:
        """Behind the piece that starts at i; 0 where it is not understood, -1 where the clause ends."""
        word = self._tokens[i]
        following = self._tokens[i + 1] if i + 1 < len(self._tokens) else ""
        before_verb = self._participle < 0
        if word == "as" and plain_as(self._tokens, i):
            return i + 1
        if word == ",":
            return self._past_comma(i) if before_verb else -1
        if word in g.RELATIVES:
            return self._past_relative(i) if before_verb else -1
        if word in g.SUBORDINATES:
            return -1
        if word in verbs.ING and not self._modifies(i):
            self._take_participle(i)
            return i + 1
        if word in ("and", "or"):
            return self._past_and(i)
        compound = before_verb and word in g.COMPOUNDS and following in verbs.ING
        if compound or word in g.PREPOSITIONS or is_adverb(word, following) or word.endswith("ly"):
            return i + 1
        if word in verbs.PARTICIPLES or word in g.PRONOUNS or word == "'s":
            return i + 1
        if word in verbs.THIRD and not g.is_noun(word) and self._tokens[i - 1] not in _NOUN_FOLLOWS:
            return 0  # a verb that does not agree with the subject
        if i == self._core:
            return 0  # a word that can only be a verb we do not know: the people | party
        end = noun_phrase(self._tokens, i, self.number)
        return end if end > i else 0 if before_verb else -1

    def _take_participle(self, i: int) -> None:
        lemma = verbs.ING[self._tokens[i]]
        worn = self._participle >= 0 and verbs.ING[self._tokens[self._participle]] == "wear"
        if self._participle < 0:
            self._participle = -1 if self._relative else i
        elif worn and self._tokens[i - 1] in g.CLOTHES and not self._perceived:
            self._participle = i  # a man wearing a hat | standing
        self._perceived |= lemma in _PERCEIVED

    def _modifies(self, i: int) -> bool:
        """Whether a participle starts a noun phrase: in | swimming trunks, between | burning piles."""
        before = self._tokens[i - 1]
        following = self._tokens[i + 1] if i + 1 < len(self._tokens) else ""
        if before in g.DETERMINERS or (self._tokens[i] == "building" and before in g.PREPOSITIONS):
            return True
        plain = following not in g.DETERMINERS | g.PREPOSITIONS | g.ADVERBS | {",", "and", ""}
        return plain and before in g.PREPOSITIONS - PARTICLES

    def _past_and(self, i: int) -> int:
        behind = self._tokens[i + 1 : i + 2]
        if self._participle < 0 and behind:
            if behind[0] in verbs.ING:
                return 0
            end = noun_phrase(self._tokens, i + 1, self.number)
            if behind[0] in g.DETERMINERS and g.is_being(self._tokens[end - 1]):
                self.number = "either"  # "a man with a dog and a woman": the verb decides who is the subject
                self._joined = True
        return i + 1

    def _past_comma(self, i: int) -> int:
        """Behind the second of two commas that enclose a part of the subject, or behind the comma of a list."""
        rest = self._tokens[i + 1 :]
        if "," in rest:
            second = rest.index(",")
            inside, behind = rest[:second], rest[second + 1 : second + 2]
            verb = behind and (behind[0] in g.BE or behind[0] in verbs.ING or g.third(behind[0]))
            plain = inside and (inside[0] in _INSIDE or inside[0] in verbs.ING or inside[0] in verbs.PARTICIPLES)
            if verb and plain and g.BE.isdisjoint(inside):
                return i + second + 2
        return i + 1 if i > self._core and "and" in rest[1:7] and _is_listed(rest[0]) else -1

    def _past_relative(self, i: int) -> int:
        """Behind the verb of a relative clause: who is wearing | a hat."""
        self._relative = True
        verb = self._tokens[i + 1] if i + 1 < len(self._tokens) else ""
        if self._tokens[i] not in ("who", "that", "which"):
            return 0
        if verb not in g.BE | {"has", "have"}:
            return i + 2 if verb in verbs.THIRD or verb in verbs.VERBS else 0
        i += 2
        while i < len(self._tokens) and (self._tokens[i] in verbs.ING or self._tokens[i] in verbs.PARTICIPLES):
            i += 1
        return i


def _is_listed(word: str) -> bool:
    return word in ("a", "an", "his", "her") or word in lexicon.COLOUR_WORDS or g.is_noun(word)
