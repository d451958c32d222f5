"""Hostile configs: each becomes a config of finite numbers, or is refused with a sentence."""

import math
import random
import shutil
from functools import partial
from pathlib import Path

import pytest
import yaml

from semclip.core.config import find_config, load_config, parse
from semclip.core.errors import UserError
from semclip.training.config import TrainConfig
from tests.hostile.changed import ends_well, report
from tests.hostile.configs import SOUND, overrides, write_config


def read(path: Path, words: list[str]) -> TrainConfig:
    """As `semclip train` does."""
    return parse(TrainConfig, load_config(find_config(str(path)), words), where=str(path))


def read_into(found: list[TrainConfig], path: Path, words: list[str]) -> None:
    found.append(read(path, words))


def hold_to_it(count: int, folder: Path, first_seed: int = 0) -> None:
    problems: list[str] = []
    read_well = 0
    for seed in range(first_seed, first_seed + count):
        own = folder / "own"
        own.mkdir()
        draw = random.Random(f"config {seed}")
        path, words = write_config(own, draw), overrides(draw)
        found: list[TrainConfig] = []
        error = ends_well(partial(read_into, found, path, words), f"config {seed}", problems)
        read_well += bool(found)
        for config in found:
            values = [config.seed, *vars(config.train).values(), *vars(config.guards).values()]
            if not all(math.isfinite(value) for value in values if isinstance(value, int | float)):
                problems.append(f"config {seed}: a number that is not finite: {values}")
        if error is not None and len(str(error)) > 20_000:
            problems.append(f"config {seed}: no sentence: {str(error)[:100]}")
        shutil.rmtree(own)
    assert not problems, report(problems)
    assert read_well > count / 50  # the generator makes sound ones, too


def test_a_hundred_hostile_configs(tmp_path: Path) -> None:
    hold_to_it(100, tmp_path)


@pytest.mark.slow
def test_thousands_of_hostile_configs(tmp_path: Path) -> None:
    hold_to_it(2000, tmp_path, first_seed=1000)


NUMBERS = ("train.learning_rate", "train.eps", "train.ema", "train.betas", "guards.drop_limit", "data.validation")


@pytest.mark.parametrize("typed", [".NaN", "-.inf", "nan", "Infinity", "1e999", "-1.0e+400", "[0.9, .nan]"])
@pytest.mark.parametrize("key", NUMBERS)
def test_no_number_is_endless_or_none(key: str, typed: str, tmp_path: Path) -> None:
    """In a file, and as an override; the message says where, and its fix does it."""
    path = tmp_path / "owls.yaml"
    path.write_text(yaml.safe_dump(SOUND))
    with pytest.raises(UserError) as caught:
        read(path, [f"{key}={typed}"])
    assert key in f"{caught.value.what} {caught.value.where}", str(caught.value)
    section, _, name = key.partition(".")
    values = {**SOUND, section: {**SOUND[section], name: "HERE"}}
    path.write_text(yaml.safe_dump(values).replace("HERE", typed))
    with pytest.raises(UserError) as caught:
        read(path, [])
    at_line = caught.value.where == str(path) and " at line " in caught.value.what
    assert at_line or key in f"{caught.value.what} {caught.value.where}", str(caught.value)
