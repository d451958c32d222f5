"""Other colours, sizes, ages and numbers, and what forbids them."""

import pytest

from semclip.english.attributes import attribute_swapped, number_swapped
from tests.english.edits import texts_of


def test_colour_of_fur_clothes_and_hair() -> None:
    assert texts_of(attribute_swapped, "A black cat sleeps.") == {"A white cat sleeps."}
    assert "A woman in a green coat waves." in texts_of(attribute_swapped, "A woman in a red coat waves.")
    assert "A nurse with black hair." in texts_of(attribute_swapped, "A nurse with blond hair.")
    assert "The waiter in white smiles." in texts_of(attribute_swapped, "The waiter in black smiles.")


@pytest.mark.parametrize(
    ("caption", "siblings"),
    [
        ("Green grass grows here.", []),  # scenery has no other colour
        ("A white man reads.", []),  # no colours of people
        ("A black bear cub of the zoo.", []),  # "bear cub" is not understood
        ("A black cat sleeps.", ["A black and white cat is asleep."]),  # the other colour is there, too
        ("A black cat sleeps.", ["Two cats sleep."]),  # the other cat may have it
        ("A woman in a red coat waves.", ["A woman in a striped coat."]),
        ("A woman in a red coat waves.", ["A woman and a man wave."]),  # his coat may have it
    ],
)
def test_colours_left_alone(caption: str, siblings: list[str]) -> None:
    assert texts_of(attribute_swapped, caption, *siblings) == set()


def test_a_near_colour_is_no_contradiction() -> None:
    made = texts_of(attribute_swapped, "A girl in a red hat.")
    assert made
    assert not any(near in text for text in made for near in ("pink", "orange", "purple", "brown"))


def test_all_of_several_animals_may_change() -> None:
    assert "Two white dogs bark." in texts_of(attribute_swapped, "Two black dogs bark.")


def test_size_and_age_and_article() -> None:
    assert texts_of(attribute_swapped, "A young man naps.") == {"An elderly man naps."}
    assert texts_of(attribute_swapped, "An old woman reads.") == {"A young woman reads."}
    assert texts_of(attribute_swapped, "A young boy naps.") == set()
    assert texts_of(attribute_swapped, "A small dog barks.", "A big dog barks.") == set()


def test_numbers_only_rise() -> None:
    assert texts_of(number_swapped, "Six horses run.") == {"Seven horses run.", "Eight horses run."}


@pytest.mark.parametrize("sibling", ["A group of horses.", "Three horses run.", "Several horses."])
def test_numbers_that_are_not_sure_are_left_alone(sibling: str) -> None:
    assert texts_of(number_swapped, "Two horses run.", sibling) == set()
