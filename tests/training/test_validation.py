"""Which weights a run keeps."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from rich.console import Console

from semclip.core.files import read_json
from semclip.evaluation.metrics.result import Metric, Result
from semclip.training import validation
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
