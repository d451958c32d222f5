"""The whole caption denied in its own words: its verb (is not running), or its subject (no dog is running).

Both contradict whatever the caption says, so what they need from the siblings is nothing. A second clause that stays
affirmative beside a denied verb is refused.
"""

from collections.abc import Iterator

from semclip.english import lexicon
from semclip.english.caption import Caption
from semclip.english.clause import COLLECTIVES, COPULAS, Clause, parse
from semclip.english.edits import Edit
from semclip.english.inflection import words
from semclip.english.paraphrase import grammar as g
from semclip.english.paraphrase import verbs
from semclip.english.siblings import Siblings

#: How each family denies: training spells "not" out, tests contract it.
NOT = {
    "A": {"is": "is not", "are": "are not", "does": "does not", "do": "do not"},
    "B": {"is": "isn't", "are": "aren't", "does": "doesn't", "do": "don't"},
}
_POINTING = words("this that it there here")
_SECOND_CLAUSE = words("and then but or while as")
_NO_NO = words("each every both this that these those my our his her its their another no")
_COUNTED = frozenset(lexicon.NUMBERS) | words("some several many various")
_REST = words("another other others two three")


def verb_negated(caption: Caption, siblings: Siblings, family: str = "A") -> Iterator[Edit]:
    """The verb of the subject denied: is running -> is not running; runs -> does not run; running -> is not running."""
    clause = parse(caption)
    if clause is None:
        return
    tokens = caption.words
    no = NOT[family]
    if clause.verb is None:
        first = tokens[clause.end] if clause.end < len(tokens) else ""
        if clause.finite or not _is_fragment(caption, clause) or first not in lexicon.ING_FORMS:
            return
        yield edited(caption, clause.end, clause.end + 1, f"{no[_be(clause)]} {first}", first)
        return
    verb = tokens[clause.verb]
    if tokens[clause.verb - 1].endswith("ly"):
        return
    if verb in COPULAS:
        yield edited(caption, clause.verb, clause.verb + 1, no[verb], caption.word(clause.verb + 1))
        return
    if verb in ("has", "have") and (
        (following := caption.word(clause.verb + 1)) in lexicon.DETERMINERS or following in lexicon.ADJECTIVES
    ):
        auxiliary = no["does" if verb == "has" else "do"]
        yield edited(caption, clause.verb, clause.verb + 1, f"{auxiliary} have", verb)
        return
    base = lexicon.THIRD_FORMS.get(verb) or (verb if verb in lexicon.BASE_FORMS else "")
    if base and not _goes_on(tokens, clause.verb + 1):
        auxiliary = no["does" if verb in lexicon.THIRD_FORMS else "do"]
        yield edited(caption, clause.verb, clause.verb + 1, f"{auxiliary} {base}", verb)


def _goes_on(tokens: list[str], start: int) -> bool:
    """Whether a second verb follows that "does not" would have to change: "sits and smokes"."""
    return any(
        word in _SECOND_CLAUSE
        and (
            tokens[i + 1 : i + 2] == [] or tokens[i + 1] in lexicon.THIRD_FORMS or tokens[i + 1] in lexicon.BASE_FORMS
            or tokens[i + 1].endswith(("s", "ly"))
        )
        for i, word in enumerate(tokens)
        if i >= start
    ) or "then" in tokens[start:]  # fmt: skip


def _is_fragment(caption: Caption, clause: Clause) -> bool:
    """Whether one participle alone follows the subject: with two ("wearing a hat sitting") either might be denied."""
    rest = caption.words[clause.end :]
    return sum(word in lexicon.ING_FORMS and word not in lexicon.ADJECTIVES for word in rest) <= 1


def _be(clause: Clause) -> str:
    return "are" if clause.plural else "is"


def subject_denied(caption: Caption, siblings: Siblings, family: str = "A") -> Iterator[Edit]:
    """No such subject: a dog runs -> no dog runs; two dogs in the snow -> there are no dogs in the snow."""
    tokens = caption.words
    if caption.word(0) == "there" and caption.word(1) in COPULAS:
        yield from _existence_denied(caption, family)
        return
    if caption.word(0) in ("this", "that", "it") and caption.word(1) == "is":
        yield edited(caption, 1, 2, NOT[family]["is"], "is")
        return
    clause = parse(caption)
    if clause is None:
        yield from _unknown_denied(caption, family)
        return
    if clause.joined or tokens[clause.start] in _NO_NO or another_subject(tokens, clause.end):
        return
    if clause.finite and clause.verb is None and not _RELATIVES.isdisjoint(tokens[clause.end :]):
        return  # "a man who is resting" may be all there is: "no man who is resting" is no sentence
    if tokens[clause.start] == "one" and caption.bag & _REST:
        return
    if tokens[clause.start] == "the" and "of" in tokens[clause.start : clause.head]:
        return
    first = _first_after_determiner(tokens, clause.start)
    agrees = clause.verb is None or not _is_singular_verb(tokens[clause.verb])
    plural = clause.plural
    collective = _last_of(tokens, first, clause.head)
    if collective is not None and plural and agrees:  # "no people walk", not "no group of people walk"
        first = _first_after_determiner(tokens, collective + 1)
    elif collective is not None:
        plural = False
    if tokens[clause.start] in lexicon.NUMBERS and not plural:
        return  # a four wheel drive car
    noun = caption.shown(first)
    if family == "B" and not plural:
        new = f"not a single {noun}"
    elif family == "B" or clause.finite:
        new = f"no {noun}"
    else:
        new = f"there {'are' if plural else 'is'} no {noun}"
    yield edited(caption, clause.start, first + 1, new, tokens[clause.head], "subject_denied")


_RELATIVES = words("who that which whose whom")


