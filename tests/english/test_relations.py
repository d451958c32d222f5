"""Who is where, and who does what to whom."""

import pytest

from semclip.english.actions import action_replaced
from semclip.english.relations import relation_reversed, role_swapped
from tests.english.edits import texts_of


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("A cat sits in front of the door.", "A cat sits behind the door."),
        ("A cat sits behind the door.", "A cat sits in front of the door."),
        ("A boy walks up the stairs .", "A boy walks down the stairs ."),
        ("Two girls sit on a bench.", "Two girls sit under a bench."),
        ("A dog jumps over a box.", "A dog jumps under a box."),
        ("Children play outside.", "Children play inside."),
        ("A goat stands near a barn.", "A goat stands far away from a barn."),
        ("A horse runs towards the gate.", "A horse runs away from the gate."),
        ("A seal jumps into the pool.", "A seal jumps out of the pool."),
    ],
)
def test_relations(caption: str, expected: str) -> None:
    assert texts_of(relation_reversed, caption) == {expected}


@pytest.mark.parametrize(
    "caption",
    [
        "A man hangs upside down.",
        "A bus drives down the street.",
        "A boy looks over a fence.",
        "A man gets up.",
        "Five people stand in front of a body of water.",
        "A girl holds a camera in front of her face.",
        "A couple stands outside a street.",
        "Children jump off the edge into a pool.",
        "A skier jumps over a gap.",
    ],
)
def test_relations_left_alone(caption: str) -> None:
    assert texts_of(relation_reversed, caption) == set()


def test_relation_that_a_sibling_confirms_is_left_alone() -> None:
    assert texts_of(relation_reversed, "A cat sits in front of the door.", "A door is behind a cat.") == set()


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("A dog chases a cat .", "A cat chases a dog ."),
        ("A small dog is chasing an old goat across a yard.", "An old goat is chasing a small dog across a yard."),
        ("The boy carries the girl.", "The girl carries the boy."),
        ("Two men watch two women.", "Two women watch two men."),
        ("There is a woman pushing a man.", "There is a man pushing a woman."),
    ],
)
def test_roles(caption: str, expected: str) -> None:
    assert texts_of(role_swapped, caption) == {expected}


@pytest.mark.parametrize(
    "caption",
    [
        "A dog chases a dog.",  # who is who?
        "Two dogs chase a cat.",  # a cat chases
        "A dog meets a cat.",  # both do
        "A man with a boy chases a dog.",  # the boy is not the one who chases
        "A dog chases a ball.",
        "A man and a woman hold a baby.",
        "A dog chases a cat and a goat.",
        "A man carries a girl on his shoulders.",  # they would be hers
    ],
)
def test_roles_left_alone(caption: str) -> None:
    assert texts_of(role_swapped, caption) == set()


def test_actions() -> None:
    assert "A man standing on a chair." in texts_of(action_replaced, "A man sitting on a chair.")
    assert "Two men stand at a table." in texts_of(action_replaced, "Two men sit at a table.")
    assert not any("lies" in t for t in texts_of(action_replaced, "A cow stands in a barn.", "A cow lies down."))
    assert texts_of(action_replaced, "A boy break dancing on a stage.") == set()
    assert texts_of(action_replaced, "A vase stands on a table.") == set()  # one that sits there stands there
