"""The optimizer: learning rates, weight decay, row-sparse gradients like dense ones, the mean of the weights."""

import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from rich.console import Console
from torch import Tensor, nn

from semclip.core.errors import UserError
from semclip.models.load import load
from semclip.training.checkpoint import list_checkpoints, load_checkpoint
from semclip.training.config import LoopConfig, TrainConfig
from semclip.training.gradients import grad_cache
from semclip.training.loop import train
from semclip.training.optim import (
    MIN_ROWS,
    Ema,
    RowAdamW,
    build_optimizer,
    parameter_groups,
    use_row_gradients,
)
from semclip.training.ranks import SINGLE_PROCESS
from semclip.training.sharding import clip_gradients

Make = Callable[..., TrainConfig]

CONFIG = LoopConfig(steps=200, learning_rate=1.0, warmup_steps=50)


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


ROWS, WIDTH = MIN_ROWS, 4


class Texts(nn.Module):
    """A table, and a layer that is dense as ever."""

    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.table = nn.Embedding(ROWS, WIDTH, dtype=dtype)
        self.layer = nn.Linear(WIDTH, 1, dtype=dtype)

    def forward(self, ids: Tensor) -> Tensor:
        return self.layer(self.table(ids).tanh())[..., 0]


def batches(steps: int) -> list[Tensor]:
    """Ids of each step, some of them in many steps, some twice in one, some in one only."""
    draw = torch.Generator().manual_seed(1)
    return [torch.randint(0, 40 * (1 + step % 3), (3, 7), generator=draw) for step in range(steps)]


def steps_with(
    rows: bool,
    dtype: torch.dtype,
    steps: range = range(30),
    decay: float = 0.1,
    state: Any = None,
    device: str = "cpu",
) -> Any:
    module = Texts(dtype).to(device)
    if rows:
        use_row_gradients(module)
    optimizer = RowAdamW(module.parameters(), lr=1e-2, weight_decay=decay, betas=(0.9, 0.98), fused=True)
    if state is not None:
        module.load_state_dict(state[0])
        optimizer.load_state_dict(state[1])
    norms = []
    for step, ids in enumerate(batches(steps.stop)):
        if step in steps:
            for group in optimizer.param_groups:
                group["lr"] = 1e-2 / (1 + step)
            module(ids.to(device)).square().sum().backward()
            assert module.table.weight.grad is not None and module.table.weight.grad.is_sparse == rows
            norms.append(float(clip_gradients(module.parameters(), 0.5, SINGLE_PROCESS)))
            optimizer.step()
            optimizer.zero_grad()
    return module.state_dict(), optimizer.state_dict(), norms


@pytest.mark.parametrize(("dtype", "atol"), [(torch.float64, 1e-12), (torch.float32, 1e-6)])
@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_rows_train_as_the_whole_table_does(dtype: torch.dtype, atol: float, decay: float) -> None:
    weights, state, norms = steps_with(rows=True, dtype=dtype, decay=decay)
    expected, expected_state, expected_norms = steps_with(rows=False, dtype=dtype, decay=decay)
    assert norms == pytest.approx(expected_norms, rel=1e-5)
    for name, weight in expected.items():
        torch.testing.assert_close(weights[name], weight, atol=atol, rtol=0)
    assert state["state"].keys() == expected_state["state"].keys()
    for number, moments in expected_state["state"].items():
        for key, moment in moments.items():
            torch.testing.assert_close(state["state"][number][key], moment, atol=atol, rtol=0)


def test_resumed_equals_never_stopped() -> None:
    whole = steps_with(rows=True, dtype=torch.float32)
    half = steps_with(rows=True, dtype=torch.float32, steps=range(12))
    resumed = steps_with(rows=True, dtype=torch.float32, steps=range(12, 30), state=half[:2])
    assert all(torch.equal(resumed[0][name], weight) for name, weight in whole[0].items())


def test_rows_never_used_only_decay() -> None:
    start = Texts(torch.float32).table.weight[200:]
    kept = steps_with(rows=True, dtype=torch.float32, decay=0.0)[0]["table.weight"][200:]
    decayed = steps_with(rows=True, dtype=torch.float32, decay=0.1)[0]["table.weight"][200:]
    assert torch.equal(kept, start)
    factor = torch.tensor([1 - 1e-2 / (1 + step) * 0.1 for step in range(30)]).prod()
    torch.testing.assert_close(decayed, start * factor)