def _unknown_denied(caption: Caption, family: str) -> Iterator[Edit]:
    """A subject that is not understood but surely one thing: a lion tamer bows -> no lion tamer bows."""
    tokens = caption.words
    if len(tokens) < 4 or not tokens[1][0].isalpha():
        return
    if tokens[0] in ("someone", "somebody"):
        new = {"A": "nobody", "B": "no one"}[family]
        if tokens[1].endswith("ing") and not _surely_finite(tokens, 3):
            new = {"A": "there is nobody", "B": "there isn't anyone"}[family]
        elif not _surely_finite(tokens, 1 + tokens[1].endswith("ing")):
            return
        yield edited(caption, 0, 1, new, tokens[0], "subject_denied")
        return
    if tokens[0] not in lexicon.KNOWN and tokens[0].endswith("ers") and tokens[1] in _AFTER_A_SUBJECT:
        if _surely_finite(tokens, 1):
            yield edited(caption, 0, 1, f"no {tokens[0]}", tokens[0], "subject_denied")
        return
    if tokens[0] not in _COUNTED | {"a", "an", "the"} or tokens[1] in _VAGUE or tokens[2] in ("and", ",", "of", "'s"):
        return
    if another_subject(tokens, 1) or not _surely_finite(tokens, 2) or not g.DEPICTIONS.isdisjoint(tokens[1:4]):
        return
    if tokens[0] in _COUNTED and tokens[0] != "some" and not tokens[1].endswith("s"):
        return
    new = {"A": "no", "B": "not a single" if tokens[0] in ("a", "an") else "no"}[family]
    yield edited(caption, 0, 2, f"{new} {caption.shown(1)}", tokens[1], "subject_denied")


def _surely_finite(tokens: list[str], start: int) -> bool:
    """Whether a word behind the subject can only be a finite verb: "no wug" needs one, else it is "there is no wug"."""
    return any(
        (word in lexicon.AUXILIARIES and word not in ("been", "being", "be", "'s"))
        or ((word in lexicon.THIRD_FORMS or word in lexicon.BASE_FORMS) and word not in lexicon.NOUNS)
        or (word.endswith("s") and word not in lexicon.KNOWN and i == start)
        or (word in verbs.THIRD and word not in lexicon.NOUNS and (tokens[i + 1 :] or ["."])[0] in _AFTER_A_VERB)
        for i, word in enumerate(tokens)
        if i >= start and tokens[i - 1] not in lexicon.PREPOSITIONS | lexicon.DETERMINERS | lexicon.ADJECTIVES
    )


_AFTER_A_VERB = lexicon.PREPOSITIONS | lexicon.DETERMINERS | {".", ","}
_AFTER_A_SUBJECT = lexicon.PREPOSITIONS | lexicon.BASE_FORMS | frozenset(lexicon.ING_FORMS) | {"are"}
_VAGUE = words(
    """lot few couple bunch number series pair close close-up closeup view picture photo image photograph shot scene
    two three     other only same"""
)


def another_subject(tokens: list[str], start: int) -> bool:
    """Whether "and" joins a second one that would stay affirmed: a man in red and a woman in blue."""
    for place in range(start, len(tokens) - 1):
        if tokens[place] in ("and", "&"):
            named = tokens[place + 1] in lexicon.DETERMINERS
            if _may_act(tokens, place + 1 + named, unknown=named):
                return True
    return False


def _may_act(tokens: list[str], place: int, unknown: bool) -> bool:
    """Whether a person or animal is named at `place`; unknown: what is said of nouns that no list holds."""
    while place < len(tokens) and tokens[place] in lexicon.ADJECTIVES:
        place += 1
    noun = tokens[place] if place < len(tokens) else ""
    if noun not in lexicon.NOUNS:
        return unknown
    return bool(lexicon.NOUNS[noun][0] & {"adult", "person", "animal"})


def _first_after_determiner(tokens: list[str], place: int) -> int:
    while tokens[place] in lexicon.DETERMINERS or tokens[place] in ("some", "many", "several", "various", "other"):
        place += 1
    return place


def _last_of(tokens: list[str], start: int, head: int) -> int | None:
    """Where the last "of" behind a collective stands: a large group | of | people."""
    return next((i for i in range(head - 1, start, -1) if tokens[i] == "of" and tokens[i - 1] in COLLECTIVES), None)


def _existence_denied(caption: Caption, family: str) -> Iterator[Edit]:
    tokens = caption.words
    if another_subject(tokens, 3):
        return
    if tokens[2:3] and tokens[2] in ("a", "an", "some", "many", "several", "one", *lexicon.NUMBER_WORDS):
        start = 3
        if tokens[1] == "is" and tokens[2] not in ("a", "an", "one"):
            return
        new = {"A": f"{tokens[1]} no", "B": f"{tokens[1]}n't any"}[family]
        if family == "B" and tokens[1] == "is":
            new = "isn't a"
        yield edited(caption, 1, start, new, "there", "subject_denied")


def _is_singular_verb(word: str) -> bool:
    return word in ("is", "has", "was") or (word in lexicon.THIRD_FORMS)


def edited(caption: Caption, start: int, end: int, new: str, what: str, kind: str = "verb_negated") -> Edit:
    """An edit of words start..end-1 into `new`; "some" shortly behind a denied verb becomes "any"."""
    text = caption.replace(start, end, new)
    changed = Caption(text)
    place = start + len(changed.words) - len(caption.words) + (end - start)
    for index in range(place, min(place + 3, len(changed.words))):
        if changed.words[index] == "some":  # "is not holding some" is another claim than "is not holding any"
            text = changed.replace(index, index + 1, "any")
            break
    return Edit(text, kind, start, (what, f"not {what}"))
