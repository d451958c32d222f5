"""What every benchmark on a data file must do, and what all benchmarks must, whichever files the folders hold."""

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from semclip.core.errors import UserError
from semclip.core.registry import FAMILIES
from semclip.evaluation import Benchmark, RunOptions, evaluate
from semclip.evaluation.metrics.paired import compare
from semclip.evaluation.metrics.result import Metric, Result
from semclip.evaluation.own import DataBenchmark, create
from semclip.evaluation.public import PublicBenchmark
from tests.evaluation.own.fakes import FakeEncoder, constant, examples, noise, oracle, reversed_oracle, without

NAMES = FAMILIES["benchmarks"].names("semclip.evaluation.own")
DATA = {"path": "data.jsonl", "split": "test"}


def run(encoder: FakeEncoder, name: str, count: int = 12, **options: int) -> Result:
    return evaluate(encoder, [name], examples(count), DATA, **options)[name]


def all_metrics(result: Result) -> list[Metric]:
    return [m for metric in result.metrics for m in (metric, *metric.per_slice.values())]


def test_the_six_are_found() -> None:
    assert {"retrieval", "original_over_negation", "triplet_choice", "absence", "zeroshot", "margins"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_constant_encoder_scores_chance(name: str) -> None:
    for metric in all_metrics(run(constant(), name)):
        if metric.kind == "model" and metric.chance is not None and metric.interval is not None:
            assert metric.value == pytest.approx(metric.chance, abs=1e-9), metric.name
            assert metric.interval[0] - 1e-9 <= metric.chance <= metric.interval[1] + 1e-9, metric.name
            if metric.unit == "share" and metric.strict is not None and metric.chance < 1:
                assert metric.ties == metric.n
                assert (metric.strict, metric.optimistic) == (0.0, 1.0)


@pytest.mark.parametrize("name", NAMES)
def test_a_random_encoder_scores_near_chance(name: str) -> None:
    metric = run(noise(), name, count=300).metric(FAMILIES["benchmarks"].get(name).primary)
    assert metric.chance is not None and metric.interval is not None
    slack = 0.5 * (metric.interval[1] - metric.interval[0])
    assert metric.interval[0] - slack <= metric.chance <= metric.interval[1] + slack


@pytest.mark.parametrize("name", NAMES)
def test_the_truth_scores_full_and_its_contrary_below_chance(name: str) -> None:
    right = run(oracle(examples()), name)
    wrong = run(reversed_oracle(examples()), name)
    best, worst = right.metric(right.primary), wrong.metric(right.primary)
    assert best.chance is not None
    if best.unit == "share":
        assert best.value == 1.0 and best.strict in (None, 1.0)
    assert worst.value < best.chance < best.value
    for metric in right.metrics:
        if metric.kind == "model" and metric.unit == "share" and metric.strict is not None:
            assert metric.value == (1.0 if metric.higher_is_better else pytest.approx(0.0)), metric.name


@pytest.mark.parametrize("name", NAMES)
def test_order_and_batch_size_change_nothing(name: str) -> None:
    data = examples()
    plain = evaluate(noise(), [name], data, DATA)[name]
    shuffled = [data[i] for i in np.random.default_rng(1).permutation(len(data))]
    for other in (
        evaluate(noise(), [name], data, DATA, RunOptions(batch_size=5))[name],
        evaluate(noise(), [name], shuffled, DATA, RunOptions(batch_size=1))[name],
    ):
        for a, b in zip(all_metrics(plain), all_metrics(other), strict=True):
            assert (a.name, a.n, a.ties) == (b.name, b.n, b.ties)
            assert a.value == pytest.approx(b.value, abs=1e-12)
            if a.strict is not None:
                assert a.interval == pytest.approx(b.interval, abs=1e-9)
        for metric, record in plain.items.items():
            outcomes = dict(zip(record["id"], record["outcome"], strict=True))
            assert outcomes == dict(zip(other.items[metric]["id"], other.items[metric]["outcome"], strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_the_result_is_whole_and_survives_the_disk(name: str, tmp_path: Path) -> None:
    result = run(noise(), name)
    assert result.metric(result.primary).kind == "model"
    assert result.data["examples"] == 12
    assert result.model == "a fake"
    assert result.data["split"] == "test"
    for metric in all_metrics(result):
        assert metric.n > 0 and metric.description
        if metric.unit == "share":
            assert metric.chance is not None and metric.interval is not None
            assert 0 <= metric.interval[0] <= metric.value <= metric.interval[1] <= 1
        if metric.strict is not None and metric.optimistic is not None:
            assert metric.strict <= metric.value <= metric.optimistic
    for metric_name, record in result.items.items():
        lengths = {len(record[key]) for key in {"id", "outcome", "slice", "cluster", "weight"} & record.keys()}
        assert lengths == {result.metric(metric_name).n}
        assert len(set(record["id"])) == len(record["id"])
        mean = np.average(record["outcome"], weights=record.get("weight"))  # else pairs are of another mean
        assert mean == pytest.approx(result.metric(metric_name).value)
    result.save(tmp_path / "result.json")
    read = Result.load(tmp_path / "result.json")
    assert json.dumps(asdict(read), default=list) == json.dumps(asdict(result), default=list)


@pytest.mark.parametrize("name", NAMES)
def test_two_models_are_compared_item_by_item(name: str) -> None:
    right, wrong = run(oracle(examples()), name), run(reversed_oracle(examples()), name)
    if right.primary in right.items:
        found = compare(right.items[right.primary], wrong.items[right.primary])
        assert found.difference.value > 0 and found.difference.p < 0.05
        assert found.difference.interval is not None and found.difference.interval[0] > 0


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_view_is_named_before_anything_is_encoded(name: str) -> None:
    for view in FAMILIES["benchmarks"].get(name).needs - {"image", "caption"}:
        encoder = noise()
        with pytest.raises(UserError, match=f"12 of 12 examples lack '{view}'"):
            evaluate(encoder, [name], without(examples(), view), DATA)
        assert not encoder.batches and not encoder.image_calls
        some = evaluate(encoder, [name], without(examples(), view, keep=9), DATA)[name]
        assert some.data["examples"] == 9
        assert f"left out: 3 of 12 examples have no {view}" in some.notes


@pytest.mark.parametrize("name", NAMES)
def test_no_examples_is_an_error(name: str) -> None:
    with pytest.raises(UserError, match="no examples"):
        create(name).usable([])


@pytest.mark.parametrize("name", FAMILIES["benchmarks"].names())
def test_an_unknown_option_is_an_error(name: str) -> None:
    with pytest.raises(UserError, match="unknown key 'nonsense'") as caught:
        Benchmark.create(name, {"nonsense": 1})
    assert f"benchmark '{name}'" in caught.value.where


@pytest.mark.parametrize("name", FAMILIES["benchmarks"].names())
def test_its_folder_says_its_kind(name: str) -> None:
    kind = DataBenchmark if name in NAMES else PublicBenchmark
    assert isinstance(Benchmark.create(name), kind)
    assert FAMILIES["benchmarks"].package_of(name) == f"semclip.evaluation.{kind.kind}"


def test_listing_and_importing_need_no_torch() -> None:
    code = (
        "import sys, semclip.evaluation; from semclip.core.registry import FAMILIES; "
        "r = FAMILIES['benchmarks']; assert all(r.summaries().values()); [r.get(n) for n in r.names()]; "
        "sys.exit('torch' in sys.modules or 'open_clip' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
