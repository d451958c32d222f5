"""What a person sees when a run meets something broken: what, where and how to go on; and the good state is kept."""

import hashlib
import json
import os
import pickle
import resource
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml

from semclip.cli import main
from semclip.data.scenes.write import write_scenes
from semclip.models.features_file import write_features
from tests import forkserver
from tests.training.conftest import TINY

Semclip = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a world, config.yaml, and a finished run of four steps and two checkpoints."""
    folder = tmp_path_factory.mktemp("finished")
    write_scenes(folder / "scenes", train=64, val=16, test=16)
    config = {
        "name": "tiny",
        "data": {"root": "scenes", "path": "scenes.jsonl"},
        "model": {"backend": "open_clip", "config": TINY},
        "objective": {"name": "semclip"},
        "train": {"steps": 4, "batch_size": 16, "learning_rate": 1e-3, "checkpoint_every": 2, "precision": "32-true"},
        "evaluate": {"benchmarks": ["retrieval"], "every": 0},
        "guards": {"free_disk_mb": 0},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    code, said, errors = forkserver.start(main.run, TRAIN, folder / "said", cwd=folder).ended()
    assert code == 0, said + errors
    return folder


TRAIN = ("train", "config.yaml", "--out", "run")


@pytest.fixture
def folder(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "own"))


def semclip(folder: Path, *words: str, entry: Callable[[], None] = main.run) -> tuple[int, str, str]:
    return forkserver.start(entry, words, folder / "said", cwd=folder).ended()


def refused(answer: tuple[int, str, str], what: str, where: str) -> None:
    """Three parts, nothing else, and the exit code of a user's mistake."""
    code, said, errors = answer
    assert code == 2, said + errors
    lines = errors.splitlines()
    assert lines[0].startswith("error: ") and what in lines[0], errors
    assert lines[1].startswith("  where: ") and where in lines[1], errors
    assert lines[2].startswith("  fix:   ") and len(lines) == 3, errors


def names(checkpoints: Path) -> list[str]:
    return sorted(path.name for path in checkpoints.iterdir())


def test_a_checkpoint_of_another_config(folder: Path) -> None:
    answer = semclip(folder, *TRAIN, "--resume", "train.learning_rate=0.01", "seed=7", "train.workers=1")
    refused(answer, "another config: seed was 0, is 7; train.learning_rate was 0.001, is 0.01", "run/config.yaml")
    assert names(folder / "run" / "checkpoints") == ["step_00000002", "step_00000004"]


def test_a_damaged_newest_checkpoint(folder: Path) -> None:
    state = folder / "run" / "checkpoints" / "step_00000004" / "state.pt"
    content = bytearray(state.read_bytes())
    content[len(content) // 2] ^= 1
    state.write_bytes(content)
    model = (folder / "run" / "model" / "open_clip_model.safetensors").read_bytes()
    code, said, errors = semclip(folder, *TRAIN, "--resume")
    assert code == 0 and not errors, errors
    assert "warning: step_00000004 is skipped and the one before it is tried: the checkpoint cannot be read" in said
    assert "resuming after step 2 of 4" in said
    assert (folder / "run" / "model" / "open_clip_model.safetensors").read_bytes() == model


class _Evil:
    def __reduce__(self) -> object:
        return os.system, ("echo code ran",)


def test_pickles_from_elsewhere_are_refused_and_not_run(folder: Path) -> None:
    for checkpoint in (folder / "run" / "checkpoints").iterdir():
        content = pickle.dumps({"step": 4, "module": _Evil()})
        (checkpoint / "state.pt").write_bytes(content)
        manifest = json.loads((checkpoint / "manifest.json").read_text())
        manifest["sha256"] = hashlib.sha256(content).hexdigest()
        (checkpoint / "manifest.json").write_text(json.dumps(manifest))
    answer = semclip(folder, *TRAIN, "--resume")
    refused(answer, "none of the 2 checkpoints can be read", "run/checkpoints")
    assert "it holds more than tensors and plain values, perhaps code" in answer[1]
    assert "code ran" not in answer[1]


def no_room() -> None:
    """The command where no file may grow beyond a megabyte, as on a disk that is nearly full or has a quota."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
    main.run()


def test_no_space_left(folder: Path) -> None:
    shutil.rmtree(folder / "run" / "checkpoints" / "step_00000004")
    answer = semclip(folder, *TRAIN, "--resume", entry=no_room)
    refused(answer, "cannot write the checkpoint of step 4: File too large", "run/checkpoints/step_00000004")
    assert names(folder / "run" / "checkpoints") == ["step_00000002"]
    code, said, errors = semclip(folder, *TRAIN, "--resume")
    assert code == 0 and "resuming after step 2 of 4" in said, errors


def test_images_that_are_cut_short(folder: Path) -> None:
    images = sorted((folder / "scenes" / "images").glob("train-*.png"))
    for image in images[3:5]:
        image.write_bytes(image.read_bytes()[:50])
    out = ("train", "config.yaml", "--out", "another")
    refused(semclip(folder, *out), "2 of 64 training examples cannot be read, more than 1 %", "train-0000")
    code, said, errors = semclip(folder, *out, "--resume", "guards.unreadable=0.05")
    assert code == 0 and "2 of 64 training examples could not be read" in said, errors


def test_a_test_image_that_is_cut_short_is_found_before_training(folder: Path) -> None:
    image = sorted((folder / "scenes" / "images").glob("test-*.png"))[3]
    whole = image.read_bytes()
    image.write_bytes(whole[:50])
    refused(semclip(folder, "train", "config.yaml", "--out", "another"), "cannot decode the image", image.name)
    assert not (folder / "another" / "model").exists()
    image.write_bytes(whole)
    code, _, errors = semclip(folder, "train", "config.yaml", "--out", "another")
    assert code == 0, errors


def test_features_of_another_network(folder: Path) -> None:
    rows = [json.loads(line)["image"] for line in (folder / "scenes" / "scenes.jsonl").read_text().splitlines()]
    for name in ("one", "other"):
        array = np.random.default_rng(len(name)).normal(size=(len(rows), 8)).astype(np.float32)
        write_features(folder / f"{name}.npy", array, rows, {"network": f"runs/{name}"})
    model = "model={backend: features, features: one.npy, embed_dim: 16, text: {width: 32, layers: 1, heads: 2}}"
    run = ("train", "config.yaml", model, "--out", "one")
    assert semclip(folder, *run)[0] == 0
    tuned = ("train", "config.yaml", "model={from: one, features: other.npy}", "--out", "tuned")
    what = "these features were made by runs/other; the model was trained on those of runs/one"
    refused(semclip(folder, *tuned), what, "other.npy")
    for suffix in (".npy", ".info.json"):
        (folder / f"other{suffix}").replace(folder / f"one{suffix}")
    what = "what this run was started with has changed since: model.features"
    refused(semclip(folder, *run, "--resume"), what, "one/run.json")
