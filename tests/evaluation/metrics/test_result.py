"""Result files: what is written is read, and what is no result is refused."""

import dataclasses
import json
from pathlib import Path

import pytest

from semclip.core.errors import UserError
from semclip.evaluation.metrics.outcomes import Outcomes
from semclip.evaluation.metrics.result import Metric, Result
from semclip.evaluation.metrics.summary import average, proportion


def result() -> Result:
    outcomes = Outcomes.certain([1, 0, 1, 1])
    share = proportion("accuracy", "right", outcomes, list("abcd"), 0.5, slices=["no", "no", "without", "without"])
    rank = Metric(name="rank", value=3.0, n=4, description="median", unit="rank", higher_is_better=False)
    return Result(benchmark="b", version=1, model="m", data={}, metrics=[share, rank], primary="accuracy")


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    result().save(tmp_path / "result.json")
    again = Result.load(tmp_path / "result.json")
    assert again == dataclasses.replace(result(), notes=[])  # JSON has no tuples
    assert again.metric("accuracy").per_slice["without"].value == 1.0 and again.metric("rank").interval is None


def test_an_unknown_metric_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UserError, match="no metric 'recall'") as error:
        result().metric("recall")
    assert error.value.fix == "known: accuracy, rank"


@pytest.mark.parametrize("schema", [0, 2, None])
def test_a_file_of_another_schema_is_refused(tmp_path: Path, schema: int | None) -> None:
    path = tmp_path / "result.json"
    result().save(path)
    path.write_text(json.dumps({**json.loads(path.read_text()), "schema": schema}))
    with pytest.raises(UserError, match="not a result file"):
        Result.load(path)


def test_a_proportion_says_that_it_is_a_share_of_a_model_and_better_when_higher() -> None:
    """Reports write shares in percent, and mark the better model by this."""
    for metric in (result().metric("accuracy"), *result().metric("accuracy").per_slice.values()):
        assert (metric.unit, metric.kind, metric.higher_is_better, metric.ties) == ("share", "model", True, 0)
    margin = average("margin", "right minus wrong", [0.1, 0.2], list("ab"), unit="cosine")
    assert (margin.unit, margin.kind, margin.higher_is_better, margin.ties) == ("cosine", "model", True, 0)
