"""Accuracy with ties, and recalls per class."""

import numpy as np
import pytest

from semclip.core.errors import UserError
from semclip.evaluation.metrics.choice import choice
from semclip.evaluation.metrics.classification import mean_per_class_recall, recalls


def test_accuracy_is_argmax_where_nothing_ties() -> None:
    random = np.random.default_rng(0)
    scores, labels = random.normal(size=(100, 5)), random.integers(0, 5, size=100)
    assert choice(scores, labels).value == pytest.approx(np.mean(scores.argmax(1) == labels))


def test_a_constant_scores_chance_whatever_the_labels() -> None:
    assert choice(np.ones((10, 5)), [0] * 10).value == pytest.approx(0.2)


def test_classes_count_the_same() -> None:
    outcomes, labels = [1, 1, 1, 1, 0, 0.5], [0, 0, 0, 0, 2, 2]
    assert recalls(outcomes, labels) == {0: 1.0, 2: 0.25}
    assert mean_per_class_recall(outcomes, labels) == 0.625


def test_bad_input_is_refused() -> None:
    with pytest.raises(UserError):
        recalls([1.0], [0, 1])
    with pytest.raises(UserError):
        choice(np.ones((2, 3)), [0, 3])
