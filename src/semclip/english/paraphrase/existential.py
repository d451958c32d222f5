"""There is a dog running; a dog can be seen running; this picture shows a dog that is running."""

from collections.abc import Iterator

from semclip.english import lexicon
from semclip.english.inflection import words
from semclip.english.paraphrase import grammar as g
from semclip.english.paraphrase import verbs
from semclip.english.paraphrase.clause import Clause
from semclip.english.paraphrase.places import BODY, STATIC
from semclip.english.paraphrase.structure import (
    Structure,
    main_clause,
    main_forms,
    relative_pronoun,
    second_sentence,
    seen_doing,
    there_be,
    there_is,
)


def existential(clause: Clause) -> Iterator[Structure]:
    """A dog runs in the snow -> There is a dog running in the snow."""
    if not clause.there and clause.indefinite and not second_sentence(clause):
        for kind, tokens in there_is(clause):
            yield Structure(kind, tokens, 1 if "relative" in kind else 2.5)


def described(clause: Clause) -> Iterator[Structure]:
    """A dog in a pool with a ball in its mouth -> There is a dog that is in a pool and has a ball in its mouth."""
    who = relative_pronoun(clause)
    if clause.kind != "noun" or clause.tail or not clause.clear or not clause.is_plain or not who:
        return
    if clause.head in g.DEPICTIONS or not (clause.there or clause.indefinite) or not g.is_being(clause.head):
        return
    found = [i for i, phrase in enumerate(clause.phrases) if phrase.preposition == "with"]
    if len(found) != 1 or any(p.kind == "object" or g.is_being(p.head) for p in clause.phrases[: found[0]]):
        return
    start = clause.phrases[found[0]].start
    places, held = clause.rest[:start], clause.rest[start + 1 :]
    if held[0] in _NOT_HELD | BODY or (places and clause.phrases[0].preposition not in STATIC):
        return
    if not _BEHIND.isdisjoint(held):
        return  # nobody has mountains in the background
    if not places and g.POSSESSIVES.isdisjoint(held):
        return
    has = "have" if clause.plural else "has"
    where = [clause.be, *places, "and"] if places else []
    yield Structure("existential+relative", [*there_be(clause), *clause.subject, who, *where, has, *held], 1)


_BEHIND = words("background foreground distance front behind above overhead around nearby")
_NOT_HELD = words("no only its his her their the them it another other others")


def not_existential(clause: Clause) -> Iterator[Structure]:
    """There is a dog running -> A dog is running."""
    if clause.there and clause.kind == "participle":
        yield Structure("existential", [*clause.subject, clause.be, *clause.doing, *clause.tail], 3)
        if clause.subject[0] in g.DETERMINERS:
            yield Structure("existential", [*clause.subject, *clause.does, *clause.tail], 3)


def seen(clause: Clause) -> Iterator[Structure]:
    """A dog runs -> A dog can be seen running."""
    doing = seen_doing(clause)
    if doing and not second_sentence(clause) and clause.head not in g.DEPICTIONS:
        yield Structure("seen", [*clause.subject, "can", "be", "seen", *doing, *clause.tail], 0.7)


def framed(clause: Clause, frame: tuple[str, ...]) -> Iterator[Structure]:
    """A dog runs -> This picture shows a dog that is running: what a frame says is true of every caption.

    frame: ends with a comma where a whole sentence follows, with {be} for a verb that agrees with what follows.
    The weights are small: a frame is drawn where nothing else suffices.
    """
    if clause.there or clause.head in g.DEPICTIONS:
        return
    if frame[-1] == ",":
        yield from _sentence_framed(clause, [*frame])
        return
    if second_sentence(clause):
        return
    if frame[-1] == "{be}":
        frame = (*frame[:-1], there_be(clause)[1] if clause.indefinite else clause.be)
    weight = 0.04 if len(frame) < 5 else 0.001
    if clause.indefinite:
        for kind, tokens in there_is(clause):
            yield Structure(kind.replace("existential", "frame"), [*frame, *tokens[2:]], weight)
    elif len(frame) > 4:
        return
    elif clause.is_action and not clause.static:
        yield Structure("frame", [*frame, *clause.subject, *clause.doing, *clause.tail], 0.04)
    elif not clause.is_action and clause.rest and clause.rest[0] in g.PREPOSITIONS:
        yield Structure("frame", [*frame, *clause.subject, *clause.adverbs, *clause.rest, *clause.tail], 0.04)


