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

from semclip.cli import main
from semclip.core.config import dump, save_config
from semclip.core.files import read_json
from semclip.models.load import load
from semclip.training.checkpoint import list_checkpoints, load_checkpoint
from semclip.training.config import TrainConfig
from tests import forkserver
from tests.training import victim
from tests.training.conftest import TINY

Make = Callable[..., TrainConfig]
#: Half of the patches are dropped at random, so that the random states count, too.
DROPPING = {**TINY, "vision_cfg": {**TINY["vision_cfg"], "patch_dropout": 0.5}}  # type: ignore[dict-item]

FEW = ("best", "rename:4", "step:5")
MANY = (
    "best", "rename:30", "step:37", "write:50", "wait:0.1", "rename:60", "step:61", "wait:0.05", "rename:80",
    "step:99", "rename:100", "write:110", "step:115", "rename:120", "wait:0.15", "rename:150", "step:155",
    "rename:160", "step:177", "rename:200",
)  # fmt: skip

#: Runs `semclip WORDS` with one thread, to its end or a moment; process id, exit code, what it said.
Launch = Callable[[Sequence[str], Path, str], tuple[int, int, str]]


def as_typed(words: Sequence[str], folder: Path, moment: str = "") -> tuple[int, int, str]:
    module = ["tests.training.victim", moment] if moment else ["semclip.cli.main"]
    process = subprocess.Popen(
        [sys.executable, "-m", *module, *words],
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(["src", "."])},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        text=True,
    )
    said = process.communicate(timeout=600)[0]
    return process.pid, process.returncode, said


def forked(words: Sequence[str], folder: Path, moment: str = "") -> tuple[int, int, str]:
    entry, words = (victim.main, [moment, *words]) if moment else (main.run, words)
    process = forkserver.start(entry, words, folder / "said")
    code, said, errors = process.ended()
    return process.pid, code, said + errors


def session_is_gone(leader: int) -> bool:
    """Whether every process of the session has ended, loader workers included, within a few seconds."""
    for _ in range(100):
        try:
            os.killpg(leader, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


def never_killed_equals_killed(config: TrainConfig, folder: Path, moments: Sequence[str], launch: Launch) -> None:
    save_config(folder / "config.yaml", dump(config))
    run, train = folder / "killed", ("train", str(folder / "config.yaml"), "--out")
    for moment in moments:
        resume = ["--resume"] if (run / "run.json").exists() else []
        leader, code, said = launch([*train, str(run), *resume], folder, moment)
        assert code == -signal.SIGKILL, f"{moment}: {said}"
        assert session_is_gone(leader), f"{moment}: loader workers outlive their parent"
        died_where_it_should(run, moment)
    for words in ([str(run), "--resume"], [str(folder / "whole")]):
        _, code, said = launch([*train, *words], folder, "")
        assert code == 0, said
        assert not list(folder.glob(f"{Path(words[0]).name}/**/.*"))

    last = [load_checkpoint(list_checkpoints(folder / n / "checkpoints")[-1]) for n in ("killed", "whole")]
    assert last[0]["step"] == config.train.steps
    for state in last:
        state.pop("seconds")
        state.pop("plane")  # compared with the files
    same(*last)
    same(*(dict(load(str(folder / name)).state_dict()) for name in ("killed", "whole")))
    for file in ("metrics.jsonl", "results/plane.json"):
        assert (run / file).read_text() == (folder / "whole" / file).read_text(), file
    results = [read_json(folder / n / "results" / "retrieval.json") for n in ("killed", "whole")]
    assert results[0]["metrics"] == results[1]["metrics"] and results[0]["items"] == results[1]["items"]


def died_where_it_should(run: Path, moment: str) -> None:
    """What the kill left behind: a test that kills too early or too late would prove less than its name says."""
    kind, _, step = moment.partition(":")
    left = [path for path in run.glob("**/.*") if path.is_dir()]
    if kind == "rename":
        (temporary,) = left
        written = load_checkpoint(temporary)["step"]  # whole, its hash as in its manifest
        assert written >= int(step) and not (run / "checkpoints" / f"step_{written:08d}").exists()
    elif kind == "write":
        (temporary,) = left
        assert [path.name for path in temporary.iterdir()] == ["state.pt"]
        assert 0 < (temporary / "state.pt").stat().st_size <= victim.HALF
    elif kind == "best":
        assert any(path.name.startswith(".best.") and path.suffix == ".tmp" for path in left)
    elif kind == "step":
        assert not left


def same(a: Any, b: Any) -> None:
    """Equal bit for bit, in all nested mappings and lists."""
    assert type(a) is type(b)
    if isinstance(a, dict):
        assert a.keys() == b.keys()
        for key in a:
            same(a[key], b[key])
    elif isinstance(a, list | tuple):
        assert len(a) == len(b)
        for mine, theirs in zip(a, b, strict=True):
            same(mine, theirs)
    elif isinstance(a, torch.Tensor):
        assert a.dtype == b.dtype and torch.equal(a, b)
    else:
        assert a == b


def test_killed_at_three_moments(make_config: Make, tmp_path: Path) -> None:
    config = make_config(
        model={"backend": "open_clip", "config": DROPPING},
        train={"steps": 8, "workers": 2},
        evaluate={"benchmarks": ["retrieval"], "every": 3},
    )
    never_killed_equals_killed(config, tmp_path, FEW, forked)


@pytest.mark.slow
def test_killed_at_twenty_moments(make_config: Make, tmp_path: Path) -> None:
    """The command as typed, each time in a new process."""
    assert len(MANY) == 20 and sum(moment.startswith("rename") for moment in MANY) >= 5
    config = make_config(
        model={"backend": "open_clip", "config": DROPPING},
        train={"steps": 200, "workers": 2, "checkpoint_every": 10, "ema": 0.99},
        evaluate={"benchmarks": ["retrieval"], "every": 20},
    )
    never_killed_equals_killed(config, tmp_path, MANY, as_typed)


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize(("how", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_sigterm_and_ctrl_c_save_and_exit(make_config: Make, tmp_path: Path, how: signal.Signals, code: int) -> None:
    config = make_config(train={"steps": 100_000, "workers": 1, "checkpoint_every": 0}, evaluate={"every": 0})
    save_config(tmp_path / "config.yaml", dump(config))
    run = tmp_path / "run"
    started = forkserver.start(main.run, ("train", str(tmp_path / "config.yaml"), "--out", str(run)), tmp_path / "said")
    while started.process.is_alive() and '"train"' not in _text(run / "metrics.jsonl"):
        time.sleep(0.02)
    os.kill(started.pid, how)
    ended, said, errors = started.ended()
    assert ended == code, errors
    assert "stopped after step" in said and session_is_gone(started.pid)
    (saved,) = list_checkpoints(run / "checkpoints")
    assert load_checkpoint(saved)["step"] >= 10


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""
