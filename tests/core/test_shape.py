"""Values of the wrong shape are named."""

from dataclasses import dataclass, field

import pytest

from semclip.core.errors import UserError
from semclip.core.shape import shaped


@dataclass(frozen=True)
class Point:
    x: float
    names: list[str] = field(default_factory=list)


def test_a_value_of_the_right_shape() -> None:
    assert shaped(Point, {"x": 1, "names": ["a"]}, "a point", "f", "fix") == Point(1.0, ["a"])


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({}, "'x' is missing"),
        ({"x": None}, "'x': Input should be a valid number, found None"),
        ({"x": 1, "names": [["\n" * 500]]}, "'names.0': Input should be a valid string"),
        ([1], "'the whole'"),
        (None, "'the whole'"),
    ],
)
def test_other_values_are_a_sentence(value: object, said: str) -> None:
    with pytest.raises(UserError) as caught:
        shaped(Point, value, "a point", "points.json", "save it again")
    assert caught.value.what.startswith("this is not a point: ") and said in caught.value.what
    assert caught.value.where == "points.json" and caught.value.fix == "save it again"
    assert "\n" not in caught.value.what and len(caught.value.what) < 300


def test_many_faults_are_counted() -> None:
    with pytest.raises(UserError, match="and 7 more"):
        shaped(list[int], ["x"] * 10, "a list", "f", "fix")