def framed_as_it_is(tokens: list[str], frame: tuple[str, ...]) -> Iterator[Structure]:
    """In this picture, a wug is running: a sentence that was not understood, but surely is one."""
    if frame[-1] == "{be}" and len(frame) > 4 and _is_surely_a_phrase(tokens):
        yield Structure("frame", [*frame[:-1], "is", *tokens], 0.001)
        return
    words_before = tokens[: next((i for i, word in enumerate(tokens) if word in ("is", "are") or _sure(tokens, i)), 0)]
    if frame[-1] != "," or len(words_before) < 2 or words_before[-1] in _NO_SUBJECT:
        return
    if words_before[0] in g.PREPOSITIONS | g.SUBORDINATES | _POINTS or not _CLAUSES.isdisjoint(words_before):
        return
    yield Structure("frame", [*frame, *tokens], 0.03 if len(frame) < 5 else 0.002)


def _sure(tokens: list[str], i: int) -> bool:
    """Whether a word is surely the verb of a caption that starts with one thing: a male | dives for a ball."""
    word, before = tokens[i], tokens[i - 1]
    if i < 2 or tokens[0] not in ("a", "an", "the") or g.third(word) is None or g.is_noun(word):
        return False
    if before.endswith("s") and g.is_plural(before):  # a white dogs | stands
        return False
    return before not in _NO_SUBJECT and before not in lexicon.ADJECTIVES and "," not in tokens[:i]


def _is_surely_a_phrase(tokens: list[str]) -> bool:
    """Whether no word can be a finite verb: a far-off view of a surfer."""
    if tokens[0] not in ("a", "an") or not _LINKED.isdisjoint(tokens) or len(tokens) < 4:
        return False
    return not any(
        word in g.BE or word in ("has", "have") or word in verbs.THIRD or (word in verbs.VERBS and not g.is_noun(word))
        or (word.endswith(("s", "ed")) and not g.is_noun(word) and word not in verbs.PARTICIPLES)
        for word in tokens[1:]
    )  # fmt: skip


_LINKED = words(", while as who that which where when because if but")
_NO_SUBJECT = g.PREPOSITIONS | g.DETERMINERS | g.CONJUNCTIONS | words(",")
_CLAUSES = g.RELATIVES | g.SUBORDINATES | words("that what how")
_POINTS = words("there this that it here")


def _is_a_whole_sentence(clause: Clause) -> bool:
    """Whether the tail has a subject of its own, so that the main clause may change its form alone."""
    if clause.kind in ("participle", "noun"):
        return False  # a man wearing a vest, and a tie is running: the second verb is the man's
    behind = [word for word in clause.tail if word not in _LINKS][:1]
    return bool(behind) and (behind[0] in g.DETERMINERS or behind[0] in g.PRONOUNS)


_LINKS = words(", and but so while as")


def _sentence_framed(clause: Clause, frame: list[str]) -> Iterator[Structure]:
    if second_sentence(clause) and not _is_a_whole_sentence(clause):
        return
    # The longer a frame, the later it is tried.
    weight = 0.03 if len(frame) < 5 else 0.002
    forms = list(main_forms(clause))
    if clause.kind != "noun":
        other = forms[1] if len(forms) > 1 and forms[1][0] != "there" else main_clause(clause)
        kind = "frame" if other == forms[0] else "frame+progressive" if clause.kind == "finite" else "frame+simple"
        yield Structure(kind, [*frame, *other, *clause.tail], weight)
    if second_sentence(clause):
        return
    if weight < 0.03:
        if clause.indefinite:
            for kind, tokens in there_is(clause):
                yield Structure("frame+" + kind, [*frame, *tokens], weight)
        return
    doing = seen_doing(clause)
    if doing:
        yield Structure("frame+seen", [*frame, *clause.subject, "can", "be", "seen", *doing, *clause.tail], 0.02)
    if not clause.indefinite:
        return
    for kind, tokens in there_is(clause):
        yield Structure("frame+" + kind, [*frame, *tokens], 0.02)
    who = relative_pronoun(clause) if clause.is_plain and clause.kind != "noun" else ""
    if who and doing:
        tokens = [*there_be(clause), *clause.subject, who, "can", "be", "seen", *doing, *clause.tail]
        yield Structure("frame+existential+seen", [*frame, *tokens], 0.005)
