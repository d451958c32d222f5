"""What goes wrong silently must be said aloud."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from semclip.core.errors import UserError
from semclip.evaluation.metrics.result import Metric, Result
from semclip.training import validation
from semclip.training.guards import (
    CapGuard,
    ChanceGuard,
    DropGuard,
    GuardConfig,
    Guards,
    NonFinite,
    constant_embeddings,
)
from semclip.training.loop import TrainConfig, train

BAD = {"total": math.nan, "contrastive": 1.0, "negation": math.inf, "gradient_norm": 2.0}
GOOD = {"total": 1.0, "gradient_norm": 2.0}


def test_a_non_finite_loss_names_step_and_parts() -> None:
    message = NonFinite(allowed=1).message(17, BAD)
    assert "17" in message and "total, negation not finite" in message and "contrastive" not in message
    assert "gradient_norm" in NonFinite(allowed=1).message(3, {"total": 1.0, "gradient_norm": math.inf})
    assert NonFinite(allowed=1).message(3, GOOD) == ""


@pytest.mark.parametrize("allowed", [0, 1, 3])
def test_so_many_bad_steps_in_a_row_are_left_out_and_one_more_stops(allowed: int) -> None:
    guard = NonFinite(allowed)
    for _ in range(2):  # a good step in between starts the count anew
        assert all(guard.message(step, BAD) for step in range(allowed))
        assert guard.message(allowed, GOOD) == ""
    for step in range(allowed):
        guard.message(step, BAD)
    with pytest.raises(UserError, match=f"not a finite number at step {allowed}: total, negation"):
        guard.message(allowed, BAD)
    assert guard.counts["in_all"] == 3 * allowed + 1


def test_counts_survive_a_resume() -> None:
    before = Guards(GuardConfig(skip_non_finite=2), 16, lambda _: None)
    before.step(0, BAD)
    before.step(1, BAD)
    before.logged(1, {"logit_scale": 50.0})
    before.validated(0, {"retrieval": result("retrieval", caption_r1=(0.5, 0.4))})
    after = Guards(GuardConfig(skip_non_finite=2), 16, lambda _: None)
    after.load_state_dict(before.state_dict())
    assert after.cap.counts["below"] == 1 and after.drop.start == {"retrieval.caption_r1": [0.5, 0.4]}
    with pytest.raises(UserError):
        after.step(2, BAD)


def test_a_scale_that_stays_at_its_cap_is_said_once() -> None:
    guard = CapGuard(steps=20)
    scales = [90.0, *[100.0] * 5, 95.0, *[100.0] * 4]
    said = [bool(guard.message(10 * i, scale)) for i, scale in enumerate(scales)]
    assert [i for i, message in enumerate(said) if message] == [2, 8]


def test_a_model_that_starts_at_the_cap_is_not_blamed() -> None:
    guard = CapGuard(steps=20)
    assert not any(guard.message(step, 100.0) for step in range(0, 500, 10))
    assert not any(CapGuard(steps=0).message(step, 100.0 if step else 50.0) for step in range(0, 500, 10))


def result(benchmark: str, **values: tuple[float, float]) -> Result:
    """A result with metrics: name=(value, lower end of its interval)."""
    metrics = [Metric(name=n, value=v, n=100, description="", interval=(low, 1.0)) for n, (v, low) in values.items()]
    return Result(benchmark=benchmark, version=1, model="", data={}, metrics=metrics, primary=next(iter(values)))


@pytest.mark.parametrize(
    ("later", "fires"),
    [(0.50, False), (0.46, False), (0.44, False), (0.39, True), (0.60, False)],
    ids=["equal", "within the limit", "within the interval", "beyond both", "better"],
)
def test_a_drop_counts_beyond_the_limit_and_the_interval(later: float, fires: bool) -> None:
    guard = DropGuard(("retrieval.caption_r1",), limit=0.05)
    assert guard.message(0, {"retrieval": result("retrieval", caption_r1=(0.5, 0.4))}) == ""
    message = guard.message(10, {"retrieval": result("retrieval", caption_r1=(later, 0.0))})
    assert bool(message) == fires
    assert not fires or "retrieval.caption_r1 from 50.0 to 39.0 %" in message


@pytest.mark.parametrize(
    ("later", "fires"),
    [(0.50, False), (0.54, False), (0.57, False), (0.61, True), (0.20, False)],
    ids=["equal", "within the limit", "within the interval", "beyond both", "better"],
)
def test_a_rise_counts_as_a_drop_where_lower_is_better(later: float, fires: bool) -> None:
    guard = DropGuard(("exclusion.violations",), limit=0.05)

    def measured(value: float) -> dict[str, Result]:
        found = result("exclusion", violations=(value, value - 0.1))
        (metric,) = found.metrics
        ends = (value - 0.1, value + 0.1)
        return {"exclusion": replace(found, metrics=[replace(metric, higher_is_better=False, interval=ends)])}

    assert guard.message(0, measured(0.5)) == ""
    assert bool(guard.message(10, measured(later))) == fires


def test_only_the_named_metrics_are_watched_and_a_missing_start_is_no_drop() -> None:
    guard = DropGuard(("retrieval.caption_r1",), limit=0.05)
    results = {"retrieval": result("retrieval", paraphrase_r1=(0.9, 0.8))}
    guard.message(0, results)
    assert guard.message(10, {"retrieval": result("retrieval", paraphrase_r1=(0.1, 0.0), caption_r1=(0.1, 0.0))}) == ""


@pytest.mark.parametrize("action", ["off", "warn", "stop"])
def test_a_guard_that_watches_nothing_says_so_once(action: str) -> None:
    said: list[str] = []
    guards = Guards(GuardConfig(drop=action), 16, said.append)  # type: ignore[arg-type]
    for step in (0, 10):
        guards.validated(step, {"retrieval": result("retrieval", paraphrase_r1=(0.9, 0.8))})
    assert [("evaluate.benchmarks" in message) for message in said] == [True] * (action != "off")


@pytest.mark.parametrize("action", ["off", "warn", "stop"])
def test_a_guard_is_silent_warns_or_stops(action: str) -> None:
    said: list[str] = []
    guards = Guards(GuardConfig(drop=action), 16, said.append)  # type: ignore[arg-type]
    scores: Sequence[Mapping[str, Result]] = [
        {"retrieval": result("retrieval", caption_r1=values)} for values in ((0.9, 0.8), (0.2, 0.1))
    ]
    guards.validated(0, scores[0])
    if action == "stop":
        with pytest.raises(UserError, match="ordinary ability has dropped"):
            guards.validated(10, scores[1])
    else:
        guards.validated(10, scores[1])
    assert len(said) == (action == "warn")


def test_chance_is_said_once_and_only_after_patience() -> None:
    guard = ChanceGuard(batch_size=128)
    messages = [guard.message({"contrastive": math.log(128)}) for _ in range(6)]
    assert [bool(m) for m in messages] == [False, False, True, False, False, False]
    assert "4.852" in messages[2]


def test_the_guard_reads_clips_two_directions() -> None:
    guard = ChanceGuard(batch_size=128)
    terms = {"total": 0.0, "image_to_text": math.log(128) + 0.01, "text_to_image": math.log(128) - 0.01}
    assert [bool(guard.message(terms)) for _ in range(3)] == [False, False, True]
    assert guard.message({"total": 1.0}) == ""


def test_a_learning_loss_is_not_chance() -> None:
    guard = ChanceGuard(batch_size=128)
    assert not any(guard.message({"contrastive": math.log(128) - 0.1 * i}) for i in range(10))


def test_a_batch_of_one_has_no_chance_level() -> None:
    guard = ChanceGuard(batch_size=1)
    assert not any(guard.message({"contrastive": 0.0}) for _ in range(10))


def test_constant_embeddings_are_called_out() -> None:
    assert "caption" in constant_embeddings({"caption": 1e-7, "negation": 0.1})
    assert constant_embeddings({"caption": 0.05}) == ""


def test_a_run_that_loses_what_it_could_do_stops_and_keeps_its_checkpoint(
    make_config: Callable[..., TrainConfig], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = iter([(0.9, 0.8), (0.88, 0.8), (0.2, 0.1)])  # steps 0, 3 and 6

    def evaluate(*arguments: object, **options: object) -> Mapping[str, Result]:
        return {"retrieval": result("retrieval", caption_r1=next(measured))}

    monkeypatch.setattr(validation, "evaluate", evaluate)
    config = make_config(guards={"drop": "stop"})
    with pytest.raises(UserError, match=r"dropped since step 0: retrieval\.caption_r1 from 90\.0"):
        train(config, tmp_path / "run", Console(quiet=True))
    assert sorted(folder.name for folder in (tmp_path / "run" / "checkpoints").glob("step_*"))[-1].endswith("6")
    assert (tmp_path / "run" / "best").is_dir()  # the weights of step 3
