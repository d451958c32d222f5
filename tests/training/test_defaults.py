"""A run goes on with the defaults it was begun with, whatever they are when it is resumed."""

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console
from torch import Tensor

from semclip.api import train_config
from semclip.core.config import dump
from semclip.core.errors import UserError
from semclip.core.files import read_json, write_json
from semclip.core.protocols import EncoderInfo
from semclip.objectives._basis import orthonormal_rows
from semclip.objectives.semclip import SemCLIP
from semclip.training import defaults
from semclip.training.config import LoopConfig, TrainConfig
from semclip.training.defaults import BEFORE, as_begun, options
from semclip.training.loop import train
from semclip.training.record import refuse_another_config
from semclip.training.setup import build_objective, set_up
from tests.training.conftest import printed

Make = Callable[..., TrainConfig]


def without(run: Path, *keys: str) -> None:
    """As a version wrote the run that did not know these options."""
    saved = yaml.safe_load((run / "config.yaml").read_text())
    for key in keys:
        del saved["train"][key]
    (run / "config.yaml").write_text(yaml.safe_dump(saved))


def test_a_run_from_before_an_option_goes_on_as_it_was_and_says_so(
    make_config: Make, tmp_path: Path, console: Console
) -> None:
    run = tmp_path / "run"
    train(make_config(train={"mask_equal_captions": False, "steps": 2}), run, console)
    without(run, "mask_equal_captions")
    for _ in range(2):  # its config is written anew each time
        resumed = set_up(make_config(train={"steps": 2}), run, console, resume=True)
        assert resumed.config.train.mask_equal_captions is False
        said = "begun before the option train.mask_equal_captions existed, and goes on as it was: false"
        assert said in " ".join(printed(console).split())
        console.file.truncate(0)  # type: ignore[attr-defined]
    assert read_json(run / "run.json")["begun_without"] == ["mask_equal_captions"]
    train(make_config(train={"steps": 2}), run, console, resume=True)


def folder(path: Path, config: TrainConfig, **record: Any) -> Path:
    """What a run that was begun leaves, without a run."""
    path.mkdir(parents=True)
    (path / "config.yaml").write_text(yaml.safe_dump(dump(config)))
    write_json(path / "run.json", {"name": config.name, "options": options(config), **record})
    return path


def test_a_run_that_knew_the_option_keeps_what_it_says(make_config: Make, tmp_path: Path) -> None:
    for masked in (True, False):
        config = make_config(train={"mask_equal_captions": masked})
        assert as_begun(folder(tmp_path / str(masked), config), config) == (config, [])
    assert as_begun(tmp_path / "none", config) == (config, [])


@dataclass(frozen=True, kw_only=True)
class Changed(SemCLIP.Config):
    negation_weight: float = 0.125


def test_a_default_of_a_section_that_has_changed_is_refused_and_the_advice_works(
    make_config: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = make_config()
    before = options(config)["objective.negation_weight"]
    assert before != 0.125
    run = folder(tmp_path / "run", config)
    assert refuse_another_config(run, config, lambda: pytest.fail("not needed")) == []
    monkeypatch.setattr(SemCLIP, "Config", Changed)
    with pytest.raises(UserError, match=rf"objective\.negation_weight was {before}, is 0\.125") as caught:
        refuse_another_config(run, config, lambda: pytest.fail("not needed"))
    (advised,) = re.findall(r"\(set (.*?)\), or", caught.value.fix)
    mended = train_config(dump(config), shlex.split(advised))
    assert options(mended)["objective.negation_weight"] == before
    # The saved config does not name the option: naming the value it had is no difference.
    assert refuse_another_config(run, mended, lambda: pytest.fail("not needed")) == []


DRAWN: dict[str, dict[str, Any]] = {
    "objective.seed": {"name": "semclip"},
    "objective.members.semclip.seed": {"name": "weighted_sum", "members": {"clip": {}, "semclip": {"weight": 0.5}}},
}


@pytest.mark.parametrize("key", DRAWN)
@pytest.mark.parametrize("options_were_noted", [True, False])
def test_a_run_from_before_seeds_of_objectives_goes_on_with_what_it_had(
    key: str, options_were_noted: bool, make_config: Make, tmp_path: Path
) -> None:
    config = make_config(objective=DRAWN[key], seed=3)
    run = folder(tmp_path / "run", config)
    record = read_json(run / "run.json")
    record["options"] = {**record["options"], "objective.seed": 0}
    record["options"].pop("objective.members.semclip.seed", None)
    if not options_were_noted:
        del record["options"]
    write_json(run / "run.json", record)
    for _ in range(2):
        begun, told = as_begun(run, config)
        assert build_objective(begun).state_dict().keys() == build_objective(config).state_dict().keys()
        assert basis(begun).equal(orthonormal_rows(0, 2, 8)) and not basis(config).equal(orthonormal_rows(0, 2, 8))
        assert "objective.seed was 0 unless given" in told[0]
        assert refuse_another_config(run, begun, lambda: pytest.fail("not needed")) == []
        (run / "config.yaml").write_text(yaml.safe_dump(dump(begun)))  # as a session does


def basis(config: TrainConfig) -> Tensor:
    objective = build_objective(config)
    objective.setup(EncoderInfo(embed_dim=8))
    return next(value for name, value in objective.state_dict().items() if name.endswith("basis"))


@pytest.mark.parametrize("key", DRAWN)
def test_each_seed_has_a_basis_of_its_own_and_one_that_is_given_stays(
    key: str, make_config: Make, tmp_path: Path
) -> None:
    of = {seed: make_config(objective=DRAWN[key], seed=seed) for seed in (0, 1)}
    assert basis(of[0]).equal(basis(of[0])) and not basis(of[0]).equal(basis(of[1]))
    assert options(of[1])[key] is None
    for config in of.values():
        assert basis(train_config(dump(config), [f"{key}=5"])).equal(orthonormal_rows(5, 2, 8))
        run = folder(tmp_path / str(config.seed), config)
        assert as_begun(run, config) == (config, [])
        assert refuse_another_config(run, config, lambda: pytest.fail("not needed")) == []


def test_a_sum_and_its_member_alone_draw_the_same(make_config: Make) -> None:
    alone, member = (make_config(objective=section, seed=3) for section in DRAWN.values())
    assert basis(alone).equal(basis(member))


def test_a_default_of_the_loop_that_has_changed_is_refused_and_the_advice_works(
    make_config: Make, tmp_path: Path
) -> None:
    run = folder(tmp_path / "run", make_config(train={"eps": 1e-8, "betas": (0.9, 0.95)}))
    now = make_config(train={"eps": 1e-6})
    with pytest.raises(UserError) as caught:
        refuse_another_config(run, now, lambda: pytest.fail("not needed"))
    (advised,) = re.findall(r"\(set (.*?)\), or", caught.value.fix)
    mended = train_config(dump(now), shlex.split(advised))
    assert refuse_another_config(run, mended, lambda: pytest.fail("not needed")) == []


def test_what_came_later_is_an_option_that_can_be_set() -> None:
    known = {field.name: field for field in fields(LoopConfig)}
    assert set(BEFORE) <= set(known)
    assert all(known[key].default != value for key, value in BEFORE.items())  # others need no entry
    section = LoopConfig(steps=1)
    assert replace(section, **BEFORE) != section
    assert defaults.completed({"train": {"steps": 3}})["train"] == {**BEFORE, "steps": 3}
