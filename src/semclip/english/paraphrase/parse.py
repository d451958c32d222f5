"""A shallow parse of captions of one sentence.

It gives up rather than guess: what it does not understand is not turned around.
"""

from semclip.english import lexicon
from semclip.english.inflection import article_of, words
from semclip.english.paraphrase import grammar as g
from semclip.english.paraphrase import verbs
from semclip.english.paraphrase.clause import Clause
from semclip.english.paraphrase.noun_phrases import (
    head_at,
    is_countable,
    noun_phrase,
    number_of,
    with_articles,
    with_complement,
)
from semclip.english.paraphrase.predicates import chunk, preposition_at, tail_start, with_rest
from semclip.english.paraphrase.verb_search import VerbSearch

_UNCLEAR = words("what whom how why whether")
_LEADING = words("during in on at near under behind inside outside beside next among between above")


def parse(tokens: list[str]) -> Clause | None:
    """The clause that lower-case tokens (words and commas, no final stop) make; None where it is not understood."""
    if not tokens or not _UNCLEAR.isdisjoint(tokens) or _runs_on(tokens):
        return None
    tokens = _with_one_be(tokens)
    if tokens[0] not in _LEADING:
        return _clause(tokens)
    place, behind = _leading_place(tokens)
    clause = _clause(behind) if place else None
    if clause is None or clause.kind == "noun" or clause.there or not g.POSSESSIVES.isdisjoint(clause.rest):
        return None
    if clause.rest and clause.rest[-1] == "through":  # in a fountain, children wade | through
        return None
    clause.rest = [*clause.rest, *place]
    clause.place_first = True
    chunk(clause)
    return clause


def _runs_on(tokens: list[str]) -> bool:
    """Whether a sentence follows without any mark: two women sit next to each other | one is holding a baby."""
    return any(
        tokens[i] == "one" and tokens[i + 1] in (*g.BE, "in", "with", "has") and tokens[i - 1] not in _BEFORE_ONE
        for i in range(2, len(tokens) - 1)
    )


_BEFORE_ONE = g.DETERMINERS | g.PREPOSITIONS | g.SUBORDINATES | words(", and but another young older black white")


def _with_one_be(tokens: list[str]) -> list[str]:
    """Without the second auxiliary, which says nothing new: is wearing a hat and | is | riding a bike."""
    found = [i for i, word in enumerate(tokens) if word in g.BE]
    if len(found) != 2:
        return tokens
    first, second = found
    joined = tokens[second - 1] == "and" and tokens[first] == tokens[second]
    both = all(tokens[i + 1 : i + 2] and tokens[i + 1] in verbs.ING for i in found)
    if not joined or not both or "," in tokens[first : second - 2] or not _UNSURE.isdisjoint(tokens[:second]):
        return tokens
    start = second - 1 - (tokens[second - 2] == ",")
    return [*tokens[:start], "and", *tokens[second + 1 :]]


_UNSURE = words("who that which while as where when")


def _leading_place(tokens: list[str]) -> tuple[list[str], list[str]]:
    """The place that a caption starts with, and what follows: in a park | a dog runs."""
    i = 0
    while i < len(tokens) and tokens[i] in g.PREPOSITIONS:
        start = preposition_at(tokens, i)[0]
        end = with_complement(tokens, noun_phrase(tokens, start, "own"), "own")
        if end == start:
            return [], []
        i = end
    comma = tokens[i : i + 1] == [","]
    behind = tokens[i + comma :]
    known = behind and (behind[0] in g.DETERMINERS or (comma and g.is_noun(behind[0])))
    return (tokens[:i], behind) if known else ([], [])


def _clause(tokens: list[str]) -> Clause | None:
    there = len(tokens) > 3 and tokens[0] in ("there", "this", "here") and tokens[1] in ("is", "are")
    there = there and (tokens[0] != "this" or tokens[2] in ("a", "an"))
    if there:
        tokens = tokens[2:]
    core = _subject_end(tokens)
    if core == 0 or tokens[0] in g.POSSESSIVES:
        return None
    subject = tokens[:core]
    place = head_at(subject)
    head = subject[place] if place >= 0 else ""
    number = number_of(subject, head) if head else ""
    if not number:
        return None
    someone = head in ("someone", "somebody")
    one = number == "singular" or (head in g.COLLECTIVES and not g.is_plural(head))
    if subject[0] not in g.DETERMINERS and one and not someone:
        if head not in g.COLLECTIVES and not is_countable(head):
            return None
        tokens, core = [article_of(subject[0]), *with_articles(tokens, core)], core + 1
    return _with_predicate(tokens, core, number, head, there)


