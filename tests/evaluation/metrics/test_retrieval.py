"""Retrieval ranks: against sorting, against shuffled ties, and in blocks."""

import numpy as np
import pytest

from semclip.core.errors import UserError
from semclip.evaluation.metrics import retrieval
from semclip.evaluation.metrics.outcomes import TIE
from semclip.evaluation.metrics.retrieval import Ranks, chance_recall_at, rank, recall_at


def brute_recall(scores: np.ndarray, right: set[int], k: int, shuffles: int, seed: int) -> float:
    """Share of shuffles of the gallery after which a stable sort puts a right item among the first k."""
    random = np.random.default_rng(seed)
    hits = 0
    for _ in range(shuffles):
        order = random.permutation(len(scores))
        top = order[np.argsort(-scores[order], kind="stable")][:k]
        hits += bool(right & set(top.tolist()))
    return hits / shuffles


@pytest.mark.parametrize("k", [1, 2, 3, 5, 9])
def test_ties_count_as_the_average_over_shuffles(k: int) -> None:
    random = np.random.default_rng(k)
    queries = np.eye(6)
    gallery = random.integers(0, 3, size=(8, 6)).astype(float)
    right = [sorted(random.choice(8, size=random.integers(1, 4), replace=False).tolist()) for _ in range(6)]
    o = recall_at(rank(queries, gallery, right), k)
    for q in range(6):
        expected = brute_recall(queries[q] @ gallery.T, set(right[q]), k, shuffles=4000, seed=q)
        assert o.expected[q] == pytest.approx(expected, abs=0.04)
        assert o.strict[q] <= o.expected[q] <= o.optimistic[q]
        assert bool(o.strict[q]) == (o.expected[q] > 1 - 1e-12)
        assert bool(o.optimistic[q]) == (o.expected[q] > 0)


def test_without_ties_it_is_plain_sorting() -> None:
    random = np.random.default_rng(0)
    queries, gallery = random.normal(size=(40, 5)), random.normal(size=(30, 5))
    right = [[int(i)] for i in random.integers(0, 30, size=40)]
    ranks = rank(queries, gallery, right)
    position = [int(np.argsort(-(gallery @ q)).tolist().index(r[0])) for q, r in zip(queries, right, strict=True)]
    assert ranks.above.tolist() == position
    assert ranks.expected_rank.tolist() == [p + 1 for p in position]
    for k in (1, 3, 30, 50):
        assert recall_at(ranks, k).strict.tolist() == [float(p < k) for p in position]
    assert recall_at(ranks, 3).ties == 0


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(3)
    queries, gallery = random.normal(size=(17, 4)), np.repeat(random.normal(size=(5, 4)), 3, axis=0)
    right = [[i % 15] for i in range(17)]
    whole = rank(queries, gallery, right)
    monkeypatch.setattr(retrieval, "_BLOCK", 31)
    parts = rank(queries, gallery, right)
    for field in ("above", "tied_wrong", "tied_right"):
        assert getattr(whole, field).tolist() == getattr(parts, field).tolist()
    assert whole.tied_wrong.tolist() == [2] * 17  # every image stands there three times


def test_expected_rank_of_ties() -> None:
    ranks = rank([[1.0]], [[1.0]] * 5, [[0, 3]])
    # Two right and three wrong in random order: the first right one stands at (5 + 1) / (2 + 1) on average.
    assert ranks.expected_rank.tolist() == [2.0]


def test_a_difference_of_the_tolerance_itself_is_a_tie() -> None:
    for right, tied_right, tied_wrong in (([0], 1, 1), ([1], 1, 1), ([0, 1], 2, 0)):
        ranks = rank([[1.0]], [[TIE], [0.0]], [right])
        assert (ranks.above, ranks.tied_right, ranks.tied_wrong) == (0, tied_right, tied_wrong)


def test_chance_is_the_random_order() -> None:
    random = np.random.default_rng(4)
    ranks = rank(np.zeros((2, 1)), np.zeros((10, 1)), [[0], [1, 2, 3]])
    for k in (1, 3, 10, 20):
        assert recall_at(ranks, k).expected == pytest.approx(chance_recall_at(ranks, k), abs=1e-12)
    assert chance_recall_at(ranks, 3)[0] == pytest.approx(0.3)
    drawn = [bool({1, 2, 3} & set(random.permutation(10)[:3].tolist())) for _ in range(5000)]
    assert chance_recall_at(ranks, 3)[1] == pytest.approx(np.mean(drawn), abs=0.03)


def test_order_of_queries_and_gallery_changes_nothing() -> None:
    random = np.random.default_rng(5)
    queries, gallery = random.integers(0, 3, size=(2, 12, 4)).astype(float)
    right = [[i] for i in range(12)]
    q_order, g_order = random.permutation(12), random.permutation(12)
    place = np.argsort(g_order)
    shuffled = rank(queries[q_order], gallery[g_order], [[int(place[right[q][0]])] for q in q_order])
    plain = rank(queries, gallery, right)
    assert recall_at(shuffled, 3).value == recall_at(plain, 3).value
    assert recall_at(shuffled, 3).expected.tolist() == recall_at(plain, 3).expected[q_order].tolist()


def test_bad_input_is_refused() -> None:
    with pytest.raises(UserError, match="without a right item"):
        rank([[1.0]], [[1.0]], [[]])
    with pytest.raises(UserError, match="without a right item"):
        rank([[1.0]], [[1.0]], [[1]])
    with pytest.raises(UserError, match="answers"):
        rank([[1.0]], [[1.0]], [])
    with pytest.raises(UserError, match="NaN"):
        rank([[1.0]], [[float("nan")]], [[0]])


def test_ranks_hold_counts_only() -> None:
    ranks = rank(np.ones((3, 2)), np.ones((4, 2)), [[0]] * 3)
    assert isinstance(ranks, Ranks)
    assert all(getattr(ranks, f).shape == (3,) for f in ("above", "tied_wrong", "tied_right", "right"))
