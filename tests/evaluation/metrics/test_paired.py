"""Paired tests: against binomial sums written out, with fractional outcomes and with clusters."""

from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semclip.core.errors import UserError
from semclip.evaluation.metrics.intervals import bootstrap_mean
from semclip.evaluation.metrics.paired import MCNEMAR, STUDENT, compare, paired_difference


def naive_p(better: int, worse: int) -> float:
    n = better + worse
    tail = sum(comb(n, i) for i in range(min(better, worse) + 1)) / 2**n
    return min(1.0, 2 * tail)


def single(count: int) -> list[str]:
    return [f"image {i}" for i in range(count)]


@pytest.mark.parametrize(("better", "worse"), [(1, 0), (7, 1), (30, 12), (5, 5), (0, 9)])
def test_one_item_an_image_is_the_exact_mcnemar_test(better: int, worse: int) -> None:
    d = np.array([[1.0] * better + [-1.0] * worse + [0.0] * 43])
    test = paired_difference(d, single(d.size))
    assert test.method == MCNEMAR
    assert test.p == pytest.approx(naive_p(better, worse), abs=1e-12)
    assert test.value == pytest.approx((better - worse) / d.size)
    turned = paired_difference(-d, single(d.size))
    assert turned.p == test.p and turned.interval is not None and test.interval is not None
    assert turned.interval == pytest.approx((-test.interval[1], -test.interval[0]))


@pytest.mark.parametrize(("better", "worse"), [(1, 0), (6, 0), (5, 0), (7, 1), (30, 12), (30, 15), (0, 9)])
def test_the_exact_interval_leaves_zero_out_where_the_binomial_does(better: int, worse: int) -> None:
    d = np.array([[1.0] * better + [-1.0] * worse + [0.0] * 10])
    found = paired_difference(d, single(d.size)).interval
    assert found is not None
    n = better + worse
    low, high = ((bound * d.size / n + 1) / 2 for bound in found)  # shares of the better among those that differ
    above = sum(comb(n, i) * max(low, 0.0) ** i * (1 - max(low, 0.0)) ** (n - i) for i in range(better, n + 1))
    below = sum(comb(n, i) * min(high, 1.0) ** i * (1 - min(high, 1.0)) ** (n - i) for i in range(better + 1))
    assert above <= 0.025 + 1e-9 or not better
    assert below <= 0.025 + 1e-9 or not worse
    assert (found[0] > 0 or found[1] < 0) == (naive_p(better, worse) < 0.05)


def test_nothing_different_proves_nothing() -> None:
    test = paired_difference([[0.0, 0.0, 0.0]], single(3))
    assert (test.value, test.p, test.interval) == (0.0, 1.0, (0.0, 0.0))


def test_items_of_one_image_and_items_that_weigh_more_are_compared_by_the_mean_they_make() -> None:
    """Most clusters are better, the mean is worse: a vote by cluster would call the worse model better."""
    d = [1.0] * 20 + [-1.0] * 60
    clusters = [f"small {i}" for i in range(20)] + [f"large {i % 6}" for i in range(60)]
    test = paired_difference([d], clusters)
    assert test.value == pytest.approx(-0.5) and test.method == STUDENT
    assert test.interval is not None and test.interval[0] < -0.5 < test.interval[1]
    weights = np.array([1.0] * 20 + [0.01] * 60)
    weighed = paired_difference([d], single(80), weights / weights.sum())
    assert weighed.value == pytest.approx((20 - 0.6) / 20.6)


def test_weights_that_are_equal_change_nothing() -> None:
    random = np.random.default_rng(3)
    d = random.integers(-1, 2, (3, 40)).astype(float)
    clusters = [str(i // 2) for i in range(40)]
    plain, weighed = paired_difference(d, clusters), paired_difference(d, clusters, np.full(40, 1 / 40))
    assert plain.p == pytest.approx(weighed.p) and plain.value == pytest.approx(weighed.value)


@pytest.mark.parametrize("clusters", [1, 2, 4, 5, 6, 9])
def test_a_few_images_that_all_agree_are_no_proof(clusters: int) -> None:
    """Two items an image, of other weights: no variation that Student's t could see."""
    d = np.ones((1, 2 * clusters + 80))
    d[:, 2 * clusters :] = 0.0
    names = [f"{i // 2}" for i in range(2 * clusters)] + [f"rest {i}" for i in range(80)]
    weights = np.linspace(1.0, 1.01, d.size)
    test = paired_difference(d, names, weights / weights.sum())
    assert test.p >= 0.5 ** (clusters - 1) - 1e-12
    assert test.interval is not None
    assert (test.interval[0] > 0) == (test.p < 0.05)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 3), st.integers(2, 40), st.booleans(), st.booleans(), st.booleans())
