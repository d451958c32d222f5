"""Intervals: published values, coverage, clusters, order."""

import numpy as np
import pytest

from semclip.core.errors import UserError
from semclip.evaluation.metrics import intervals
from semclip.evaluation.metrics.intervals import bootstrap, bootstrap_mean, effective_size, proportion_interval, wilson


def names(values: object) -> list[str]:
    return [str(v) for v in np.asarray(values)]


def test_wilson_known_values() -> None:
    # Newcombe (1998), table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
    for right, n, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611),
                                (1, 29, 0.0061, 0.1718)):  # fmt: skip
        assert wilson(right / n, n) == pytest.approx((low, high), abs=5e-5)


def test_wilson_holds_its_share_and_is_symmetric() -> None:
    for n in (1, 7, 1000):
        for proportion in (0.0, 0.1, 1 / 3, 0.5, 1.0):
            low, high = wilson(proportion, n)
            assert 0 <= low <= proportion <= high <= 1
            assert wilson(1 - proportion, n) == pytest.approx((1 - high, 1 - low), abs=1e-12)


def test_wilson_covers_the_truth() -> None:
    random = np.random.default_rng(0)
    right = random.binomial(60, 0.8, size=4000)
    covered = [wilson(r / 60, 60)[0] <= 0.8 <= wilson(r / 60, 60)[1] for r in right]
    assert 0.93 < np.mean(covered) < 0.97


def test_single_items_keep_their_number() -> None:
    y = np.random.default_rng(1).integers(0, 2, size=50)
    assert effective_size(y, names(range(50))) == 50
    assert proportion_interval(y, names(range(50))) == pytest.approx(wilson(y.mean(), 50))


def test_copies_of_an_item_are_worth_one() -> None:
    y = np.random.default_rng(2).integers(0, 2, size=200).astype(float)
    assert effective_size(np.repeat(y, 4), names(np.repeat(np.arange(200), 4))) == pytest.approx(200, rel=0.02)
    assert effective_size(np.ones(80), names(np.repeat(np.arange(20), 4))) == 20
    assert effective_size(np.ones(4), ["a"] * 4) == 1


@pytest.mark.parametrize("sizes", [(4, 4), (1, 2, 3, 4, 5), (7, 1, 1, 1)])
def test_the_design_effect_is_that_of_a_loop(sizes: tuple[int, ...]) -> None:
    random = np.random.default_rng(8)
    y = [float(c % 2) if random.random() < 0.9 else 0.5 for c, size in enumerate(sizes) for _ in range(size)]
    clusters = [c for c, size in enumerate(sizes) for _ in range(size)]
    n, mean = len(y), sum(y) / len(y)
    sums = [sum(v - mean for v, c in zip(y, clusters, strict=True) if c == name) for name in range(len(sizes))]
    clustered = len(sizes) / (len(sizes) - 1) * sum(total**2 for total in sums) / n**2
    independent = sum((v - mean) ** 2 for v in y) / (n * (n - 1))
    assert clustered > independent
    assert effective_size(y, names(clusters)) == pytest.approx(n * independent / clustered)


def test_independent_items_in_clusters_keep_their_worth() -> None:
    y = np.random.default_rng(3).integers(0, 2, size=4000).astype(float)
    assert effective_size(y, names(np.repeat(np.arange(1000), 4))) > 3500


def test_clustered_interval_covers_the_truth_where_the_plain_one_does_not() -> None:
    random = np.random.default_rng(4)
    covered, plain = [], []
    for _ in range(300):
        chance_of_cluster = random.beta(1, 1, size=80)
        y = random.binomial(1, np.repeat(chance_of_cluster, 8)).astype(float)
        low, high = proportion_interval(y, names(np.repeat(np.arange(80), 8)))
        covered.append(low <= 0.5 <= high)
        low, high = wilson(y.mean(), len(y))
        plain.append(low <= 0.5 <= high)
    assert np.mean(covered) > 0.91
    assert np.mean(plain) < 0.8


def test_bootstrap_mean_is_the_normal_interval_for_many_items() -> None:
    y = np.random.default_rng(5).normal(size=2000)
    half = 1.96 * y.std() / np.sqrt(2000)
    assert bootstrap_mean(y, names(range(2000))) == pytest.approx((y.mean() - half, y.mean() + half), abs=0.006)


