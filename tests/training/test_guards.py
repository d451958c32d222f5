"""What goes wrong silently must be said aloud."""

import math

import pytest
import torch

from semclip.core.errors import UserError
from semclip.training.guards import ChanceGuard, constant_embeddings, refuse_non_finite


def test_non_finite_loss_names_step_and_part() -> None:
    terms = {"total": torch.tensor(float("nan")), "contrastive": torch.tensor(1.0), "negation": torch.tensor(math.inf)}
    with pytest.raises(UserError) as error:
        refuse_non_finite(terms, torch.tensor(1.0), step=17)
    assert "17" in str(error.value) and "total" in str(error.value) and "negation" in str(error.value)
    assert "contrastive" not in error.value.what


def test_non_finite_gradient_stops_too() -> None:
    with pytest.raises(UserError, match="gradient norm"):
        refuse_non_finite({"total": torch.tensor(1.0)}, torch.tensor(float("inf")), step=3)


def test_finite_values_pass() -> None:
    refuse_non_finite({"total": torch.tensor(1.0)}, torch.tensor(2.0), step=3)


def test_chance_is_said_once_and_only_after_patience() -> None:
    guard = ChanceGuard(batch_size=128)
    messages = [guard.message({"contrastive": math.log(128)}) for _ in range(6)]
    assert [bool(m) for m in messages] == [False, False, True, False, False, False]
    assert "4.852" in messages[2]


def test_the_guard_reads_clips_two_directions() -> None:
    guard = ChanceGuard(batch_size=128)
    terms = {"total": 0.0, "image_to_text": math.log(128) + 0.01, "text_to_image": math.log(128) - 0.01}
    assert [bool(guard.message(terms)) for _ in range(3)] == [False, False, True]
    assert guard.message({"total": 1.0}) == ""


def test_a_learning_loss_is_not_chance() -> None:
    guard = ChanceGuard(batch_size=128)
    assert not any(guard.message({"contrastive": math.log(128) - 0.1 * i}) for i in range(10))


def test_a_batch_of_one_has_no_chance_level() -> None:
    guard = ChanceGuard(batch_size=1)
    assert not any(guard.message({"contrastive": 0.0}) for _ in range(10))


def test_constant_embeddings_are_called_out() -> None:
    assert "caption" in constant_embeddings({"caption": 1e-7, "negation": 0.1})
    assert constant_embeddings({"caption": 0.05}) == ""