def test_value_interval_and_p_never_contradict_one_another(
    seed: int, seeds: int, items: int, clustered: bool, weighed: bool, tied: bool
) -> None:
    random = np.random.default_rng(seed)
    d = random.choice([-1.0, 0.0, 0.0, 1.0], (seeds, items), p=[0.1, 0.4, 0.2, 0.3])
    d = np.where(random.random(d.shape) < 0.3, d / 2, d) if tied else d
    clusters = [str(random.integers(items)) if clustered else str(i) for i in range(items)]
    weights = random.dirichlet(np.ones(items)) if weighed else None
    test = paired_difference(d, clusters, weights)
    mean = float((d.mean(axis=0) * (1 / items if weights is None else weights)).sum())
    assert test.value == pytest.approx(mean, abs=1e-12)
    assert 0 <= test.p <= 1
    if test.interval is None:
        assert test.p == 1.0 and len(set(clusters)) == 1
        return
    low, high = test.interval
    assert low <= test.value <= high
    assert (low > 0 or high < 0) == (test.p < 0.05)


@pytest.mark.parametrize(("clustered", "weighed"), [(False, False), (True, False), (False, True), (True, True)])
def test_false_alarms_stay_near_five_percent(clustered: bool, weighed: bool) -> None:
    random = np.random.default_rng(0)
    names = [str(i // 3 if clustered else i) for i in range(120)]
    weights = np.where(np.arange(120) < 30, 3.0, 1.0)
    found = []
    for _ in range(400):
        of_image = random.normal(size=120)[[int(n) for n in names]] if clustered else np.zeros(120)
        a, b = (of_image * sign + random.normal(size=120) > 0 for sign in (1, -1))
        d = a.astype(float) - b
        found.append(paired_difference(d[None], names, weights / weights.sum() if weighed else None).p)
    assert np.mean(np.array(found) < 0.05) <= 0.08


def test_the_interval_of_a_difference_is_the_bootstraps() -> None:
    random = np.random.default_rng(1)
    b = random.integers(0, 2, size=1000)
    a = np.maximum(b, random.random(1000) < 0.1)
    ids = [str(i) for i in range(1000)]
    interval = compare({"id": ids, "outcome": a}, {"id": ids, "outcome": b}).difference.interval
    assert interval is not None
    assert interval == pytest.approx(bootstrap_mean(a - b, ids), abs=0.003)
    doubled = [i for i in ids for _ in "ab"]
    clustered = paired_difference([np.repeat(a - b, 2) * np.tile([1.0, 0.5], 1000)], doubled).interval
    assert clustered == pytest.approx(bootstrap_mean(0.75 * (a - b), ids), abs=0.003)


def test_one_image_has_no_interval() -> None:
    one = {"id": ["a", "b"], "outcome": [1.0, 0.0], "cluster": ["x", "x"]}
    assert compare(one, one).difference.interval is None
    assert compare({**one, "cluster": ["x", "y"]}, one).difference.interval == (0.0, 0.0)


def test_compare_matches_items_by_id() -> None:
    first = {"id": ["a", "b", "c"], "outcome": [1.0, 0.0, 1.0], "cluster": ["1", "2", "3"]}
    second = {"id": ["c", "a", "b"], "outcome": [0.0, 1.0, 0.0], "cluster": ["3", "1", "2"]}
    result = compare(first, second)
    assert result.difference.value == pytest.approx(1 / 3)
    assert (result.won, result.lost, result.n) == (1, 0, 3)


def test_what_is_won_and_lost_makes_the_difference_of_a_weighted_mean() -> None:
    """More items are lost than won, but those that are won are of a small set, where each counts for more."""
    ids, weight = [str(i) for i in range(10)], [0.25] * 2 + [0.0625] * 8
    first = {"id": ids, "outcome": [1.0] * 2 + [0.0] * 3 + [1.0] * 5, "weight": weight}
    second = {"id": ids, "outcome": [0.0] * 2 + [1.0] * 8, "weight": weight}
    result = compare(first, second)
    assert (result.won, result.lost) == (2, 3)
    assert result.difference.value == pytest.approx(0.5 - 3 / 16) == result.gain - result.loss


@pytest.mark.parametrize("weights", [[0.5, 0.6], [1.0], [-0.5, 1.5], [np.nan, 1.0]])
def test_weights_that_make_no_mean_are_refused(weights: list[float]) -> None:
    with pytest.raises(UserError):
        paired_difference([[1.0, 0.0]], ["a", "b"], weights)


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
