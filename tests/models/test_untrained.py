"""That nobody has trained a model's weights is known wherever the model goes, until somebody trains it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

import semclip
from semclip.core.errors import UserError
from semclip.core.files import read_json, write_json
from semclip.evaluation import run_each
from semclip.evaluation.base import Task
from semclip.evaluation.identify import identified_model
from semclip.evaluation.metrics.result import Metric, Result
from semclip.models.about import About
from semclip.models.features_file import write_features
from semclip.models.interpolate import interpolate
from semclip.models.load import create, load
from semclip.search.model import Model
from semclip.training.config import TrainConfig
from semclip.training.inspection import random_weights
from semclip.training.loop import train
from tests.models.test_transformers import save_tiny
from tests.models.tiny import CONFIGS
from tests.training.conftest import TINY, make_config, world  # noqa: F401

SECTION = {"backend": "open_clip", "config": CONFIGS["plain"]}


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved") / "model"
    create(SECTION, "test").save(folder)
    return folder


def test_it_is_saved_loaded_and_saved_again(saved: Path, tmp_path: Path) -> None:
    load(str(saved)).save(tmp_path / "again")
    again = load(str(tmp_path / "again"))
    assert again.untrained() == "the weights are random, nobody has trained them"
    assert identified_model(again)["random_weights"] is True


def test_a_model_that_begins_from_it_says_so(saved: Path) -> None:
    assert "starts from random weights (image and text)" in random_weights(create({"from": str(saved)}, "test"))
    frozen = create({"from": str(saved), "freeze": ["image"]}, "test")
    assert "the frozen image tower has RANDOM weights" in random_weights(frozen)


def test_evaluation_and_search_say_so(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    encoder = load(str(saved))

    def run(encodings: object, model: str) -> Result:
        metric = Metric(name="r1", value=0.5, n=2, description="d")
        return Result(benchmark="b", version=1, model=model, data={}, metrics=[metric], primary="r1")

    task = Task(name="b", version=1, images=[], texts=["a wren"], data={}, run=run)
    ((_, result),) = run_each(encoder, [task])
    assert isinstance(result, Result) and "nobody has trained them: these numbers say nothing" in result.notes[0]
    Model(encoder, str(saved))
    assert "what it finds, it finds by chance" in capsys.readouterr().err


@pytest.mark.parametrize("target", ["hub-folder", "transformers"])
def test_an_export_says_so_on_its_card_and_when_it_is_loaded(saved: Path, tmp_path: Path, target: str) -> None:
    try:
        written = semclip.export(saved, target, tmp_path / "out")
    except UserError as error:
        pytest.skip(error.what)
    said = "the weights are random, nobody has trained them"
    assert f"warning: {said}" in written.said
    assert f"**Not for use: {said}.**" in (tmp_path / "out" / "README.md").read_text()
    assert load(str(tmp_path / "out")).untrained() == said


def test_what_has_been_trained_is_random_no_more(
    make_config: Callable[..., TrainConfig],  # noqa: F811
    tmp_path: Path,
) -> None:
    model = {"backend": "open_clip", "config": TINY}
    train(make_config(model=model, train={"steps": 2}), tmp_path / "whole", Console(quiet=True))
    assert load(str(tmp_path / "whole")).untrained() == ""
    config = make_config(model={**model, "freeze": ["image"]}, train={"steps": 2})
    train(config, tmp_path / "text", Console(quiet=True))
    assert (
        load(str(tmp_path / "text")).untrained() == "the weights of the image tower are random, nobody has trained them"
    )


def test_between_a_random_model_and_its_fine_tune(saved: Path) -> None:
    base, tuned = load(str(saved)), load(str(saved))
    tuned.random_parts = ()
    assert interpolate(base, tuned, 0).untrained()
    assert not interpolate(base, tuned, 0.3).untrained() and not interpolate(base, tuned, 1).untrained()


def test_a_changed_note_is_refused(saved: Path, tmp_path: Path) -> None:
    load(str(saved)).save(tmp_path / "model")
    path = tmp_path / "model" / "open_clip_config.json"
    write_json(path, read_json(path) | {"semclip": {"random_parts": ["everything"]}})
    with pytest.raises(UserError, match="random_parts"):
        load(str(tmp_path / "model"))


SAID = About(random_parts=("image",), trained_on_queries=True)


@pytest.mark.parametrize(
    ("saved", "about"),
    [
        ({}, About()),
        ({"semclip": {"architecture": "ViT-B-32", "random_parts": ["text"]}},
         About(architecture="ViT-B-32", random_parts=("text",))),
        ({"semclip_random_parts": ["image"], "semclip_trained_on_queries": True}, SAID),
        ({"backend": "features", "trained_on_queries": True}, About(trained_on_queries=True)),
        (SAID.section() | {"semclip_random_parts": ["text"]}, SAID),
    ],
)  # fmt: skip
def test_models_saved_before_say_the_same(saved: dict[str, Any], about: About) -> None:
    assert About.read(saved, "x") == about


@pytest.mark.parametrize("kind", ["clip", "features"])
def test_other_backends_keep_it(kind: str, tmp_path: Path) -> None:
    if kind == "features":
        write_features(tmp_path / "x.npy", np.eye(5, 6, dtype=np.float16), [f"{n}.jpg" for n in range(5)], {})
        section = {"backend": "features", "features": str(tmp_path / "x.npy"), "embed_dim": 8}
        encoder = create(section | {"text": {"width": 32, "layers": 1, "heads": 2}}, "test")
        assert encoder.untrained() == "the weights are random, nobody has trained them"
    else:
        pytest.importorskip("transformers", reason="pip install 'semclip[hf]'")
        save_tiny(tmp_path / "source", "clip")
        encoder = load(str(tmp_path / "source"))
        assert not encoder.untrained()
    encoder.random_parts, encoder.trained_on_queries = ("image",), True
    encoder.save(tmp_path / "saved")
    assert replace(load(str(tmp_path / "saved")).about, architecture="") == SAID
