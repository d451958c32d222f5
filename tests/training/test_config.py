"""What is out of range is said with its file, key and value, and what the message advises is taken."""

import re

import pytest

from semclip.core.config import apply_overrides, parse
from semclip.core.errors import UserError
from semclip.training.config import TrainConfig

BARE = {"name": "x", "model": {}, "data": {"path": "x.csv"}, "objective": {"name": "clip"}, "train": {"steps": 3}}


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        ("train.batch_size", "0"),
        ("train.batch_size", "-2"),
        ("train.devices", "0"),
        ("train.crop", "1.5"),
        ("train.ema", "1"),
        ("train.workers", "-1"),
        ("guards.free_disk_mb", "-1"),
        ("guards.unreadable", "5"),
        ("evaluate.every", "-1"),
        ("data.validation", "1"),
    ],
)
def test_the_advice_is_taken(key: str, wrong: str) -> None:
    with pytest.raises(UserError, match=rf"{key}: {wrong}\b") as caught:
        parse(TrainConfig, apply_overrides(BARE, [f"{key}={wrong}"]), where="x.yaml")
    assert caught.value.where == f"x.yaml: {key}"
    advised = re.search(rf"{key}=[\d.]+(?=,| |$)", caught.value.fix)
    assert advised is not None
    parse(TrainConfig, apply_overrides(BARE, [advised[0]]), where="x.yaml")


def test_a_view_that_is_none_is_not_required() -> None:
    with pytest.raises(UserError, match="no view 'rewrit'") as caught:
        parse(TrainConfig, apply_overrides(BARE, ["require=[rewrit]"]), where="x.yaml")
    assert (caught.value.where, caught.value.fix) == ("x.yaml: require", "Did you mean rewrite?")


@pytest.mark.parametrize("guard", ["collapse", "drop"])
@pytest.mark.parametrize("action", ["off", "warn", "stop"])
def test_a_guard_is_set_as_the_guide_writes_it(guard: str, action: str) -> None:
    config = parse(TrainConfig, apply_overrides(BARE, [f"guards.{guard}={action}"]), where="x.yaml")
    assert getattr(config.guards, guard) == action


@pytest.mark.parametrize(("text", "value"), [("yes", True), ("on", True), ("no", False), ("off", False)])
def test_a_switch_is_set_in_any_word(text: str, value: bool) -> None:
    config = parse(TrainConfig, apply_overrides(BARE, [f"train.compile={text}"]), where="x.yaml")
    assert config.train.compile is value


@pytest.mark.parametrize("wrong", ["evaluate.benchmarks=[]", "evaluate.primary=retrieval", "evaluate.primary=''"])
def test_a_checkpoint_needs_a_metric_to_be_chosen_by(wrong: str) -> None:
    with pytest.raises(UserError, match=wrong.partition("=")[0]) as caught:
        parse(TrainConfig, apply_overrides(BARE, [wrong]), where="x.yaml")
    advised = re.findall(r"evaluate\.\w+=[\w\[\].]+", caught.value.fix)
    parse(TrainConfig, apply_overrides(BARE, advised), where="x.yaml")
