"""The learning rate of each step, and what weight decay touches."""

import math
from typing import Any

import pytest
import torch
from torch import nn

from semclip.core.errors import UserError
from semclip.training.config import LoopConfig
from semclip.training.optim import build_optimizer, learning_rate, parameter_groups

CONFIG = LoopConfig(steps=200, learning_rate=1.0, warmup_steps=50)


def test_warm_up_is_linear_and_never_zero() -> None:
    assert learning_rate(0, CONFIG) == pytest.approx(1 / 50)
    assert learning_rate(49, CONFIG) == pytest.approx(1.0)


def test_cosine_starts_at_the_peak_and_ends_near_zero() -> None:
    assert learning_rate(50, CONFIG) == pytest.approx(1.0)
    assert learning_rate(125, CONFIG) == pytest.approx(0.5)
    assert learning_rate(199, CONFIG) == pytest.approx(0.5 * (1 + math.cos(math.pi * 149 / 150)))


def test_warm_up_longer_than_the_run_only_rises() -> None:
    config = LoopConfig(steps=10, learning_rate=1.0, warmup_steps=50)
    rates = [learning_rate(step, config) for step in range(10)]
    assert rates == sorted(rates) and rates[-1] == pytest.approx(1.0)


def test_a_constant_rate_stays_at_the_peak() -> None:
    config = LoopConfig(steps=10, learning_rate=2.0, schedule="constant", warmup_steps=2)
    assert [learning_rate(step, config) for step in range(10)] == [1.0] + [2.0] * 9
    none = LoopConfig(steps=10, learning_rate=2.0, schedule="constant", warmup_steps=0)
    assert learning_rate(0, none) == 2.0


def test_the_optimizer_is_as_configured() -> None:
    config = LoopConfig(steps=1, learning_rate=0.1, betas=(0.8, 0.9), eps=1e-6)
    defaults = build_optimizer(_Toy(), config).defaults
    assert (defaults["lr"], defaults["betas"], defaults["eps"]) == (0.1, (0.8, 0.9), 1e-6)


@pytest.mark.parametrize("wrong", [{"eps": 0.0}, {"clip_norm": 0.0}, {"clip_norm": math.inf}, {"micro_batch": -1}])
def test_impossible_settings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=next(iter(wrong))):
        LoopConfig(steps=1, **wrong)
    assert LoopConfig(steps=1, clip_norm=None).clip_norm is None


class _Toy(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 3)
        self.norm = nn.LayerNorm(3)
        self.logit_scale = nn.Parameter(torch.tensor(2.6))
        self.basis = nn.Parameter(torch.eye(2, 3))
        self.frozen = nn.Linear(3, 3)
        self.frozen.requires_grad_(False)


def test_no_decay_on_norms_biases_logit_scale_and_basis() -> None:
    toy = _Toy()
    decayed, plain = parameter_groups(toy, weight_decay=0.2)
    assert [id(p) for p in decayed["params"]] == [id(toy.linear.weight)]
    expected = {id(p) for p in (toy.linear.bias, toy.norm.weight, toy.norm.bias, toy.logit_scale, toy.basis)}
    assert {id(p) for p in plain["params"]} == expected
    assert (decayed["weight_decay"], plain["weight_decay"]) == (0.2, 0.0)


def test_decay_moves_only_matrices() -> None:
    toy = _Toy()
    optimizer = build_optimizer(toy, LoopConfig(steps=1, learning_rate=0.1, weight_decay=0.5))
    before = {name: p.detach().clone() for name, p in toy.named_parameters()}
    for parameter in toy.parameters():
        parameter.grad = torch.zeros_like(parameter) if parameter.requires_grad else None
    optimizer.step()
    moved = {name for name, p in toy.named_parameters() if not torch.equal(p, before[name])}
    assert moved == {"linear.weight"}
