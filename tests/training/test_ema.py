"""The running mean of the weights: the naive sum, in and out of place, and through a run."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from rich.console import Console
from torch import nn

from semclip.models.load import load
from semclip.training.checkpoint import list_checkpoints, load_checkpoint
from semclip.training.config import TrainConfig
from semclip.training.ema import Ema, NoEma, average_of
from semclip.training.loop import train

Make = Callable[..., TrainConfig]


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
    average = average_of(module, 0.5)
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


def test_none_is_asked_for() -> None:
    assert isinstance(average_of(nn.Linear(2, 2), 0.0), NoEma)


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
