"""Average precision and shares of the first k against all orders of equal scores, tried one by one."""

from itertools import pairwise, permutations

import numpy as np
import pytest

from semclip.core.errors import UserError
from semclip.evaluation.metrics.outcomes import TIE
from semclip.evaluation.metrics.ranking import average_precision, share_of_first


def plain(order: list[bool]) -> float:
    places = [k for k, right in enumerate(order, 1) if right]
    return float(np.mean([(i + 1) / k for i, k in enumerate(places)]))


def orders(scores: list[float], right: list[bool]) -> list[list[bool]]:
    ranked = [p for p in permutations(range(len(scores))) if all(scores[a] >= scores[b] for a, b in pairwise(p))]
    return [[right[i] for i in p] for p in ranked]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("values", [1, 2, 3, 50])
def test_ties_count_as_the_mean_over_all_orders(seed: int, values: int) -> None:
    random = np.random.default_rng(seed)
    scores = [float(x) for x in random.integers(0, values, size=6)]
    right = [bool(x) for x in random.permutation([True, True, False, False, True, False])]
    every = orders(scores, right)
    assert average_precision(scores, right) == pytest.approx(np.mean([plain(o) for o in every]), abs=1e-12)
    for k in (1, 2, 4, 6, 10):
        expected = np.mean([np.mean(o[:k]) for o in every])
        assert share_of_first(scores, right, k) == pytest.approx(expected, abs=1e-12)


def test_the_best_order_is_1_and_the_worst_is_known() -> None:
    assert average_precision([3, 2, 1], [True, True, False]) == 1.0
    assert average_precision([3, 2, 1], [False, False, True]) == pytest.approx(1 / 3)
    assert share_of_first([3, 2, 1], [True, True, False], 2) == 1.0
    assert share_of_first([3, 2, 1], [False, False, True], 2) == 0.0


def test_rounding_makes_no_order() -> None:
    assert average_precision([1.0, 1.0 + 1e-15], [True, False]) == pytest.approx(0.75)
    assert average_precision([0.0, TIE], [True, False]) == pytest.approx(0.75)


def test_what_has_no_value_is_refused() -> None:
    with pytest.raises(UserError, match="without a right item"):
        average_precision([1.0, 2.0], [False, False])
    with pytest.raises(UserError, match="NaN"):
        average_precision([1.0, np.nan], [True, False])
    with pytest.raises(UserError, match="scores"):
        share_of_first([1.0, 2.0], [True], 10)
