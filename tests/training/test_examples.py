"""An image that cannot be read does not end a run: another takes its place, the same for any number of workers."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from rich.console import Console

from semclip.core.config import find_config
from semclip.core.errors import UserError
from semclip.core.files import read_json
from semclip.core.parsing import parse_yaml
from semclip.core.registry import FAMILIES
from semclip.data.load import load_examples
from semclip.models.load import load
from semclip.training import examples, images, loop
from semclip.training.config import TrainConfig
from semclip.training.loop import train
from tests.training.conftest import printed

Make = Callable[..., TrainConfig]


@pytest.fixture
def broken(make_config: Make, world: Path, tmp_path: Path) -> tuple[Make, list[str]]:
    """A copy of the world with two training images cut short, and their ids."""
    shutil.copytree(world, tmp_path / "copy")

    def make(**changes: object) -> TrainConfig:
        data = {"root": str(tmp_path / "copy"), "path": "scenes.jsonl"}
        return make_config(**{"data": data, "guards": {"unreadable": 0.05}, "train": {"steps": 12}, **changes})

    examples = [e for e in load_examples(make().data) if e.split == "train"]
    for example in (examples[3], examples[40]):
        assert example.image.path is not None
        example.image.path.write_bytes(example.image.path.read_bytes()[:40])
    return make, [examples[3].id, examples[40].id]


def named(run: Path) -> list[str]:
    return sorted(json.loads(line)["id"] for line in (run / "unreadable.jsonl").read_text().splitlines())


def test_another_takes_its_place_at_every_visit(
    broken: tuple[Make, list[str]], tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "INPUT_STORE_LIMIT", 0)  # images are decoded in the middle of the epoch
    make, ids = broken
    for workers in (0, 2):
        run = tmp_path / f"run{workers}"
        train(make(train={"steps": 12, "workers": workers}), run, console)
        assert named(run) == sorted(ids)
        assert read_json(run / "run.json")["unreadable_examples"] == 2
        assert read_json(run / "run.json")["images_seen"] == 12 * 16  # no batch is short
    said = f"2 of 96 training examples could not be read, and others were taken in their place: {run}"
    assert said in printed(console)
    a, b = (load(str(tmp_path / name)).state_dict() for name in ("run0", "run2"))
    assert all(torch.equal(a[name], b[name]) for name in a)


def test_found_before_the_first_step_they_are_left_out_and_stay_out(
    broken: tuple[Make, list[str]], world: Path, tmp_path: Path, console: Console
) -> None:
    make, ids = broken
    run = tmp_path / "run"
    train(make(), run, console)  # decoded once, before training
    assert named(run) == sorted(ids)
    before = read_json(run / "run.json")
    # Mended meanwhile: a resumed run must still see as many examples as before, or its batches would be others.
    shutil.copytree(world, tmp_path / "copy", dirs_exist_ok=True)
    last = sorted((run / "checkpoints").iterdir())[-1]
    shutil.rmtree(last)
    whole = {name: value.clone() for name, value in load(str(run)).state_dict().items()}
    train(make(), run, console, resume=True)
    resumed = load(str(run)).state_dict()
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
    assert read_json(run / "run.json")["unreadable_examples"] == before["unreadable_examples"] == 2


@pytest.mark.parametrize("decoded_at_every_visit", [True, False])
def test_more_than_the_share_stop_the_run(
    decoded_at_every_visit: bool,
    broken: tuple[Make, list[str]],
    tmp_path: Path,
    console: Console,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if decoded_at_every_visit:
        monkeypatch.setattr(images, "INPUT_STORE_LIMIT", 0)
    make, _ = broken
    with pytest.raises(UserError, match=r"of 96 training examples cannot be read, more than 1 %") as error:
        train(make(guards={}), tmp_path / "run", console)
    assert "unreadable.jsonl" in error.value.fix and error.value.where.endswith(".png")
    (advised,) = re.findall(r"guards\.unreadable=([\d.]+)", error.value.fix)
    if not decoded_at_every_visit:  # then all are known by now
        train(make(guards={"unreadable": float(advised)}), tmp_path / "again", console)


def test_no_two_of_one_group_meet_and_what_is_whole_stays(
    broken: tuple[Make, list[str]], tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "INPUT_STORE_LIMIT", 0)
    make, _ = broken
    original, seen = loop.batches, list[tuple[list[int], list[int]]]()

    def watched(*args: object) -> object:
        for batch in original(*args):  # type: ignore[arg-type]
            seen.append((batch.indices.tolist(), batch.groups.tolist()))
            yield batch

    monkeypatch.setattr(loop, "batches", watched)
    train(make(), tmp_path / "run", console)
    assert all(len(set(groups)) == 16 for _, groups in seen)
    # An epoch is six batches of 16: with nothing broken, all 96 would be seen once in each.
    for epoch in (seen[:6], seen[6:]):
        indices = [index for batch, _ in epoch for index in batch]
        assert not {3, 40} & set(indices) and len(indices) == 96 and len(set(indices)) == 94


@pytest.mark.parametrize(("view", "way"), examples._HOW_TO_SERVE.items())
def test_what_is_advised_for_a_missing_view_makes_it(view: str, way: str) -> None:
    advised = way.format(file="pairs.csv")
    for step in re.findall(r"steps=\[{name: (\w+)}\]", advised):
        assert view in FAMILIES["steps"].get(step).gives
    for config in re.findall(r"semclip captions write pairs.csv(?: --config (\w+))?", advised):
        assert view in parse_yaml(find_config(config or "rules", "captions").read_bytes(), "x")["views"]
    assert "{{" not in advised


def test_a_file_is_no_run_folder(make_config: Make, tmp_path: Path, console: Console) -> None:
    (tmp_path / "run").write_text("notes")
    with pytest.raises(UserError, match="a file is where the run folder would be"):
        train(make_config(), tmp_path / "run", console)