def _subject_end(tokens: list[str]) -> int:
    """The end of the first noun phrase and of the beings joined to it; 0 where something else is joined."""
    core = with_complement(tokens, noun_phrase(tokens, 0, "own"), "own")
    while core + 1 < len(tokens) and tokens[core] == "and":
        longer = with_complement(tokens, noun_phrase(tokens, core + 1, "plural"), "plural")
        if longer == core + 1 or not g.is_being(tokens[longer - 1]):
            return 0
        core = longer
    return core


def _with_predicate(tokens: list[str], core: int, number: str, head: str, there: bool) -> Clause | None:
    found = VerbSearch(tokens, core, number)
    at = found.at
    if found.kind == "be":
        return None if there else _with_be(tokens, core, at, found.number, head)
    if found.kind == "finite" and not there:
        plural = tokens[at] in verbs.VERBS and tokens[at] != "has"
        lemma = "have" if tokens[at] in ("has", "have") else (tokens[at] if plural else verbs.THIRD[tokens[at]])
        adverbs = [tokens[at - 1]] if at > core and tokens[at - 1].endswith("ly") else []
        subject = tokens[: at - len(adverbs)]
        return with_rest(Clause("finite", subject, core, plural, head, adverbs, lemma, [], []), tokens[at + 1 :])
    plural = found.number == "plural" or (head in ("couple", "pair", "number", "lot") and "of" in tokens[:core])
    if found.kind == "participle":
        if "with" in tokens[core:at] and g.is_being(tokens[at - 1]):
            return None  # a woman with a man | walking: who does?
        if tokens[at - 2] == "with" and tokens[at - 1] in g.COMPOUNDS:
            return None  # a boy with water splashing on him
        adverbs = _adverb_before(tokens, core, at)
        clause = Clause("participle", tokens[: at - len(adverbs)], core, plural, head, adverbs, "", [], [], there)
        clause.verb = verbs.ING[tokens[at]]
        return with_rest(clause, tokens[at + 1 :])
    if found.kind != "none" or _has_late_verb(tokens, tail_start(tokens, core)):
        return None
    return with_rest(Clause("noun", tokens[:core], core, plural, head, [], "", [], [], there), tokens[core:])


def _has_late_verb(tokens: list[str], tail: int) -> bool:
    """Whether a verb of the subject follows a comma: two dogs, brown and tan, are running."""
    if tokens[tail : tail + 1] != [","] or tail + 1 == len(tokens) or tokens[tail + 1] in verbs.ING:
        return False
    following = tokens[tail + 1]
    if following in verbs.VERBS and following not in g.DETERMINERS | lexicon.ADJECTIVES:
        return True  # two horses with riders, race along the track
    return any(word in g.BE or g.third(word) or (word in verbs.VERBS and not g.is_noun(word)) for word in tokens[tail:])


def _adverb_before(tokens: list[str], core: int, at: int) -> list[str]:
    before = tokens[at - 1]
    compound = before in g.COMPOUNDS and tokens[at - 2] not in g.DETERMINERS | g.PREPOSITIONS  # in the water | holding
    return [before] if at > core and (before.endswith("ly") or compound) else []


def _with_be(tokens: list[str], core: int, i: int, number: str, head: str) -> Clause | None:
    plural = tokens[i] == "are"
    if tokens[i] in ("was", "were") or ((number == "plural") != plural and number != "either"):
        return None
    subject, j, adverbs = tokens[:i], i + 1, []
    while j < len(tokens) and _may_stand_before_the_verb(tokens, j):
        adverbs.append(tokens[j])
        j += 1
    word = tokens[j] if j < len(tokens) else ""
    if word in ("", "not") or tokens[j : j + 2] == ["going", "to"]:
        return None
    if word in verbs.ING:
        clause = Clause("progressive", subject, core, plural, head, adverbs, verbs.ING[word], [], [])
        return with_rest(clause, tokens[j + 1 :])
    kind = "passive" if word in verbs.PARTICIPLES or word == "covered" else "copula"
    return with_rest(Clause(kind, subject, core, plural, head, adverbs, "", [], []), tokens[j:])


def _may_stand_before_the_verb(tokens: list[str], i: int) -> bool:
    word = tokens[i]
    compound = word in g.COMPOUNDS and i + 1 < len(tokens) and tokens[i + 1] in verbs.ING
    adverb = word.endswith("ly") and word not in verbs.VERBS and word not in lexicon.ADJECTIVES
    return compound or adverb or word in ("also", "both", "all", "each")
