"""Which weights a run keeps."""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch
from rich.console import Console

from semclip.core.files import read_json
from semclip.evaluation.metrics.result import Metric, Result
from semclip.models.load import load
from semclip.training import loop, validation
from semclip.training.best import Best
from semclip.training.config import TrainConfig
from semclip.training.loop import train

Make = Callable[..., TrainConfig]


def measures(monkeypatch: pytest.MonkeyPatch, *values: float, higher_is_better: bool = True) -> None:
    """The validations of a run measure these values, one after the other."""
    left = iter(values)

    def evaluate(*_: object) -> Mapping[str, Result]:
        better = {"higher_is_better": higher_is_better}
        metric = Metric(name="caption_r1", value=next(left), n=100, description="", **better)  # type: ignore[arg-type]
        return {
            "retrieval": Result(
                benchmark="retrieval", version=1, model="", data={}, metrics=[metric], primary=metric.name
            )
        }

    monkeypatch.setattr(validation, "evaluate", evaluate)


def test_the_best_is_the_lowest_where_lower_is_better(
    make_config: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measures(monkeypatch, 0.5, 0.3, 0.6, 0.4, higher_is_better=False)
    config = make_config(evaluate={"benchmarks": ["retrieval"], "every": 2}, objective={"name": "clip"})
    train(config, tmp_path / "run", Console(quiet=True))
    assert read_json(tmp_path / "run" / "run.json")["best_step"] == 2


def test_after_a_resume_the_best_is_what_best_holds(
    make_config: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after a validation and before the next checkpoint; then that step is, on another machine, less good."""
    run, original = tmp_path / "run", loop.batches
    config = make_config(
        evaluate={"benchmarks": ["retrieval"], "every": 2}, objective={"name": "clip"}, train={"checkpoint_every": 3}
    )

    def four(*arguments: Any, **options: Any) -> Iterator[Any]:
        yield from islice(original(*arguments, **options), 4)
        raise SystemExit("killed")

    monkeypatch.setattr(loop, "batches", four)
    measures(monkeypatch, 0.1, 0.5, 0.505)  # of the steps 0, 2 and 4; the checkpoint is of step 3
    with pytest.raises(SystemExit):
        train(config, run, Console(quiet=True))
    best = load(str(run / "best")).state_dict()
    assert Best.of(run) == Best(4, 0.505)

    monkeypatch.setattr(loop, "batches", original)
    measures(monkeypatch, 0.502, 0.48)  # of the steps 4 and 6
    train(config, run, Console(quiet=True), resume=True)
    assert read_json(run / "run.json")["best_step"] == 4
    exported = load(str(run / "model")).state_dict()
    assert all(torch.equal(exported[name], best[name]) for name in best)
