"""Pairs and choices: ties under three rules, against plain loops and brute-force shuffles."""

import itertools

import numpy as np
import pytest
from numpy.typing import ArrayLike

from semclip.core.errors import UserError
from semclip.evaluation.metrics.choice import chance, choice
from semclip.evaluation.metrics.outcomes import TIE, Outcomes, mean


def pairwise(right: ArrayLike, wrong: ArrayLike) -> Outcomes:
    """Whether right[i] > wrong[i]: a choice of two."""
    return choice(np.stack([right, wrong], axis=1), 0)


def test_a_win_a_tie_and_a_loss() -> None:
    o = pairwise([0.3, 0.2, 0.1], [0.2, 0.2, 0.2])
    assert o.expected.tolist() == [1, 0.5, 0]
    assert o.strict.tolist() == [1, 0, 0]
    assert o.optimistic.tolist() == [1, 1, 0]
    assert o.ties == 1
    assert o.value == 0.5


def test_rounding_is_a_tie_and_a_real_difference_is_not() -> None:
    assert pairwise([0.1 + 0.2], [0.3]).ties == 1
    assert pairwise([0.3 + 1e-10], [0.3]).strict.tolist() == [1]


@pytest.mark.parametrize("sign", [1, -1])
def test_a_difference_of_the_tolerance_itself_is_a_tie(sign: int) -> None:
    for o in (pairwise([sign * TIE], [0.0]), choice([[0.0, sign * TIE]], 1), choice([[sign * TIE, 0.0]], 1)):
        assert (o.strict.tolist(), o.expected.tolist(), o.optimistic.tolist()) == ([0], [0.5], [1])


@pytest.mark.parametrize("seed", range(5))
def test_choice_is_the_average_over_all_orders_of_the_options(seed: int) -> None:
    random = np.random.default_rng(seed)
    scores = random.integers(0, 3, size=(20, 4)).astype(float)
    answers = random.integers(0, 4, size=20)
    o = choice(scores, answers)
    for row, answer, expected, strict, optimistic in zip(
        scores, answers, o.expected, o.strict, o.optimistic, strict=True
    ):
        wins = [max(order, key=lambda i: row[i]) == answer for order in itertools.permutations(range(4))]
        assert expected == pytest.approx(np.mean(wins), abs=1e-12)
        assert strict == all(wins)
        assert optimistic == any(wins)


def test_equal_scores_score_chance() -> None:
    assert choice(np.zeros((6, 3)), 2).value == pytest.approx(chance(3))
    assert pairwise(np.zeros(6), np.zeros(6)).value == chance(2)


def test_the_order_of_items_changes_nothing() -> None:
    random = np.random.default_rng(2)
    right, wrong = random.normal(size=(2, 1001))
    order = random.permutation(1001)
    assert pairwise(right, wrong).value == pairwise(right[order], wrong[order]).value
    assert {mean(random.permutation(right)) for _ in range(20)} == {mean(right)}  # to the last bit


def test_bad_scores_are_refused() -> None:
    with pytest.raises(UserError, match="NaN"):
        pairwise([0.1, float("nan")], [0.0, 0.0])
    with pytest.raises(UserError, match="outside"):
        choice(np.zeros((2, 3)), 3)
    with pytest.raises(UserError, match="outside"):
        choice(np.zeros((2, 3)), [-1, 2])
    with pytest.raises(UserError, match="shape"):
        choice(np.zeros((2, 1)), 0)
    with pytest.raises(UserError, match="no items"):
        _ = choice(np.zeros((0, 2)), 0).value
