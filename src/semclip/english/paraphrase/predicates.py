"""What follows the verb of a clause: its phrases, further verbs, and the tail."""

from semclip.english import lexicon
from semclip.english.inflection import words
from semclip.english.paraphrase import grammar as g
from semclip.english.paraphrase import verbs
from semclip.english.paraphrase.clause import Clause, Phrase
from semclip.english.paraphrase.noun_phrases import between_adjectives, noun_phrase, with_complement

PARTICLES = words("up down out off away back around over along forward")
_DANGLING = words("almost very just only also too still")
_TAILS = words("while whilst when because although though until where so if since then but")


def plain_as(tokens: list[str], i: int) -> bool:
    """Whether "as" starts no clause: dressed as a pirate."""
    return i > 0 and tokens[i - 1] in ("dressed", "used", "such", "disguised", "decorated")


def tail_start(tokens: list[str], start: int) -> int:
    """Where a subordinate clause, a second sentence or what follows a comma begins."""
    for i in range(start, len(tokens)):
        word, following = tokens[i], tokens[i + 1] if i + 1 < len(tokens) else ""
        if word in _TAILS or (word in ("after", "before") and following in verbs.ING):
            return i
        if word == "as" and not plain_as(tokens, i):
            return i
        if word == "," and not between_adjectives(tokens, i):
            return i
        if word == "and" and (following in g.PRONOUNS or _starts_a_sentence(tokens, i + 1)):
            return i
    return len(tokens)


def _starts_a_sentence(tokens: list[str], i: int) -> bool:
    """Whether a noun phrase with determiner and its verb start at i."""
    end = noun_phrase(tokens, i, "own")
    if end == i or tokens[i] not in g.DETERMINERS or end == len(tokens):
        return False
    verb = tokens[end]
    if verb in g.BE or verb in verbs.ING or g.third(verb):
        return True
    return verb in verbs.VERBS and g.is_plural(tokens[end - 1])


def with_rest(clause: Clause, after: list[str]) -> Clause | None:
    """Fill in rest, tail, joined verbs and phrases; None where a further verb is not understood."""
    if clause.kind != "noun" and clause.subject[-1] in g.PREPOSITIONS - PARTICLES - {"on"}:
        return None
    if clause.subject[-1] in _DANGLING:  # two players almost | colliding
        return None
    cut = tail_start(after, 0)
    clause.rest, clause.tail = after[:cut], after[cut:]
    rest = clause.rest
    if cut == 0 and clause.kind in ("copula", "passive"):
        return None
    relative = next((i for i, word in enumerate(rest) if word in g.RELATIVES), len(rest))
    for i in range(relative):
        if i and rest[i - 1] in ("and", "or"):
            joins = _joins(clause, i)
            if joins is None:
                return None
            clause.joined += [i] * joins
        elif clause.kind == "finite" and i and _is_stray_verb(clause, i):
            return None
    chunk(clause)
    return clause


#: Behind a word that may be a noun, these make it a verb: carries a stick and jumps over.
_BEHIND_VERBS = g.DETERMINERS | words("over into onto through across down up at toward towards along")


def _joins(clause: Clause, i: int) -> bool | None:
    """Whether the word behind an "and" is a further verb of the subject; None where that stays unclear."""
    word = clause.rest[i]
    if word in g.BE or (word in ("has", "have") and clause.kind != "finite"):
        return None  # is singing and is wearing
    if clause.kind != "finite":
        return clause.kind in ("participle", "progressive") and word in verbs.ING
    lemma = (word if word in verbs.VERBS else "") if clause.plural else verbs.THIRD.get(word, "")
    following = clause.rest[i + 1] if i + 1 < len(clause.rest) else ""
    certain = i == 1 or following in _BEHIND_VERBS
    if lemma and g.is_noun(word) and not certain:
        return False if g.is_plural(clause.rest[i - 2]) else None  # boats and rafts; but "eats fish and plays"?
    if lemma in verbs.STATIVE or (not lemma and word in verbs.VERBS and not _is_noun_or_adjective(word)):
        return None
    return bool(lemma)


def _is_stray_verb(clause: Clause, i: int) -> bool:
    """Whether a finite verb stands where none should: the clause was not understood."""
    word, before = clause.rest[i], clause.rest[i - 1]
    if word in lexicon.NOUNS or g.is_noun(word):
        return False
    if word in g.BE:
        return True
    return not clause.plural and g.third(word) is not None and before not in g.DETERMINERS | lexicon.ADJECTIVES


def _is_noun_or_adjective(word: str) -> bool:
    return g.is_noun(word) or word in lexicon.ADJECTIVES


def chunk(clause: Clause) -> None:
    """Cut the rest into phrases, as far as it is understood."""
    clause.phrases, clause.clear = [], True
    rest, i = clause.rest, 0
    if clause.kind in ("copula", "passive") and rest and rest[0] not in g.PREPOSITIONS:
        i = 1
    while i < len(rest):
        word, start, preposition = rest[i], i, ""
        if (word in g.ADVERBS and not (word in g.PREPOSITIONS and i + 1 < len(rest))) or word.endswith("ly"):
            clause.phrases.append(Phrase("adverb", i, i + 1, "", word))
            i += 1
            continue
        if word in g.PREPOSITIONS:
            i, preposition = preposition_at(rest, i)
            if i == len(rest) or (rest[i] in g.PREPOSITIONS and preposition in PARTICLES):
                clause.phrases.append(Phrase("adverb", start, i, preposition, word))
                continue
        end = with_complement(rest, noun_phrase(rest, i, ""), "")
        if end == i and i < len(rest) and rest[i] in g.PRONOUNS:
            end = i + 1
        if end == i:
            clause.clear = False
            return
        while end + 1 < len(rest) and rest[end] == "and":
            longer = with_complement(rest, noun_phrase(rest, end + 1, ""), "")
            if longer == end + 1 or end + 1 in clause.joined:
                break
            end = longer
        clause.phrases.append(Phrase("place" if preposition else "object", start, end, preposition, rest[end - 1]))
        i = end


_LONG = (
    ("in", "front", "of"), ("on", "top", "of"), ("in", "the", "middle", "of"), ("next", "to"), ("close", "to"),
    ("out", "of"), ("off", "of"), ("outside", "of"), ("inside", "of"), ("on", "the", "side", "of"), ("on", "to"),
    ("at", "the", "edge", "of"), ("on", "the", "edge", "of"), ("in", "between"), ("away", "from"), ("far", "from"),
)  # fmt: skip


def preposition_at(rest: list[str], i: int) -> tuple[int, str]:
    for long in _LONG:
        if tuple(rest[i : i + len(long)]) == long:
            return i + len(long), " ".join(long)
    return i + 1, rest[i]
