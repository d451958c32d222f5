"""Denials of captions whose subject the shallow grammar does not find."""

import pytest

from semclip.english.unparsed import (
    both_denied,
    existence_of_several_denied,
    one_denied,
    only_verb_denied,
    several_denied,
    unparsed_denied,
)
from tests.english.edits import Rule, texts_of


@pytest.mark.parametrize(
    ("rule", "caption", "expected"),
    [
        (only_verb_denied, "Santa is passing a bus .", "Santa is not passing a bus ."),
        (only_verb_denied, "The quaddlers are eating some hay .", "The quaddlers are not eating any hay ."),
        (several_denied, "A group of three nurses wade around .", "No nurses wade around ."),
        (several_denied, "A few nurses on a hill .", "There are no nurses on a hill ."),
        (several_denied, "Nurses ice skating outside .", "There are no nurses ice skating outside ."),
        (both_denied, "A nurse and a young boy sit on a bus .", "No nurse and no young boy sit on a bus ."),
        (both_denied, "A man in red and an old nurse waving .", "There is no man in red and no old nurse waving ."),
        (one_denied, "A white and brown cat chases a goat .", "No white and brown cat chases a goat ."),
        (one_denied, "Man scales rock .", "No man scales rock ."),
        (one_denied, "Boy kissing a goat .", "There is no boy kissing a goat ."),
        (existence_of_several_denied, "There are nurses on a bus .", "There are no nurses on a bus ."),
    ],
)
def test_denied(rule: Rule, caption: str, expected: str) -> None:
    assert texts_of(rule, caption) == {expected}


@pytest.mark.parametrize(
    "caption",
    [
        "Santa is just passing a bus .",  # he may be standing
        "Some quaddlers are eating .",  # others may not be
        "The quaddler who is old waves .",
        "Santa is passing while a goat sleeps .",
        "Santa is singing and one elf dances .",  # the elf would stay
        "A nurse and a boy that sings .",
        "A quaddler .",
        "A group of nurses crossing ropes that are wet .",
    ],
)
def test_left_alone(caption: str) -> None:
    assert texts_of(unparsed_denied, caption) == set()


def test_families_share_no_denied_existence() -> None:
    for caption in ("A nurse and a boy on a bus .", "Nurses on a bus .", "Santa is on a bus .", "Boy kissing a goat ."):
        made = [texts_of(lambda c, s, f=family: unparsed_denied(c, s, f), caption) for family in "AB"]  # type: ignore[misc]
        assert made[0] and made[1] and not made[0] & made[1]
