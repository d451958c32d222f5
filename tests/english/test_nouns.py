"""What captions name, and what they leave possible."""

import pytest

from semclip.english.caption import Caption
from semclip.english.inflection import one_of, plural_of
from semclip.english.nouns import Nouns

NOUNS = Nouns(["disc", "circle", "Ring", "traffic light"])


def test_things_are_named_by_any_of_their_names_as_heads_only() -> None:
    assert NOUNS.named(Caption("Two puppies chase a ball .")) == {"dog", "ball"}
    assert NOUNS.named(Caption("A dog house by a toy car .")) == set()


def test_listed_nouns_are_named_where_the_caption_says_them_in_any_number() -> None:
    caption = Caption("two discs below a traffic light")
    assert NOUNS.named(caption, ["disc", "circle", "traffic light"]) == {"disc", "traffic light"}
    assert NOUNS.named(caption) == {"frisbee"}  # without a list, "disc" is what people call a frisbee
    assert NOUNS.named(Caption("rings"), ["Ring"]) == {"Ring"}


def test_a_caption_that_denies_something_names_only_what_its_list_confirms() -> None:
    assert NOUNS.named(Caption("a man without a dog")) == set()
    assert NOUNS.named(Caption("no ring but a disc"), ["disc", "circle"]) == {"disc"}


@pytest.mark.parametrize(
    ("captions", "noun"),
    [
        (["A dog barks ."], "dog"),
        (["Two dogs bark ."], "dog"),
        (["A puppy naps ."], "dog"),
        (["An animal naps ."], "dog"),
        (["A cat naps .", "A cat beside a collie ."], "dog"),
        (["A surfer waits ."], "man"),
        (["A car with no dog ."], "dog"),
        (["three rings"], "Ring"),
        (["many traffic lights"], "traffic light"),
    ],
)
def test_what_is_named_or_hinted_at_is_possible(captions: list[str], noun: str) -> None:
    assert noun in NOUNS.possible(captions)


def test_what_a_list_names_is_possible_and_a_part_of_a_word_is_not() -> None:
    assert {"disc", "circle"} <= NOUNS.possible(["something"], ["disc", "circle"])
    assert "dog" in NOUNS.possible(["something"], ["puppy"])
    assert not {"dog", "cat", "Ring", "bus"} & NOUNS.possible(["A catalogue of earrings and business doggerel ."])


@pytest.mark.parametrize(
    ("noun", "expected"), [("scissors", "scissors"), ("owl", "an owl"), ("wool tights", "wool tights")]
)
def test_what_has_no_singular_has_no_article(noun: str, expected: str) -> None:
    assert one_of(noun) == expected
    assert expected == noun or plural_of(noun) != noun
