"""The sentence that a plain encoder is shown beside our ranking."""

import pytest

from semclip.core.query import And, Node, Not, Or, Picture, Query, Text
from semclip.search.page.wording import joined, sentence, understood

A, B, C, P = Text("red circle"), Text("people"), Text("cars"), Picture("x.jpg")


@pytest.mark.parametrize(
    "typed", ["a beach without people", "a semi-open door, no parking sign", "dogs but not on grass", "Notre-Dame"]
)
def test_what_is_a_sentence_stays_as_typed(typed: str) -> None:
    assert sentence(Query(typed, And((A, Not(B))))) == typed


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        (And((A, Not(B))), "red circle without people"),
        (And((Not(B), A)), "red circle without people"),
        (And((A, Not(B), Not(C))), "red circle without people and without cars"),
        (And((A, Not(Or((B, C))))), "red circle without people or cars"),
        (And((A, B)), "red circle and people"),
        (Or((A, Not(B))), "red circle or no people"),
        (Not(B), "no people"),
        (And((Not(B), Not(C))), "no people and no cars"),
        (And((A, P, Not(B))), "red circle without people"),
        (And((P, Not(B))), "no people"),
        (P, ""),
    ],
)
def test_operators_are_put_into_english(tree: Node, words: str) -> None:
    assert sentence(Query("-x", tree)) == words


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        (None, ""),
        (Not(B), ""),
        (And((A, Not(B), Not(C))), ""),
        (Or((A, B)), "red circle or people"),
        (And((Or((A, B)), Not(C))), "(red circle or people), minus cars"),
        (And((A, Not(And((B, C))))), "red circle, minus (people, cars)"),
    ],
)
def test_what_chips_alone_do_not_say(tree: Node | None, words: str) -> None:
    assert joined(Query("", tree)) == words


def test_an_upload_is_named_as_people_know_it() -> None:
    assert understood(Query("", And((A, Picture("upload-0123456789abcdef"))))).endswith("like your picture")
