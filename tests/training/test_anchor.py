"""Training with an anchor: the text tower drifts less, and a run resumes exactly."""

import shutil
from collections.abc import Callable
from pathlib import Path

import torch
from rich.console import Console

from semclip.models.load import load
from semclip.training.config import TrainConfig
from semclip.training.loop import train
from tests.training.test_loop import weights


def test_a_run_with_an_anchor_drifts_less_and_resumes_exactly(
    make_config: Callable[..., TrainConfig], tmp_path: Path
) -> None:
    texts = ["a red circle", "two blue squares above a star"]

    def objective(weight: float) -> dict[str, object]:
        return {"name": "weighted_sum", "members": {"semclip": {"weight": 1.0}, "anchor": {"weight": weight}}}

    def drift(name: str) -> float:
        tuned = load(str(tmp_path / name))
        with torch.no_grad():
            a, b = (model.encode_text(model.tokenize(texts)) for model in (start, tuned))
        return float((1 - torch.cosine_similarity(a, b)).mean())

    train(make_config(train={"steps": 1, "learning_rate": 1e-9}), tmp_path / "start", Console(quiet=True))
    start = load(str(tmp_path / "start"))
    model = {"from": str(tmp_path / "start" / "model")}
    for name, weight in (("free", 1e-9), ("held", 10.0), ("cut", 10.0)):
        train(make_config(model=model, objective=objective(weight)), tmp_path / name, Console(quiet=True))
    assert drift("held") < 0.7 * drift("free")
    for path in sorted((tmp_path / "cut" / "checkpoints").glob("step_*"))[1:]:
        shutil.rmtree(path)
    config = make_config(model=model, objective=objective(10.0))
    train(config, tmp_path / "cut", Console(quiet=True), resume=True)
    held, cut = weights(tmp_path / "held"), weights(tmp_path / "cut")
    assert all(torch.equal(held[name], cut[name]) for name in held)
