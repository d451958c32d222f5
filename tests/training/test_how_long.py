"""How long a run is: epochs as well as steps, what stands in for what, and what is said of it."""

import io
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from semclip.core.config import load_config, parse
from semclip.core.errors import UserError
from semclip.training import needs, trackers
from semclip.training.config import LoopConfig, TrainConfig
from semclip.training.loop import train
from semclip.training.setup import set_up
from semclip.training.trackers import duration, progress_bar
from tests.training.conftest import printed

Make = Callable[..., TrainConfig]


@pytest.mark.parametrize(("epochs", "steps"), [(1, 6), (0.5, 3), (2.5, 15), (0.01, 1)])
def test_epochs_become_steps(epochs: float, steps: int, make_config: Make, tmp_path: Path, console: Console) -> None:
    made = set_up(make_config(train={"steps": 0, "epochs": epochs}), tmp_path / "run", console, resume=False)
    assert made.config.train.steps == steps
    assert f"{steps} steps, {steps / 6:.3g} epochs" in printed(console)
    assert (load_config(tmp_path / "run" / "config.yaml"))["train"]["epochs"] == epochs


@pytest.mark.parametrize("values", [{}, {"steps": 3, "epochs": 1}, {"steps": 0, "epochs": 0}])
def test_one_of_the_two_is_needed(values: dict[str, int]) -> None:
    with pytest.raises(UserError, match="steps or as epochs") as error:
        parse(LoopConfig, values, where="c.yaml")
    assert "train.epochs=3" in error.value.fix


def test_what_is_given_last_takes_the_place_of_what_it_says_in_another_way(tmp_path: Path) -> None:
    base = tmp_path / "base.yaml"
    base.write_text(
        "model: {backend: open_clip, name: ViT-B-32, pretrained: openai, freeze: [image]}\n"
        "train: {steps: 100, eps: 1.0e-8}\nsteps: [{name: rewrites}]\n"
    )
    found = load_config(base, ["train.epochs=3", "model.from=runs/base"])
    assert found["train"] == {"epochs": 3, "eps": 1e-8} and found["steps"] == [{"name": "rewrites"}]
    assert found["model"] == {"from": "runs/base", "freeze": ["image"]}
    (tmp_path / "c.yaml").write_text("extends: base.yaml\nmodel: {from: runs/base}\ntrain: {epochs: 2}\n")
    nearer = load_config(tmp_path / "c.yaml", ["train.steps=7"])
    assert nearer["train"] == {"steps": 7, "eps": 1e-8} and nearer["model"] == {
        "from": "runs/base",
        "freeze": ["image"],
    }
    back = load_config(tmp_path / "c.yaml", ["model.backend=open_clip", "model.name=RN50"])
    assert back["model"] == {"backend": "open_clip", "name": "RN50", "freeze": ["image"]}
    both = load_config(base, ["train={steps: 1, epochs: 2}"])["train"]
    assert both == {"steps": 1, "epochs": 2}  # refused when it is parsed: neither came second


def test_more_steps_are_refused_on_resume_with_the_way_that_works(
    make_config: Make, tmp_path: Path, console: Console
) -> None:
    run = tmp_path / "run"
    train(make_config(train={"steps": 2}), run, console)
    with pytest.raises(UserError, match=r"train\.steps was 2, is 4") as error:
        train(make_config(train={"steps": 4}), run, console, resume=True)
    assert f"model.from={run} train.steps=MORE --out {run}-longer" in error.value.fix
    train(make_config(model={"from": str(run)}, train={"steps": 2}), tmp_path / "run-longer", console)


def test_progress_in_a_log_file(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(trackers.time, "monotonic", lambda: now[0])
    console = Console(file=io.StringIO(), width=160)
    with progress_bar(console, total=1000, done=100) as advance:
        for _ in range(300):
            now[0] += 2
            advance(0.5)
    lines = printed(console).splitlines()
    assert lines[0] == "  step    101 of 1,000  loss 0.500"
    assert lines[1] == "  step    103 of 1,000  loss 0.500, 30 min left"
    assert lines[2] == "  step    110 of 1,000  loss 0.500, 30 min left"
    assert len(lines) == 3 + 580 // 60 and lines[3].startswith("  step    140")


def test_a_run_that_will_not_fit_is_told_before_it_starts(
    make_config: Make, tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(make_config(train={"steps": 2}), tmp_path / "fits", console, resume=False)
    said = printed(console)
    assert "how long it takes is told after the first steps" in said and "may fill up" not in said
    monkeypatch.setattr(needs, "free_memory", lambda device: 0.5)
    monkeypatch.setattr(needs.shutil, "disk_usage", lambda place: SimpleNamespace(free=30_000_000))
    config = make_config(train={"steps": 2})
    set_up(config, tmp_path / "deep" / "full", console, resume=False)
    said = printed(console).removeprefix(said)
    assert f"the disk may fill up before the end: 30 MB are free at {tmp_path}" in said
    assert "train.keep_checkpoints=1" in said and "the memory may not suffice: 0 MB are free on cpu" in said


@pytest.mark.parametrize(("seconds", "said"), [(3, "less than a minute"), (300, "5 min"), (12_000, "3 h 20 min")])
def test_durations(seconds: float, said: str) -> None:
    assert duration(seconds) == said