def test_micro_batches_do_not_pile_up() -> None:
    module = Texts(torch.float64)
    use_row_gradients(module)
    ids = torch.randint(0, 50, (64, 7))
    grad_cache(
        lambda part: {"caption": F.normalize(module(part), dim=0)},
        ids.split(4),
        lambda v: {"total": v["caption"].square().sum() + v["caption"].sum()},
    )
    gradient = module.table.weight.grad
    assert gradient is not None and gradient.is_coalesced() and len(gradient.values()) == len(ids.unique())


def test_small_and_frozen_tables_are_left_alone() -> None:
    small, frozen = nn.Embedding(MIN_ROWS - 1, 2), nn.Embedding(MIN_ROWS, 2)
    frozen.weight.requires_grad_(False)
    for table in (small, frozen):
        use_row_gradients(table)
        assert not table.sparse


def test_it_is_the_naive_sum_in_float64() -> None:
    """m_t = d^t w_0 + (1 - d) sum_s d^(t - s) w_s."""
    torch.manual_seed(0)
    module, decay = nn.Linear(7, 5).double(), 0.9
    average, history = Ema(module, decay), [module.weight.detach().clone()]
    for _ in range(50):
        with torch.no_grad():
            module.weight.add_(torch.randn_like(module.weight))
        average.update()
        history.append(module.weight.detach().clone())
    t = len(history) - 1
    weights = [decay**t, *((1 - decay) * decay ** (t - s) for s in range(1, t + 1))]
    naive = torch.stack([factor * w for factor, w in zip(weights, history, strict=True)]).sum(0)
    assert torch.allclose(average.state_dict()["weight"], naive, rtol=0, atol=1e-12)


def test_in_place_holds_the_mean_and_gives_the_very_weights_back() -> None:
    module = nn.Linear(3, 2)
    module.bias.requires_grad_(False)
    average = Ema(module, 0.5)
    start = module.weight.detach().clone()
    with torch.no_grad():
        module.weight.add_(1)
        module.bias.add_(1)
    average.update()
    now = {name: value.clone() for name, value in module.state_dict().items()}
    with pytest.raises(RuntimeError), average.in_place():  # an error inside must not leave the mean behind
        assert torch.allclose(module.weight, start + 0.5)
        assert torch.equal(module.bias, now["bias"])  # does not train: it is its own mean
        raise RuntimeError
    assert all(torch.equal(value, now[name]) for name, value in module.state_dict().items())
    assert set(average.state_dict()) == {"weight"}


def test_a_decay_of_0_keeps_nothing_and_changes_nothing() -> None:
    module = nn.Linear(2, 2)
    average, start = Ema(module, 0.0), module.weight.detach().clone()
    average.update()
    with average.in_place():
        assert torch.equal(module.weight, start)
    average.load_state_dict({})
    assert average.state_dict() == {}


def weights(folder: Path) -> dict[str, Any]:
    return {name: value.clone() for name, value in load(str(folder)).state_dict().items()}


def test_the_mean_is_exported_and_resumes_exactly(make_config: Make, tmp_path: Path, console: Console) -> None:
    config = make_config(train={"ema": 0.9}, evaluate={"benchmarks": ["retrieval"], "every": 0})
    train(config, tmp_path / "whole", console)
    train(make_config(evaluate={"benchmarks": ["retrieval"], "every": 0}), tmp_path / "plain", console)
    exported = weights(tmp_path / "whole")
    state = load_checkpoint(list_checkpoints(tmp_path / "whole" / "checkpoints")[-1])
    trained = {name.removeprefix("encoder."): value for name, value in state["module"].items()}
    assert all(torch.equal(exported[name], mean) for name, mean in state["average"].items())
    assert any(not torch.equal(exported[name], trained[name]) for name in state["average"])
    # It only looks: the weights under it are those of a run without it.
    plain = weights(tmp_path / "plain")
    assert all(torch.equal(plain[name], trained[name]) for name in state["average"])

    checkpoints = tmp_path / "cut" / "checkpoints"
    shutil.copytree(tmp_path / "whole", tmp_path / "cut")
    list_checkpoints(checkpoints)[-1].rename(tmp_path / "away")
    train(config, tmp_path / "cut", console, resume=True)
    again = weights(tmp_path / "cut")
    assert all(torch.equal(exported[name], again[name]) for name in exported)
