"""What a checkpoint of a run holds, when one is due, and what happens when it cannot be written or read."""

import random
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from rich.console import Console

from semclip.core.errors import UserError
from semclip.models.load import load
from semclip.training import checkpoint
from semclip.training.checkpoint import Checkpoints, list_checkpoints, load_checkpoint, save_checkpoint
from semclip.training.config import TrainConfig
from semclip.training.loop import train
from semclip.training.random_states import random_states, restore_random_states
from tests.training.conftest import printed

Make = Callable[..., TrainConfig]


def drawn() -> list[float]:
    return [random.random(), random.gauss(0, 1), float(np.random.normal()), float(torch.rand(()))]


def test_random_states_survive_a_file_without_pickled_code(tmp_path: Path) -> None:
    drawn()  # gauss keeps a second number for the next call, in Python and in NumPy
    states, expected = random_states(), [drawn() for _ in range(3)]
    save_checkpoint(tmp_path, 1, {"random": [states]})
    drawn()
    (read,) = load_checkpoint(list_checkpoints(tmp_path)[0])["random"]
    restore_random_states(read)
    assert [drawn() for _ in range(3)] == expected


def rewrite(checkpoint: Path, **changes: object) -> None:
    """The same checkpoint with other entries, its hash as it should be."""
    state = load_checkpoint(checkpoint)
    save_checkpoint(checkpoint.parent, state["step"], {**state, **changes}, keep=9)


def test_another_number_of_processes_is_allowed_and_said(make_config: Make, tmp_path: Path, console: Console) -> None:
    run = tmp_path / "run"
    train(make_config(), run, console)
    before = {name: value.clone() for name, value in load(str(run)).state_dict().items()}
    middle, last = list_checkpoints(run / "checkpoints")
    last.rename(tmp_path / "away")
    rewrite(middle, random=[random_states(), random_states()])
    train(make_config(), run, console, resume=True)
    assert "1 processes continue what 2 began" in printed(console)
    # Nothing is drawn in this model, so even the weights are the same.
    after = load(str(run)).state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_a_damaged_newest_checkpoint_costs_its_steps_and_nothing_else(
    make_config: Make, tmp_path: Path, console: Console
) -> None:
    run = tmp_path / "run"
    train(make_config(), run, console)
    before = {name: value.clone() for name, value in load(str(run)).state_dict().items()}
    newest = list_checkpoints(run / "checkpoints")[-1] / "state.pt"
    newest.write_bytes(newest.read_bytes()[:-1000])
    train(make_config(), run, console, resume=True)
    assert "warning: step_00000006 is skipped" in printed(console)
    assert "resuming after step 4" in printed(console)
    after = load(str(run)).state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_a_disk_that_fills_up_stops_the_run_and_keeps_the_good_checkpoint(
    make_config: Make, tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    real = checkpoint.shutil.disk_usage

    def nearly_full_after_the_first(_: object) -> SimpleNamespace:
        return SimpleNamespace(free=10**6 if list_checkpoints(run / "checkpoints") else 10**12)

    monkeypatch.setattr(checkpoint.shutil, "disk_usage", nearly_full_after_the_first)
    with pytest.raises(UserError, match="the disk is nearly full: 1 MB are free"):
        train(make_config(), run, console)
    (kept,) = list_checkpoints(run / "checkpoints")
    assert load_checkpoint(kept)["step"] == 2
    monkeypatch.setattr(checkpoint.shutil, "disk_usage", real)
    assert train(make_config(), run, console, resume=True)
    assert "resuming after step 2" in printed(console)


def test_a_folder_that_cannot_be_made_stops_the_run_and_it_goes_on_when_it_can(
    make_config: Make, tmp_path: Path, console: Console
) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "checkpoints").write_text("a file where the folder should be")
    with pytest.raises(UserError, match="cannot write the checkpoint of step 2") as error:
        train(make_config(train={"steps": 4}), run, console)
    assert error.value.where == str(run / "checkpoints" / "step_00000002")
    (run / "checkpoints").unlink()
    assert train(make_config(train={"steps": 4}), run, console, resume=True)


def test_the_best_checkpoint_stays_however_old(make_config: Make, tmp_path: Path, console: Console) -> None:
    run = tmp_path / "run"
    # At a wild learning rate what comes after the first validations is worse, or no better.
    wild = {"steps": 20, "learning_rate": 0.5, "keep_checkpoints": 1}
    train(make_config(train=wild, evaluate={"benchmarks": ["retrieval"], "every": 2}), run, console)
    last = load_checkpoint(list_checkpoints(run / "checkpoints")[-1])
    assert last["step"] == 20 and last["best_step"] < 18  # else keeping the newest two would do
    assert {load_checkpoint(p)["step"] for p in list_checkpoints(run / "checkpoints")} == {20, last["best_step"]}


@pytest.mark.parametrize(("every", "steps"), [(4, [4, 8, 10]), (0, [10]), ("auto", [10])])
def test_when_a_checkpoint_is_due(make_config: Make, tmp_path: Path, every: int | str, steps: list[int]) -> None:
    checkpoints = Checkpoints(tmp_path, make_config(train={"steps": 10, "checkpoint_every": every}))
    assert [step for step in range(1, 11) if checkpoints.due(step)] == steps


def test_auto_waits_sixty_times_as_long_as_the_last_one_took(
    make_config: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr(checkpoint, "time", SimpleNamespace(monotonic=lambda: now[0]))

    def slow(*_: object) -> None:
        now[0] += 5

    monkeypatch.setattr(checkpoint, "save_checkpoint", slow)
    checkpoints = Checkpoints(tmp_path, make_config(train={"steps": 10_000, "checkpoint_every": "auto"}))
    state = SimpleNamespace(step=1, best_step=0, world_size=1, seen={}, snapshot=dict)
    written = []
    for step in range(1, 1000):
        now[0] += 1
        if checkpoints.due(step):
            written.append(step)
            checkpoints.save(state)  # type: ignore[arg-type]
    assert written[0] == 61 and {b - a for a, b in pairwise(written)} == {301}
    assert checkpoints.seconds / now[0] < 0.02
