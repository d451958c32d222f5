"""Seeds times items: against an analysis of variance written out, classical tests, and five percent false alarms."""

import itertools

import numpy as np
import pytest
from scipy.stats import t, ttest_1samp

from semclip.core.errors import UserError
from semclip.evaluation.metrics.crossed import crossed_mean, holm


def names(count: int) -> list[str]:
    return [f"image {i}" for i in range(count)]


def naive_variance(y: np.ndarray) -> tuple[float, float, float]:
    """Mean squares of the two-way layout over S x N, one loop per sum."""
    s, n = y.shape
    mean = sum(y[i, j] for i in range(s) for j in range(n)) / (s * n)
    seed = [sum(y[i]) / n for i in range(s)]
    item = [sum(y[:, j]) / s for j in range(n)]
    ms_seed = sum(n * (m - mean) ** 2 for m in seed) / (s - 1)
    ms_item = sum(s * (m - mean) ** 2 for m in item) / (n - 1)
    ms_both = sum((y[i, j] - seed[i] - item[j] + mean) ** 2 for i, j in itertools.product(range(s), range(n)))
    return ms_seed / (s * n), ms_item / (s * n), ms_both / ((s - 1) * (n - 1) * s * n)


def test_weights_make_the_mean_over_sets_and_its_interval_that_of_resampled_clusters() -> None:
    random = np.random.default_rng(7)
    y = (random.random((1, 600)) < np.where(np.arange(600) < 60, 0.2, 0.8)).astype(float)
    w = np.where(np.arange(600) < 60, 1 / 120, 1 / 1080)
    got = crossed_mean(y, names(600), w)
    assert got.value == pytest.approx((y[0, :60].mean() + y[0, 60:].mean()) / 2)
    drawn = [random.multinomial(600, np.full(600, 1 / 600)) * w for _ in range(4000)]
    means = [float(d @ y[0] / d.sum()) for d in drawn]
    assert got.interval == pytest.approx(np.quantile(means, [0.025, 0.975]), abs=0.02)
    assert crossed_mean(y, names(600), np.full(600, 1 / 600)).interval == pytest.approx(
        crossed_mean(y, names(600)).interval
    )


def test_the_interval_is_that_of_the_two_way_analysis_of_variance() -> None:
    random = np.random.default_rng(0)
    y = random.normal(0.3, 0.3, (4, 1)) + random.normal(0, 0.5, (1, 30)) + random.normal(0, 0.4, (4, 30))
    seed, item, both = naive_variance(y)
    variance = seed + item - both
    df = variance**2 / (seed**2 / 3 + item**2 / 29 + both**2 / 87)
    got = crossed_mean(y, names(30))
    assert got.value == pytest.approx(y.mean())
    assert got.interval[1] - got.value == pytest.approx(t.ppf(0.975, df) * variance**0.5)
    assert got.p == pytest.approx(2 * t.sf(y.mean() / variance**0.5, df))


@pytest.mark.parametrize("turned", [False, True])
def test_the_variance_is_at_least_that_of_each_source(turned: bool) -> None:
    """Where what raises one item lowers another, the common part exceeds one of the sources."""
    y = np.outer(np.random.default_rng(7).normal(0, 1, 5), [1.0, -1.0, 0.3, 0.2])
    y = y.T if turned else y
    seed, item, both = naive_variance(y)
    assert both > min(seed, item)
    s, n = y.shape
    got = crossed_mean(y, names(n))
    variance = max(seed, item)
    df = variance**2 / sum(v**2 / n for v, n in zip((seed, item, both), (s - 1, n - 1, (s - 1) * (n - 1)), strict=True))
    assert got.interval[1] - got.value == pytest.approx(t.ppf(0.975, df) * variance**0.5)


@pytest.mark.parametrize("items", [2, 40])
def test_one_seed_is_students_test_over_items(items: int) -> None:
    y = np.random.default_rng(1).normal(0.1, 1, items)
    got = crossed_mean(y[None], names(items))
    assert got.p == pytest.approx(ttest_1samp(y, 0).pvalue)


