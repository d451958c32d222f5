"""Paired tests: against binomial sums written out, with fractional outcomes and with clusters."""

from math import comb

import numpy as np
import pytest

from semclip.core.errors import UserError
from semclip.evaluation.metrics.intervals import bootstrap_mean
from semclip.evaluation.metrics.outcomes import TIE
from semclip.evaluation.metrics.paired import compare, mcnemar


def naive_p(better: int, worse: int) -> float:
    n = better + worse
    tail = sum(comb(n, i) for i in range(min(better, worse) + 1)) / 2**n
    return min(1.0, 2 * tail)


@pytest.mark.parametrize(("better", "worse"), [(1, 0), (7, 1), (30, 12), (5, 5), (0, 9)])
def test_mcnemar_is_the_binomial_of_discordant_pairs(better: int, worse: int) -> None:
    a = [1] * better + [0] * worse + [1] * 40 + [0] * 3
    b = [0] * better + [1] * worse + [1] * 40 + [0] * 3
    test = mcnemar(a, b)
    assert (test.better, test.worse) == (better, worse)
    assert test.p == pytest.approx(naive_p(better, worse), abs=1e-12)
    assert mcnemar(b, a).p == test.p


def test_nothing_different_proves_nothing() -> None:
    assert mcnemar([1, 0.5, 0], [1, 0.5, 0]).p == 1.0


def test_a_tie_counts_for_the_higher_outcome() -> None:
    test = mcnemar([0.5, 1.0, 0.5], [0.0, 0.5, 0.5])
    assert (test.better, test.worse) == (2, 0)
    test = mcnemar([TIE, 0.0], [0.0, TIE])  # the tolerance itself is no difference
    assert (test.better, test.worse) == (0, 0)


def test_clusters_have_one_vote_each() -> None:
    a, b = [1, 1, 1, 0, 1], [0, 0, 0, 1, 0]
    assert mcnemar(a, b).better == 4
    test = mcnemar(a, b, clusters=["x", "x", "x", "y", "y"])
    assert (test.better, test.worse) == (1, 0)  # x: +3; y: -1 + 1 = 0


def test_false_alarms_stay_below_five_percent() -> None:
    random = np.random.default_rng(0)
    p = [mcnemar(*random.integers(0, 2, size=(2, 60))).p for _ in range(1000)]
    assert np.mean(np.array(p) < 0.05) < 0.06


def test_the_interval_of_a_difference_is_the_bootstraps() -> None:
    random = np.random.default_rng(1)
    b = random.integers(0, 2, size=1000)
    a = np.maximum(b, random.random(1000) < 0.1)
    ids = [str(i) for i in range(1000)]
    interval = compare({"id": ids, "outcome": a}, {"id": ids, "outcome": b}).interval
    assert interval is not None
    assert interval == pytest.approx(bootstrap_mean(a - b, ids), abs=0.003)


def test_one_image_has_no_interval() -> None:
    one = {"id": ["a", "b"], "outcome": [1.0, 0.0], "cluster": ["x", "x"]}
    assert compare(one, one).interval is None
    assert compare({**one, "cluster": ["x", "y"]}, one).interval == (0.0, 0.0)


def test_compare_matches_items_by_id() -> None:
    first = {"id": ["a", "b", "c"], "outcome": [1.0, 0.0, 1.0], "cluster": ["1", "2", "3"]}
    second = {"id": ["c", "a", "b"], "outcome": [0.0, 1.0, 0.0], "cluster": ["3", "1", "2"]}
    result = compare(first, second)
    assert result.difference == pytest.approx(1 / 3)
    assert (result.test.better, result.test.worse, result.n) == (1, 0, 3)


@pytest.mark.parametrize(("first", "second"), [([1.0], [1.0, 0.0]), ([[1.0]], [[0.0]])])
def test_mcnemar_refuses_other_shapes(first: list[float], second: list[float]) -> None:
    with pytest.raises(UserError, match="shapes"):
        mcnemar(first, second)
    with pytest.raises(UserError, match="1 cluster names for 2 items"):
        mcnemar([1.0, 0.0], [0.0, 0.0], clusters=["x"])


def test_a_torn_record_is_refused() -> None:
    torn, whole = {"id": ["a", "b"], "outcome": [1.0]}, {"id": ["a"], "outcome": [1.0]}
    for first, second in ((torn, whole), (whole, torn)):
        with pytest.raises(ValueError, match="shorter"):
            compare(first, second)


def test_compare_refuses_other_items() -> None:
    first = {"id": ["a", "b"], "outcome": [1.0, 0.0]}
    with pytest.raises(UserError, match="different items"):
        compare(first, {"id": ["a", "x"], "outcome": [1.0, 0.0]})
    with pytest.raises(UserError, match="different items"):
        compare(first, {"id": ["a", "a"], "outcome": [1.0, 0.0]})
