"""Counts of pixels against the published example, a naive loop, ties and chance."""

import json
from pathlib import Path

import numpy as np
import pytest

from semclip.core.errors import UserError
from semclip.core.example import NO_LABEL
from semclip.evaluation.metrics.segmentation import (
    areas,
    areas_of_scores,
    chance,
    confusion,
    constant,
    harmonic_mean,
    stacked,
)

CASES = json.loads((Path(__file__).parents[2] / "vectors" / "maskclip.json").read_text("utf-8"))["miou"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_equals_the_reference(case: dict) -> None:
    inputs, expected = case["inputs"], case["expected"]
    per_image = stacked(
        [areas(y, p, inputs["num_classes"]) for y, p in zip(inputs["label"], inputs["pred"], strict=True)]
    )
    found = per_image.sum()
    wanted = [np.nan if v is None else v for v in expected["IoU"]]
    np.testing.assert_allclose(found.iou, wanted, atol=1e-9, rtol=0)
    assert float(found.mean_iou) == pytest.approx(expected["mIoU_nanmean"], abs=1e-9)
    assert float(found.pixel_accuracy) == pytest.approx(expected["aAcc"], abs=1e-9)


def test_equals_a_loop() -> None:
    random = np.random.default_rng(0)
    y, p = random.integers(0, 5, (9, 7)), random.integers(0, 5, (9, 7))
    y[0] = NO_LABEL
    counts = np.zeros((5, 5), dtype=int)
    for i in range(9):
        for j in range(7):
            if y[i, j] != NO_LABEL:
                counts[y[i, j], p[i, j]] += 1
    assert np.array_equal(confusion(y, p, 5), counts) and confusion(y, p, 5).dtype == np.int64
    one_hot = np.eye(5)[p].transpose(2, 0, 1) + random.uniform(0, 0.5, (5, 9, 7))
    for found in (areas(y, p, 5), areas_of_scores(y, one_hot)):
        for k in range(5):
            union = counts[k].sum() + counts[:, k].sum() - counts[k, k]
            assert found.iou[k] == pytest.approx(counts[k, k] / union)


def test_counts_stay_exact_where_float32_stops_counting() -> None:
    many = areas(np.zeros(3, dtype=int), np.zeros(3, dtype=int), 2)
    many = stacked([many]).sum()
    many.both[0] = many.labelled[0] = many.predicted[0] = 2.0**24
    more = stacked([many, areas([0], [0], 2)]).sum()
    assert more.labelled[0] == 2**24 + 1 and more.iou[0] == 1.0


def test_ties_score_chance_whatever_the_order_of_classes() -> None:
    y = np.array([[0, 0, 1, 2], [2, 2, NO_LABEL, 0]])
    found = areas_of_scores(y, np.full((3, 2, 4), 0.25))
    expected = chance(np.array([3, 1, 3]))
    for name in ("both", "labelled", "predicted"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name))
    # a guess is right 1 time in 3: class 0 has 3 of 7 pixels, so 1 / (3 + 7/3 - 1)
    assert found.iou[0] == pytest.approx(1 / (3 + 7 / 3 - 1))
    assert float(found.pixel_accuracy) == pytest.approx(1 / 3)


def test_chance_is_what_random_guesses_score() -> None:
    random = np.random.default_rng(1)
    y = random.choice(4, 200_000, p=[0.7, 0.2, 0.1, 0.0])
    found = areas(y, random.integers(0, 4, y.size), 4)
    np.testing.assert_allclose(found.iou, chance(found.labelled).iou, atol=0.005)
    several = np.array([[3.0, 1.0, 0.0], [0.0, 0.0, 5.0]])  # of two images
    np.testing.assert_allclose(chance(several).iou, [chance(one).iou for one in several])


def test_the_most_frequent_class() -> None:
    found = constant(np.array([2.0, 6.0, 0.0]))
    np.testing.assert_allclose(found.iou, [0, 6 / 8, np.nan])
    assert float(found.mean_iou) == pytest.approx(0.375)


def test_harmonic_mean() -> None:
    assert harmonic_mean(0.5, 0.25) == pytest.approx(1 / 3)
    assert harmonic_mean(0.0, 0.0) == 0.0


@pytest.mark.parametrize(
    ("labels", "predictions", "message"),
    [([0, 7], [0, 0], "label of 7"), ([0, 1], [0, 3], "prediction of 3"), ([0, -1, 2], [0, 0, 0], "label of -1")],
)
def test_values_that_are_no_class(labels: list[int], predictions: list[int], message: str) -> None:
    with pytest.raises(UserError, match=f"{message} where there are 3 classes"):
        confusion(labels, predictions, 3)


def test_bad_shapes_and_nan() -> None:
    with pytest.raises(UserError, match="shape"):
        confusion([0, 1], [0], 2)
    with pytest.raises(UserError, match="NaN"):
        areas_of_scores(np.zeros((1, 1), dtype=int), np.full((2, 1, 1), np.nan))
