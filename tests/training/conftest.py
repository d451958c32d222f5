"""A small rendered world and a config small enough to train in seconds."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from semclip.core.config import parse
from semclip.data.scenes.write import write_scenes
from semclip.training.config import TrainConfig

#: Two layers of 32: the architecture does not matter here, only that the real code runs.
TINY = {
    "embed_dim": 32,
    "vision_cfg": {"image_size": 48, "layers": 2, "width": 32, "head_width": 16, "patch_size": 16},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2},
}


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world") / "scenes"
    write_scenes(folder, train=96, val=24, test=24)
    return folder


@pytest.fixture
def make_config(world: Path) -> Callable[..., TrainConfig]:
    """`make_config(objective={"name": "semclip"})`: any section can be replaced; `train` and `guards` are merged."""

    def make(**changes: Any) -> TrainConfig:
        loop = {
            "steps": 6,
            "batch_size": 16,
            "learning_rate": 1e-3,
            "warmup_steps": 2,
            "checkpoint_every": 2,
            "precision": "32-true",
        }
        values: dict[str, Any] = {
            "name": "tiny",
            "data": {"root": str(world), "path": "scenes.jsonl"},
            "model": {"backend": "open_clip", "config": TINY},
            "objective": {"name": "semclip"},
            "evaluate": {"benchmarks": ["retrieval", "original_over_negation"], "every": 3},
            **changes,
            "train": {**loop, **changes.get("train", {})},
            "guards": {"free_disk_mb": 0, **changes.get("guards", {})},  # how full this disk is must not matter
        }
        return parse(TrainConfig, values, where="test")

    return make


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=160)


def printed(console: Console) -> str:
    """Everything printed to the test console so far."""
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()
