"""Where a run's numbers go, also after a kill."""

import json
import sys
from pathlib import Path

import pytest

from semclip.core.errors import UserError
from semclip.training.trackers import JsonLines, TensorBoard, build_trackers


def records(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_resuming_drops_what_comes_again_and_a_cut_last_line(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    first = JsonLines(path, resume_step=0)
    for step in (10, 20, 30):
        first.log(step, "train", {"total": 1.0})
        first.log(step, "val", {"caption_r1": 0.5})
    with path.open("a") as file:
        file.write('{"step": 40, "spl')
    JsonLines(path, resume_step=20)
    # The checkpoint of step 20 was written before its validation, which therefore comes again.
    assert [(r["step"], r["split"]) for r in records(path)] == [(10, "train"), (10, "val"), (20, "train")]


def test_a_new_run_starts_empty(tmp_path: Path) -> None:
    (tmp_path / "metrics.jsonl").write_text('{"step": 1, "split": "train"}\n')
    JsonLines(tmp_path / "metrics.jsonl", resume_step=0)
    assert records(tmp_path / "metrics.jsonl") == []


def test_tensorboard_gets_the_same_numbers(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    for tracker in build_trackers(("tensorboard",), tmp_path, resume_step=0):
        tracker.log(7, "val", {"caption_r1": 0.25})
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert [(e.step, e.value) for e in events.Scalars("val/caption_r1")] == [(7, 0.25)]
    assert records(tmp_path / "metrics.jsonl")[0]["caption_r1"] == 0.25


def test_tensorboard_that_is_not_installed_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(UserError) as error:
        TensorBoard(tmp_path)
    assert "pip install" in error.value.fix