def test_bootstrap_draws_clusters_and_ignores_order() -> None:
    random = np.random.default_rng(6)
    y, c = np.repeat(random.normal(size=50), 6), np.repeat(np.arange(50), 6)
    low, high = bootstrap_mean(y, names(c))
    one_low, one_high = bootstrap_mean(y[::6], names(range(50)))
    assert high - low == pytest.approx(one_high - one_low, rel=0.1)
    order = random.permutation(300)
    assert bootstrap_mean(y[order], names(c[order])) == pytest.approx((low, high), abs=1e-12)


def test_blocks_of_draws_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    y, c = np.random.default_rng(9).normal(size=(1, 30))[0], names(np.arange(30) // 2)
    whole = bootstrap_mean(y, c, resamples=50)
    monkeypatch.setattr(intervals, "_BLOCK", 100)  # 6 draws of 15 clusters
    assert bootstrap_mean(y, c, resamples=50) == whole
    low, high = bootstrap_mean(y, c, resamples=1)
    assert low == high


def test_the_bootstrap_draws_every_item_and_may_have_only_one() -> None:
    for wanted in range(3):
        assert bootstrap(lambda i, wanted=wanted: float((i == wanted).any()), names(range(3)), resamples=100) == (
            0.0,
            1.0,
        )
    assert bootstrap(lambda i: 7.0 + i.sum(), ["one"], resamples=5) == (7.0, 7.0)


def test_bootstrap_of_a_statistic() -> None:
    y = np.random.default_rng(7).normal(size=400)
    low, high = bootstrap(lambda i: float(y[i].mean()), names(range(400)), resamples=1000)
    assert (low, high) == pytest.approx(bootstrap_mean(y, names(range(400))), abs=0.02)


def test_the_bootstrap_draws_whole_clusters() -> None:
    clusters = list("abacba")  # of three, two and one item, not side by side
    counts: list[np.ndarray] = []
    bootstrap(lambda i: float(counts.append(np.bincount(i, minlength=6)) or 0), clusters, resamples=50)
    for n in counts:
        assert n[0] == n[2] == n[5] and n[1] == n[4] and n[0] + n[1] + n[3] == 3


def test_the_median_of_clustered_items_is_covered() -> None:
    random = np.random.default_rng(10)
    clusters, covered, plain = names(np.repeat(np.arange(40), 20)), [], []
    for _ in range(30):
        y = np.repeat(random.integers(1, 102, size=40), 20).astype(float)
        for found, of in ((covered, clusters), (plain, names(range(800)))):
            low, high = bootstrap(lambda i, y=y: float(np.median(y[i])), of, resamples=100)
            found.append(low <= 51 <= high)
    assert np.mean(covered) > 0.85 and np.mean(plain) < 0.6


def test_strata_keep_their_sizes() -> None:
    """The mean over two sets varies by what varies within them, and not by how many of each are drawn."""
    random = np.random.default_rng(11)
    y, sets = np.concatenate([random.normal(0.9, 0.1, 2000), random.normal(0.1, 0.1, 50)]), ["a"] * 2000 + ["b"] * 50
    low, high = bootstrap_mean(y, names(range(2050)), strata=sets)
    error = np.sqrt(y[:2000].var() / 2000 + y[2000:].var() / 50) / 2
    assert (high - low) / 2 == pytest.approx(1.96 * error, rel=0.1)
    assert (low + high) / 2 == pytest.approx((y[:2000].mean() + y[2000:].mean()) / 2, abs=0.3 * error)


def test_strata_of_one_size_are_drawn_each_by_itself() -> None:
    y = np.random.default_rng(12).normal(size=300)
    low, high = bootstrap_mean(np.tile(y, 2), names(range(600)), strata=["a"] * 300 + ["b"] * 300)
    assert high - low == pytest.approx(2 * 1.96 * y.std() / np.sqrt(600), rel=0.1)


def test_bad_input_is_refused() -> None:
    with pytest.raises(UserError):
        wilson(1.2, 10)
    with pytest.raises(UserError):
        wilson(0.5, 0)
    with pytest.raises(UserError):
        effective_size([1.0, 0.0], ["a"])
    with pytest.raises(UserError):
        bootstrap_mean([], [])
    with pytest.raises(UserError, match="no items"):
        bootstrap(lambda i: 1.0, [])
