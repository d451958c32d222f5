"""A run killed with SIGKILL at any moment and resumed ends with the very weights of one that was never killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from semclip.core.config import dump, save_config
from semclip.models.load import load
from semclip.training.checkpoint import list_checkpoints, load_checkpoint
from semclip.training.config import TrainConfig
from tests.training.conftest import TINY

Make = Callable[..., TrainConfig]
#: Half of the patches are dropped at random, so that the random states count, too.
DROPPING = {**TINY, "vision_cfg": {**TINY["vision_cfg"], "patch_dropout": 0.5}}  # type: ignore[dict-item]

FEW = ("publish:4", "step:5", "best")
MANY = (
    "best", "publish:30", "step:37", "write:50", "wait:0.2", "publish:60", "step:61", "wait:0.1", "publish:80",
    "step:99", "publish:100", "write:110", "step:115", "publish:120", "wait:0.3", "publish:150", "step:155",
    "publish:160", "step:177", "publish:200",
)  # fmt: skip


def start(*arguments: str) -> "subprocess.Popen[str]":
    """A training process in a session of its own, with one thread."""
    return subprocess.Popen(
        [sys.executable, "-m", *arguments],
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(["src", "."])},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        text=True,
    )


def session_is_gone(leader: int) -> bool:
    """Whether every process of the session has ended, loader workers included, within a few seconds."""
    for _ in range(100):
        try:
            os.killpg(leader, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


def never_killed_equals_killed(config: TrainConfig, folder: Path, moments: Sequence[str]) -> None:
    save_config(folder / "config.yaml", dump(config))
    arguments = ("tests.training.victim", str(folder / "config.yaml"))
    for moment in moments:
        process = start(*arguments, str(folder / "killed"), moment)
        said = process.communicate(timeout=300)[0]
        assert process.returncode == -signal.SIGKILL, f"{moment}: {said}"
        assert session_is_gone(process.pid), f"{moment}: loader workers outlive their parent"
    for name in ("killed", "whole"):
        process = start(*arguments, str(folder / name))
        assert process.wait(timeout=600) == 0, process.communicate()[0]
        assert not list((folder / name).rglob(".*"))

    last = [load_checkpoint(list_checkpoints(folder / n / "checkpoints")[-1]) for n in ("killed", "whole")]
    same(last[0]["module"], last[1]["module"])
    same(last[0]["optimizer"]["state"], last[1]["optimizer"]["state"])
    assert {k: last[0][k] for k in ("step", "seen", "best_step")} == {
        k: last[1][k] for k in ("step", "seen", "best_step")
    }
    same(*(dict(load(str(folder / name)).state_dict()) for name in ("killed", "whole")))
    assert (folder / "killed" / "metrics.jsonl").read_text() == (folder / "whole" / "metrics.jsonl").read_text()


def same(a: Any, b: Any) -> None:
    """Equal bit for bit, in all nested mappings."""
    if isinstance(a, dict):
        assert a.keys() == b.keys()
        for key in a:
            same(a[key], b[key])
    else:
        assert torch.equal(a, b)


def test_killed_at_three_moments(make_config: Make, tmp_path: Path) -> None:
    config = make_config(model={"backend": "open_clip", "config": DROPPING}, train={"steps": 8, "workers": 2})
    never_killed_equals_killed(config, tmp_path, FEW)


@pytest.mark.slow
def test_killed_at_twenty_moments(make_config: Make, tmp_path: Path) -> None:
    assert len(MANY) == 20 and sum(moment.startswith("publish") for moment in MANY) >= 5
    config = make_config(
        model={"backend": "open_clip", "config": DROPPING},
        train={"steps": 200, "workers": 2, "checkpoint_every": 10, "ema": 0.99},
        evaluate={"benchmarks": ["retrieval"], "every": 20},
    )
    never_killed_equals_killed(config, tmp_path, MANY)


@pytest.mark.parametrize(("how", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_sigterm_and_ctrl_c_save_and_exit(make_config: Make, tmp_path: Path, how: signal.Signals, code: int) -> None:
    config = make_config(train={"steps": 100_000, "workers": 1, "checkpoint_every": 0}, evaluate={"every": 0})
    save_config(tmp_path / "config.yaml", dump(config))
    run = tmp_path / "run"
    process = start("semclip.cli.main", "train", str(tmp_path / "config.yaml"), "--out", str(run))
    while process.poll() is None and '"train"' not in _text(run / "metrics.jsonl"):
        time.sleep(0.05)
    process.send_signal(how)
    said = process.communicate(timeout=60)[0]
    assert process.returncode == code, said
    assert "stopped after step" in said and session_is_gone(process.pid)
    (saved,) = list_checkpoints(run / "checkpoints")
    assert load_checkpoint(saved)["step"] >= 10


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""
