"""Warm-up and schedules: against their formula, and the names a config may give."""

import math
from dataclasses import replace

import pytest

from semclip.core.errors import UserError
from semclip.training.config import LoopConfig
from semclip.training.learning_rate import SCHEDULES, learning_rate

CONFIG = LoopConfig(steps=10, warmup_steps=4, learning_rate=2.0)


def test_cosine_by_its_formula() -> None:
    found = [learning_rate(step, CONFIG) for step in range(10)]
    warm = [2.0 * (t + 1) / 4 for t in range(4)]
    rest = [2.0 * (1 + math.cos(math.pi * (t - 4) / 6)) / 2 for t in range(4, 10)]
    assert found == pytest.approx(warm + rest)


def test_constant_after_the_warm_up() -> None:
    found = [learning_rate(step, replace(CONFIG, schedule="constant")) for step in range(10)]
    assert found[4:] == [2.0] * 6 and found[0] == 0.5


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_schedule_begins_at_the_peak_and_never_leaves_zero_to_peak(name: str) -> None:
    values = [learning_rate(step, replace(CONFIG, schedule=name)) for step in range(10)]
    assert values[4] == 2.0 and all(0 <= value <= 2.0 for value in values)


def test_a_warm_up_longer_than_training() -> None:
    found = [learning_rate(step, replace(CONFIG, warmup_steps=100)) for step in range(10)]
    assert found == pytest.approx([2.0 * (t + 1) / 10 for t in range(10)])


def test_an_unknown_schedule_is_answered_with_the_closest() -> None:
    with pytest.raises(UserError, match="unknown schedule 'cosin'") as error:
        replace(CONFIG, schedule="cosin")
    assert "cosine" in error.value.fix