def test_items_that_say_the_same_leave_the_seeds() -> None:
    seeds = np.array([0.1, 0.3, 0.2])
    assert crossed_mean(np.repeat(seeds[:, None], 50, axis=1), names(50)).p == pytest.approx(
        ttest_1samp(seeds, 0).pvalue
    )


def test_copies_of_an_item_in_its_cluster_prove_nothing_more() -> None:
    y = np.random.default_rng(2).normal(0.1, 1, (3, 25))
    once, thrice = crossed_mean(y, names(25)), crossed_mean(np.repeat(y, 3, axis=1), np.repeat(names(25), 3).tolist())
    assert thrice.p == pytest.approx(once.p) and thrice.interval == pytest.approx(once.interval)


def test_items_in_another_order_are_the_same() -> None:
    random = np.random.default_rng(3)
    y, order = random.normal(size=(3, 20)), random.permutation(20)
    clusters = [f"c{i // 2}" for i in range(20)]
    assert crossed_mean(y[:, order], [clusters[i] for i in order]).p == pytest.approx(crossed_mean(y, clusters).p)


@pytest.mark.parametrize(("seed_noise", "item_noise"), [(0.0, 0.2), (0.02, 0.2), (0.05, 0.0), (0.3, 0.2)])
def test_true_nulls_are_called_significant_one_time_in_twenty(seed_noise: float, item_noise: float) -> None:
    """Also with three seeds that differ more than the items do, where a bootstrap over both fails."""
    random = np.random.default_rng(4)
    clusters = names(150)
    p = []
    for _ in range(800):
        y = random.normal(0, seed_noise, (3, 1)) + random.normal(0, item_noise, (1, 150))
        p.append(crossed_mean(y + random.normal(0, 0.5, (3, 150)), clusters).p)
    assert 0.01 < np.mean(np.array(p) < 0.05) < 0.08


@pytest.mark.parametrize("seed_noise", [0.0, 0.3])
def test_two_seeds_call_no_more_than_one_true_null_in_twenty_significant(seed_noise: float) -> None:
    random = np.random.default_rng(8)
    clusters = names(60)
    p = []
    for _ in range(800):
        y = random.normal(0, seed_noise, (2, 1)) + random.normal(0, 0.2, (1, 60))
        p.append(crossed_mean(y + random.normal(0, 0.4, (2, 60)), clusters).p)
    assert np.mean(np.array(p) < 0.05) < 0.06


def test_two_seeds_that_agree_show_a_large_difference() -> None:
    y = np.random.default_rng(9).normal(0.5, 0.2, (2, 200))
    got = crossed_mean(y, names(200))
    assert got.p < 0.05 and got.interval[0] > 0


def test_a_real_difference_is_found() -> None:
    random = np.random.default_rng(5)
    first, second = random.random((3, 400)) < 0.6, random.random((3, 400)) < 0.45
    got = crossed_mean(first.astype(float) - second, names(400))
    assert got.p < 0.001 and got.interval[0] < 0.15 < got.interval[1]


def test_no_difference_anywhere_proves_nothing() -> None:
    assert crossed_mean(np.zeros((3, 9)), names(9)).p == 1.0
    assert crossed_mean(np.ones((3, 9)), names(9)).p == 0.0


def test_shapes_are_checked() -> None:
    with pytest.raises(UserError, match="shape"):
        crossed_mean(np.zeros((3, 9)), names(8))
    with pytest.raises(UserError, match="1 clusters"):
        crossed_mean(np.zeros((3, 2)), ["a", "a"])


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == pytest.approx([1.0, 1.0])
    assert holm([]) == []


def test_holm_keeps_false_alarms_of_a_family_below_five_percent() -> None:
    p = np.random.default_rng(6).random((2000, 6))
    assert np.mean([min(holm(row)) < 0.05 for row in p.tolist()]) < 0.06
