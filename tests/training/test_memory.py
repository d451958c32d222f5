"""A full memory halves the micro-batch: same gradients, same random numbers, nothing counted twice."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from rich.console import Console

from semclip.core.errors import UserError
from semclip.models.load import load
from semclip.training import memory
from semclip.training.checkpoint import list_checkpoints, load_checkpoint
from semclip.training.config import TrainConfig
from semclip.training.loop import train
from semclip.training.memory import out_of_memory
from tests.training.conftest import TINY, printed

Make = Callable[..., TrainConfig]


def test_what_counts_as_a_full_memory() -> None:
    assert out_of_memory(torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"))
    assert not out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    with pytest.raises(RuntimeError) as error:
        torch.empty(2**60, dtype=torch.uint8)  # more than any machine has: the CPU allocator's own words
    assert out_of_memory(error.value)


def scarce(monkeypatch: pytest.MonkeyPatch, rows: int) -> list[int]:
    """Memory for `rows` rows at a time; more fail after the whole step has been computed. Returns the sizes tried."""
    original, tried = memory.forward_backward, list[int]()

    def step(fabric: Any, wrapped: Any, module: Any, batch: Any, micro_batch: int) -> Any:
        tried.append(micro_batch)
        terms = original(fabric, wrapped, module, batch, micro_batch)
        if not 0 < micro_batch <= rows:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return terms

    monkeypatch.setattr(memory, "forward_backward", step)
    return tried


def test_the_step_is_taken_again_in_smaller_pieces_and_gives_the_same(
    make_config: Make, tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dropped patches are drawn again as they were, and the objective counts its steps once."""
    network = {**TINY, "vision_cfg": {**TINY["vision_cfg"], "patch_dropout": 0.5}}  # type: ignore[dict-item]
    own = {"objective": {"name": "tngclip"}, "steps": [{"name": "batch_absences"}]}
    config = {"model": {"backend": "open_clip", "config": network}, **own}
    train(make_config(**config, train={"micro_batch": 4}), tmp_path / "small", console)
    tried = scarce(monkeypatch, rows=4)
    train(make_config(**config), tmp_path / "retried", console)
    assert tried == [0, 8, 4, *[4] * 5]  # found once, then kept
    said = printed(console)
    assert said.count("is taken again") == 2 and "set train.micro_batch=4" in said
    states = [load_checkpoint(list_checkpoints(tmp_path / n / "checkpoints")[-1]) for n in ("small", "retried")]
    for name, value in states[0]["module"].items():
        assert torch.equal(value, states[1]["module"][name]), name
    assert states[1]["module"]["objective.steps"] == 6
    a, b = (load(str(tmp_path / name)).state_dict() for name in ("small", "retried"))
    assert all(torch.equal(a[name], b[name]) for name in a)


def test_when_one_row_is_too_much_it_stops_with_advice(
    make_config: Make, tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = scarce(monkeypatch, rows=0)
    with pytest.raises(UserError, match="out of memory") as error:
        train(make_config(), tmp_path / "run", console)
    assert tried == [0, 8, 4, 2, 1] and "smaller model" in error.value.fix


def test_other_errors_are_not_taken_for_it(
    make_config: Make, tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("shapes cannot be multiplied")

    monkeypatch.setattr(memory, "forward_backward", broken)
    with pytest.raises(RuntimeError, match="shapes"):
        train(make_config(), tmp_path / "run", console)
