"""Other things, people and sports in the place of one."""

import pytest

from semclip.english.objects import object_replaced
from tests.english.edits import texts_of


def test_other_thing_keeps_number_and_article() -> None:
    made = texts_of(object_replaced, "Two puppies chase a ball .")
    assert "Two cats chase a ball ." in made
    assert "Two puppies chase a frisbee ." in made
    assert "A man holds an umbrella." in texts_of(object_replaced, "A man holds a book.")
    assert "A Cat Running On The Beach" in texts_of(object_replaced, "A Dog Running On The Beach")


@pytest.mark.parametrize(
    "caption",
    [
        "A hot dog stand.",
        "A dog house stands here.",
        "A woman reads near a book shelf.",
        "A statue of a queen.",
        "A wave of water.",
        "A dog of clay.",
        "He walks another dog.",
        "She runs and slides down.",
    ],
)
def test_compounds_are_left_alone(caption: str) -> None:
    assert texts_of(object_replaced, caption, "Many people.") == set()


def test_what_another_caption_mentions_is_not_put_in() -> None:
    made = texts_of(object_replaced, "A dog runs.", "A dog runs past a cat and some farm animals.")
    assert not any(word in text for text in made for word in ("cat", "sheep", "cow", "horse", "goat"))


def test_gender_with_pronouns_and_age() -> None:
    assert {"A woman ties her shoes.", "A girl ties her shoes."} <= texts_of(object_replaced, "A man ties his shoes.")
    assert "An old woman naps." in texts_of(object_replaced, "An old man naps.")
    assert "An old girl naps." not in texts_of(object_replaced, "An old man naps.")
    assert "A girl naps." not in texts_of(object_replaced, "A boy naps.", "A girl is asleep.")
    # "her" may be "his" or "him": refused
    assert not any("man ties" in t for t in texts_of(object_replaced, "A woman ties her shoes."))
    assert not any("woman" in t for t in texts_of(object_replaced, "A man naps.", "A group of people."))


def test_sports() -> None:
    made = texts_of(object_replaced, "Two boys playing tennis .")
    assert "Two boys playing volleyball ." in made
    assert not any("golf ball" in text for text in texts_of(object_replaced, "A tennis ball lies here."))


def test_places_take_their_own_preposition() -> None:
    made = texts_of(object_replaced, "A man waits in the street.")
    assert not any("in the beach" in text or "in the mountain" in text for text in made)
    assert not any("at the street" in text for text in texts_of(object_replaced, "A man waits at the beach."))
    assert not any("deserts" in text for text in texts_of(object_replaced, "A man walks through the woods."))


@pytest.mark.parametrize(
    ("caption", "never"),
    [
        ("A skate trick on a metal railing.", "log"),
        ("A boy holds an American flag.", "American balloon"),
        ("A path through some trees.", "fountains"),
        ("A girl rows a boat.", "car"),
        ("A boy rests in a bed.", "bench"),
    ],
)
def test_what_nobody_does_with_the_other_thing(caption: str, never: str) -> None:
    assert not [text for text in texts_of(object_replaced, caption) if never in text]
