"""Multiple choice from a data file: counted by hand, and rows that are no questions."""

from dataclasses import replace

import numpy as np
import pytest

from semclip.core.errors import UserError
from semclip.core.example import Example, ImageRef
from semclip.evaluation import evaluate
from tests.evaluation.own.fakes import FakeEncoder

OPTIONS = ("a dog and a ball", "a dog, no ball", "a ball, no dog", "neither")


def row(i: int, answer: object, kind: str) -> Example:
    meta = {f"caption_{place}": text for place, text in enumerate(OPTIONS)}
    meta |= {"correct_answer": answer, "correct_answer_template": kind}  # type: ignore[dict-item]
    return Example(id=f"q{i}", image=ImageRef(f"{i}.png"), caption="x", group="four", meta=meta, where=f"q.csv:{i}")


def always(place: int) -> FakeEncoder:
    """A model for which every photo is nearest to the option at one place."""
    return FakeEncoder(
        lambda _: np.eye(4)[place], lambda text: np.eye(4)[OPTIONS.index(text) if text in OPTIONS else 3]
    )


def test_one_of_four_is_right_for_who_always_says_the_same() -> None:
    rows = [row(0, 0, "positive"), row(1, "1", "hybrid"), row(2, 2, "hybrid"), row(3, " 3", "negative")]
    result = evaluate(always(1), ["multiple_choice"], rows, {})["multiple_choice"]
    assert result.metric("accuracy").value == 0.25 and result.metric("accuracy").chance == 0.25
    assert {kind: part.value for kind, part in result.metric("accuracy").per_slice.items()} == {
        "positive": 0.0, "hybrid": 0.5, "negative": 0.0,
    }  # fmt: skip
    assert result.metric("blind_longest_option").value == 0.25  # "a dog and a ball"
    assert result.items["accuracy"]["outcome"] == [0.0, 1.0, 0.0, 0.0]


@pytest.mark.parametrize("answer", [4, "4", "-1", "one", 1.5, ""])
def test_an_answer_that_is_none_is_named_with_its_row(answer: object) -> None:
    rows = [row(0, 0, "positive"), row(1, answer, "hybrid")]
    if answer == "":
        assert any("have no correct_answer" in n for n in evaluate(always(0), ["multiple_choice"], rows, {})[
            "multiple_choice"].notes)  # fmt: skip
        return
    with pytest.raises(UserError, match="the options are 0 to 3") as caught:
        evaluate(always(0), ["multiple_choice"], rows, {})
    assert caught.value.where == "q.csv:1"


def test_a_row_without_options_is_named() -> None:
    lone = replace(row(1, 0, ""), meta={"correct_answer": 0, "caption_0": "a dog"})
    with pytest.raises(UserError, match="1 options") as caught:
        evaluate(always(0), ["multiple_choice"], [lone], {})
    assert caught.value.where == "q.csv:1" and "caption_0, caption_1" in caught.value.fix


def test_a_row_may_have_fewer_options_but_no_gap() -> None:
    full = row(1, 1.0, "")  # a fraction, as of a column in which some rows have no answer
    three = replace(full, meta={**full.meta, "caption_3": None})
    accuracy = evaluate(always(1), ["multiple_choice"], [three], {})["multiple_choice"].metric("accuracy")
    assert (accuracy.value, accuracy.chance) == (1.0, pytest.approx(1 / 3))
    gap = replace(full, meta={**full.meta, "caption_2": None})
    with pytest.raises(UserError, match="3 options, and one is missing") as caught:
        evaluate(always(1), ["multiple_choice"], [gap], {})
    assert caught.value.where == "q.csv:1"
