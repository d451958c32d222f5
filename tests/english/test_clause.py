"""Where the subject ends and which word is its verb."""

import pytest

from semclip.english.caption import Caption
from semclip.english.clause import parse


@pytest.mark.parametrize(
    ("text", "head", "verb"),
    [
        ("A small brown dog runs home.", "dog", "runs"),
        ("Two boys in blue shirts play outside.", "boys", "play"),
        ("A group of old men are waiting.", "men", "are"),
        ("A man on water skis jumps high.", "man", "jumps"),
        ("A man wearing a hat is sitting there.", "man", "is"),
        ("A smiling woman waves", "woman", "waves"),
        ("A black and white cat naps.", "cat", "naps"),
        ("A dog running in the waves", "dog", None),
        ("A man sitting while a dog watches", "man", None),
        ("A cat on a bed", "cat", None),
        ("A man who sings is happy.", "man", None),  # the first verb is not the man's own clause
    ],
)
def test_subject_and_verb(text: str, head: str, verb: str | None) -> None:
    caption = Caption(text)
    clause = parse(caption)
    assert clause is not None
    assert caption.words[clause.head] == head
    assert (None if clause.verb is None else caption.words[clause.verb]) == verb


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Running home.",
        "In the park a dog runs.",
        "Photo of a dog",
        "A zzyzx runs.",
        "A zzyzx holding flowers",
        "Dogs, cats and cows",
    ],
)
def test_what_is_not_understood(text: str) -> None:
    assert parse(Caption(text)) is None


@pytest.mark.parametrize(
    ("text", "plural", "joined"),
    [
        ("A dog runs", False, False),
        ("Two dogs run", True, False),
        ("A dog and a cat run", True, True),
        ("People wait", True, False),
    ],
)
def test_number(text: str, plural: bool, joined: bool) -> None:
    clause = parse(Caption(text))
    assert clause is not None and (clause.plural, clause.joined) == (plural, joined)


@pytest.mark.parametrize(
    ("text", "finite"),
    [("A dog in the snow", False), ("A dog in a coat zzyzxes home", True), ("A boy with two zzyzxes", False)],
)
def test_an_unknown_word_may_be_a_verb_where_no_noun_must_stand(text: str, finite: bool) -> None:
    clause = parse(Caption(text))
    assert clause is not None and clause.finite is finite
