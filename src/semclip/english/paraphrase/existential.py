"""There is a dog running; a dog can be seen running; this picture shows a dog that is running."""

from collections.abc import Iterator

from semclip.english.paraphrase import grammar as g
from semclip.english.paraphrase.clause import Clause
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
    if clause.there or second_sentence(clause) or clause.head in g.DEPICTIONS:
        return
    if frame[-1] == ",":
        yield from _sentence_framed(clause, [*frame])
        return
    if frame[-1] == "{be}":
        frame = (*frame[:-1], there_be(clause)[1] if clause.indefinite else clause.be)
    if clause.indefinite:
        for kind, tokens in there_is(clause):
            yield Structure(kind.replace("existential", "frame"), [*frame, *tokens[2:]], 0.04)
    elif clause.is_action and not clause.static:
        yield Structure("frame", [*frame, *clause.subject, *clause.doing, *clause.tail], 0.04)
    elif not clause.is_action and clause.rest and clause.rest[0] in g.PREPOSITIONS:
        yield Structure("frame", [*frame, *clause.subject, *clause.adverbs, *clause.rest, *clause.tail], 0.04)


def _sentence_framed(clause: Clause, frame: list[str]) -> Iterator[Structure]:
    # The longer a frame, the later it is tried.
    weight = 0.03 if len(frame) < 5 else 0.002
    forms = list(main_forms(clause))
    if clause.kind != "noun":
        other = forms[1] if len(forms) > 1 and forms[1][0] != "there" else main_clause(clause)
        kind = "frame" if other == forms[0] else "frame+progressive" if clause.kind == "finite" else "frame+simple"
        yield Structure(kind, [*frame, *other, *clause.tail], weight)
    if weight < 0.03:
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
