"""Captions denied in their own words, and made affirmative: grammar, and what is refused."""

from functools import partial

import pytest

from semclip.english.affirm import negation_removed
from semclip.english.verbs import subject_denied, verb_negated
from tests.english.edits import texts_of


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("A cow is eating hay .", "A cow is not eating hay ."),
        ("Two cows are eating hay.", "Two cows are not eating hay."),
        ("A cow eats hay.", "A cow does not eat hay."),
        ("Three boys watch a film.", "Three boys do not watch a film."),
        ("A woman carries a box", "A woman does not carry a box"),
        ("A man in a red hat sits on a rock.", "A man in a red hat does not sit on a rock."),
        ("A man and a woman walk home.", "A man and a woman do not walk home."),
        ("A girl in red and a boy in blue run.", "A girl in red and a boy in blue do not run."),
        ("A group of people are waiting.", "A group of people are not waiting."),
        ("A dog has a bone.", "A dog does not have a bone."),
        ("A girl holding some eggs.", "A girl is not holding any eggs."),
        ("A quiet street.", None),
        ("A man sits and smokes.", None),  # "does not sit and smokes"
        ("A man wearing a hat sitting there.", None),  # which of the two is denied?
        ("A man who is sitting there sings.", None),
        ("Photo of a man sitting there", None),
        ("People mountain climbing .", None),
    ],
)
def test_verbs(caption: str, expected: str | None) -> None:
    assert texts_of(verb_negated, caption) == ({expected} if expected else set())


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("A cow eats some hay .", "No cow eats any hay ."),
        ("The old man is smiling.", "No old man is smiling."),
        ("Two dogs run", "No dogs run"),
        ("Dog in the snow.", "There is no dog in the snow."),
        ("two black dogs running", "there are no black dogs running"),
        ("A group of people walk home.", "No people walk home."),
        ("A group of people is waiting.", "No group of people is waiting."),
        ("A man sits and smokes.", "No man sits and smokes."),
        ("A man with a hat and a beard sits there.", "No man with a hat and a beard sits there."),
        ("A lion tamer bows.", "No lion tamer bows."),
        ("Spelunkers pose in a cave.", "No spelunkers pose in a cave."),
        ("Someone is singing.", "Nobody is singing."),
        ("There is a cat on the bed.", "There is no cat on the bed."),
        ("There are three cats.", "There are no cats."),
        ("This is a cat.", "This is not a cat."),
        ("A Cat Sleeping On The Bed", "There Is No Cat Sleeping On The Bed"),
        ("A man and a woman walk home.", None),
        ("A man in red and a woman in blue walk home.", None),  # the woman would stay affirmed
        ("Man in red and woman in blue walk home.", None),
        ("There are three cats, a ball and a dog.", None),
        ("A man who is resting his head on his hand.", None),  # "no man who is ..." is no sentence
        ("A boy being lifted by his father.", "There is no boy being lifted by his father."),
        ("A man dressed as Santa rides in a parade.", "No man dressed as Santa rides in a parade."),
        ("A wedding photo of ten people with big smiles wearing black", None),
        ("A goat 's head is tilted back.", None),
        ('A woman wearing a " free hugs " sign.', 'There is no woman wearing a " free hugs " sign.'),
        ("A racer on a branded motorcycle.", "There is no racer on a branded motorcycle."),
        ("Someone riding a camel smokes a pipe.", "Nobody riding a camel smokes a pipe."),
        ("One dog chases another.", None),
        ("His dog naps.", None),
        ("A photo of a dog.", None),
        ("On the bed sleeps a cat.", None),
    ],
)
def test_subjects(caption: str, expected: str | None) -> None:
    assert texts_of(subject_denied, caption) == ({expected} if expected else set())


@pytest.mark.parametrize(
    ("rule", "caption", "expected"),
    [
        (verb_negated, "A cow is eating hay .", "A cow isn't eating hay ."),
        (verb_negated, "Three boys watch a film.", "Three boys don't watch a film."),
        (subject_denied, "A cow eats hay.", "Not a single cow eats hay."),
        (subject_denied, "An old cow in a barn", "Not a single old cow in a barn"),
        (subject_denied, "Two cows in a barn", "No cows in a barn"),
        (subject_denied, "There are two cows.", "There aren't any cows."),
    ],
)
def test_tests_have_their_own_way_to_deny(rule: object, caption: str, expected: str) -> None:
    assert texts_of(partial(rule, family="B"), caption) == {expected}  # type: ignore[operator]
    assert expected not in texts_of(rule, caption)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("A man without a hat naps.", "A man with a hat naps."),
        ("A man without shoes naps.", "A man with shoes naps."),
        ("A street with no cars .", "A street with cars ."),
        ("There is no umbrella.", "There is an umbrella."),
        ("A dog is not eating.", "A dog is eating."),
        ("Two dogs aren't eating.", "Two dogs are eating."),
        ("A dog does not carry a stick.", "A dog carries a stick."),
        ("Nobody is there.", None),
        ("A man without a hat is not happy.", None),
    ],
)
def test_negations_removed(caption: str, expected: str | None) -> None:
    assert texts_of(negation_removed, caption) == ({expected} if expected else set())
