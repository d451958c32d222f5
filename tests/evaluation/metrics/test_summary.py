"""Metrics of outcomes: weighted means and their intervals against loops, slices, and the record of items."""

import numpy as np
import pytest

from semclip.evaluation.metrics import summary
from semclip.evaluation.metrics.intervals import wilson
from semclip.evaluation.metrics.outcomes import Outcomes
from semclip.evaluation.metrics.summary import alike, average, item_record, macro, proportion, together

OUTCOMES = Outcomes(np.array([1, 0.5, 0, 1, 1.0]), np.array([1, 0, 0, 1, 1.0]), np.array([1, 1, 0, 1, 1.0]))


def test_alike_gives_every_group_and_every_item_of_it_the_same_weight() -> None:
    assert alike(["a", "b", "a", "a"]).tolist() == pytest.approx([1 / 6, 1 / 2, 1 / 6, 1 / 6])


def test_a_proportion_and_its_slices_are_plain_means() -> None:
    metric = proportion("m", "right", OUTCOMES, list("vwxyz"), [0.1, 0.2, 0.3, 0.4, 0.5], slices=list("babab"))
    assert (metric.value, metric.strict, metric.optimistic, metric.ties, metric.n) == pytest.approx(
        (3.5 / 5, 3 / 5, 4 / 5, 1, 5)
    )
    assert metric.chance == pytest.approx(0.3) and metric.interval == pytest.approx(wilson(0.7, 5))
    assert list(metric.per_slice) == ["a", "b"]
    a, b = metric.per_slice.values()
    assert (a.value, a.chance, a.n, a.ties) == pytest.approx((0.75, 0.3, 2, 1))
    assert (b.value, b.chance, b.n, b.ties) == pytest.approx((2 / 3, 0.3, 3, 0))
    assert a.description == "right; only a" and a.interval == pytest.approx(wilson(0.75, 2))


def test_slices_keep_their_clusters() -> None:
    metric = proportion("m", "", Outcomes.certain([1, 1, 0, 0, 1, 0]), list("xxyyvw"), 0.5, slices=list("aaaabb"))
    assert metric.per_slice["a"].interval == pytest.approx(wilson(0.5, 4 / 3))  # two pairs of one outcome each
    assert metric.per_slice["b"].interval == pytest.approx(wilson(0.5, 2))


@pytest.mark.parametrize("clusters", ["vwxyz", "vvxxx", "vwwyz"])
def test_a_macro_mean_and_its_interval_are_those_of_loops(clusters: str) -> None:
    weights, chances = [0.3, 0.1, 0.1, 0.2, 0.3], [0.5, 0.5, 0.25, 0.25, 0.5]
    metric = macro("m", "", OUTCOMES, list(clusters), chances, weights)
    for value, outcomes in (
        (metric.value, OUTCOMES.expected),
        (metric.strict, OUTCOMES.strict),
        (metric.optimistic, OUTCOMES.optimistic),
        (metric.chance, chances),
    ):
        assert value == pytest.approx(sum(w * y for w, y in zip(weights, outcomes, strict=True)))
    own = [w * (y - metric.value) for w, y in zip(weights, OUTCOMES.expected, strict=True)]
    names = sorted(set(clusters))
    sums = [sum(r for r, c in zip(own, clusters, strict=True) if c == name) for name in names]
    effect = len(names) / (len(names) - 1) * sum(s**2 for s in sums) / sum(r**2 for r in own)
    effect = max(1.0, effect) if len(names) < 5 else 1.0
    n = max(1.0, 1 / sum(w**2 for w in weights) / effect)
    assert metric.interval == pytest.approx(wilson(metric.value, n))
    assert (metric.ties, metric.n) == (1, 5)


def test_a_macro_mean_of_equal_weights_is_the_proportion() -> None:
    for clusters in ("vwxyz", "vvxxy"):
        same = macro("m", "", OUTCOMES, list(clusters), 0.5, alike(list("vwxyz")))
        assert same.value == pytest.approx(0.7) and same.chance == pytest.approx(0.5)
    assert macro("m", "", OUTCOMES, list("vwxyz"), 0.5, alike(list("vwxyz"))).interval == pytest.approx(wilson(0.7, 5))


@pytest.mark.parametrize(("right", "clusters", "n"), [([1, 1, 1, 1], "aabb", 2), ([1, 0, 1, 0], "aaaa", 1)])
def test_what_does_not_vary_is_worth_its_clusters(right: list[int], clusters: str, n: int) -> None:
    metric = macro("m", "", Outcomes.certain(right), list(clusters), 0.5, [0.25] * 4)
    assert metric.interval == pytest.approx(wilson(metric.value, n))


def test_numbers_of_items_together() -> None:
    y = np.array([3.0, 1.0, 2.0])
    metric = together("median", "", lambda i: float(np.median(y[i])), list("abc"), 200, unit="rank", chance=2.0)
    assert (metric.value, metric.n, metric.unit, metric.chance) == (2.0, 3, "rank", 2.0)
    assert metric.interval == (1.0, 3.0)
    margin = average("margin", "", y, list("abc"), "cosine", chance=0.0)
    assert (margin.value, margin.n, margin.chance) == (2.0, 3, 0.0) and 1 <= margin.interval[0] < 2 < margin.interval[1]


def test_one_cluster_has_no_interval() -> None:
    assert average("margin", "", [0.3, 0.5], ["a", "a"], "cosine").interval is None
    assert together("spread", "", lambda i: float(i.std()), ["a", "a"], 20, unit="cosine").interval is None


def test_a_mean_over_sets_counts_each_alike() -> None:
    metric = average("delta", "", [1.0, 1.0, 1.0, 0.0], list("wxyz"), "difference", 0.0, strata=list("aaab"))
    assert (metric.value, metric.interval, metric.n) == (0.5, (0.5, 0.5), 4)


def test_the_record_holds_each_item_and_few_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [("yes", ["no", "never"]), ("red", ["blue"])]
    given = (["1", "2"], OUTCOMES[:2], ["x", "y"])
    plain = {"id": ["1", "2"], "outcome": [1.0, 0.5], "cluster": ["x", "y"]}
    assert item_record(*given) == {**plain, "slice": ["", ""]}
    shown = {"right": ["yes", "red"], "wrong": [["no", "never"], ["blue"]]}
    monkeypatch.setattr(summary, "_MAX_SHOWN", 2)
    assert item_record(*given, slices=["a", "b"], texts=texts) == {**plain, "slice": ["a", "b"], **shown}
    monkeypatch.setattr(summary, "_MAX_SHOWN", 1)
    assert item_record(*given, texts=texts) == {**plain, "slice": ["", ""]}
