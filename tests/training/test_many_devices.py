"""Several ranks do what one does: gradients, weights, data, files; with DDP and with sharded weights."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from semclip.core.config import dump, save_config
from semclip.core.errors import UserError
from semclip.core.example import Example, ImageRef
from semclip.core.files import read_json
from semclip.core.registry import FAMILIES
from semclip.data.collate import Batch, Collate
from semclip.data.dataset import CaptionDataset, Sample
from semclip.models.load import load
from semclip.training import validation
from semclip.training.checkpoint import list_checkpoints, load_checkpoint
from semclip.training.config import TrainConfig
from semclip.training.devices import processes
from semclip.training.loading import MakeBatch, Schedule, batches
from semclip.training.steps.base import Prepared, Step
from tests import gloo
from tests.training import on_ranks

Make = Callable[..., TrainConfig]


@pytest.fixture
def saved(make_config: Make, world: Path, tmp_path: Path) -> Callable[..., str]:
    """`saved(objective=...)`: the path of a config; `train_only=True` takes data without validation and test split."""

    def save(train_only: bool = False, **changes: Any) -> str:
        config = make_config(**changes)
        if train_only:
            rows = [json.loads(line) for line in (world / "scenes.jsonl").read_text().splitlines()]
            kept = [json.dumps(row) + "\n" for row in rows if row["split"] == "train"]
            (tmp_path / "train.jsonl").write_text("".join(kept))
            data = {"path": str(tmp_path / "train.jsonl"), "images": str(world)}
            config = make_config(**changes, data=data)
        path = tmp_path / f"config-{config.objective['name']}.yaml"
        save_config(path, dump(config))
        return str(path)

    return save


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 4), min_size=12, max_size=40),
    ranks=st.sampled_from([1, 2, 3, 4, 6]),
    start=st.integers(0, 5),
    seed=st.integers(0, 3),
)
def test_ranks_share_every_batch_without_loss_or_repeat(sizes: list[int], ranks: int, start: int, seed: int) -> None:
    groups = [group for group, size in enumerate(sizes) for _ in range(size)]
    alone = list(Schedule(groups, 12, seed, start, 9))
    shares = [Schedule(groups, 12, seed, start, 9, rank, ranks) for rank in range(ranks)]
    dealt = [[[batch[i] for i in share.own] for batch in share] for share in shares]
    assert [list(chain(*parts)) for parts in zip(*dealt, strict=True)] == alone


class Neighbours(Step):
    """Each caption with the next one of the whole batch."""

    gives = frozenset({"caption"})

    def prepare(self, examples: Sequence[Example], embeddings: Any) -> Prepared:
        return Prepared(list(examples), "")

    def batch(self, samples: Sequence[Sample], examples: Sequence[Example]) -> list[Sample]:
        texts = [str(sample.texts["caption"]) for sample in samples]
        pairs = zip(samples, texts, texts[1:] + texts[:1], strict=True)
        return [replace(sample, texts={"caption": f"{own} | {other}"}) for sample, own, other in pairs]


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("ranks", [2, 4])
def test_ranks_load_their_own_images_and_see_every_text(ranks: int, workers: int) -> None:
    """Side by side, the ranks' batches are those of one process, also what a data step makes of the whole batch."""
    examples = [Example(id=str(i), image=ImageRef(str(i)), caption=f"words {i}", group=str(i // 2)) for i in range(30)]
    dataset = CaptionDataset(examples, ["image", "caption"], 0, _number)
    make_batch = MakeBatch([Neighbours()], examples, {"image", "caption"}, Collate(_letters))

    def load_all(rank: int, world_size: int) -> list[Batch]:
        schedule = Schedule(dataset.groups, 8, 0, 1, 6, rank, world_size)
        return list(batches(dataset, make_batch, schedule, workers, torch.device("cpu"), lambda faults: None))

    alone, shares = load_all(0, 1), [load_all(rank, ranks) for rank in range(ranks)]
    assert len(alone) == 5
    for batch, *parts in zip(alone, *shares, strict=True):
        assert torch.equal(batch.indices, torch.cat([part.indices for part in parts]))
        assert torch.equal(batch.images["image"], torch.cat([part.images["image"] for part in parts]))
        assert torch.equal(batch.tokens["caption"], torch.cat([part.tokens["caption"] for part in parts]))


def _number(ref: ImageRef) -> Tensor:
    return torch.tensor([float(ref.name)])


def _letters(texts: Sequence[str]) -> Tensor:
    return torch.tensor([[ord(letter) for letter in text.ljust(30)] for text in texts])


#: Objectives, and whether they have parameters of their own.
OBJECTIVES = {"semclip": False, "superclip": True, "nclip": True}  # nclip never reads the logit scale
WAYS = {
    f"{strategy} {micro_batch}": {"strategy": strategy, "micro_batch": micro_batch}
    for strategy in ("ddp", "sharded")
    for micro_batch in (0, 3)
}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "has_own"), OBJECTIVES.items())
def test_every_gradient_is_that_of_one_process(
    name: str, has_own: bool, saved: Callable[..., str], tmp_path: Path
) -> None:
    """Ranks have different rows. Towers, logit scale and the objective's own parameters; whole and in micro-batches."""
    config = saved(objective={"name": name})
    ((alone,),) = gloo.run(on_ranks.gradients, [(config, str(tmp_path / "one"), {})], ranks=1)
    own = [value for key, value in alone.items() if key.startswith("objective.")]
    assert len(alone) > 40 and bool(own) == has_own and all(value.abs().max() > 0 for value in own)
    torch.save(alone, tmp_path / "alone.pt")
    for ranks in (2, 4):
        cases = [(config, str(tmp_path / f"{ranks} {way}"), options) for way, options in WAYS.items()]
        compared = gloo.run(on_ranks.compare_gradients, cases, str(tmp_path / "alone.pt"), ranks=ranks)
        assert compared == [len(alone) * len(WAYS)] * ranks


#: Data steps that an objective's texts come from; those of batch_absences depend on the whole batch.
STEPS = {
    name: [{"name": step}]
    for name, step in (("tngclip", "batch_absences"), ("laclip", "rewrites"), ("logical_queries", "logical_queries"))
}


@pytest.mark.slow
@pytest.mark.parametrize("objective", FAMILIES["objectives"].names())
def test_after_twenty_steps_the_weights_are_those_of_one_process(
    objective: str, saved: Callable[..., str], tmp_path: Path
) -> None:
    """On 2 ranks, with whole weights and sharded ones, and on 4; the objective's own parameters included."""
    config = saved(
        train_only=True,
        objective={"name": objective},
        steps=STEPS.get(objective, []),
        train={"steps": 20, "batch_size": 24, "checkpoint_every": 20, "ema": 0.9},
    )
    for ranks, ways in ((1, ["ddp"]), (2, ["ddp", "sharded"]), (4, ["ddp"])):
        cases = [(config, str(tmp_path / f"{ranks} {way}"), {"strategy": way}) for way in ways]
        gloo.run(on_ranks.loops, cases, False, True, ranks=ranks)
    one = last_checkpoint(tmp_path / "1 ddp")
    for way in ("2 ddp", "2 sharded", "4 ddp"):
        several = last_checkpoint(tmp_path / way)
        for part in ("module", "average"):
            assert one[part] and one[part].keys() == several[part].keys()
            for name, value in one[part].items():
                torch.testing.assert_close(several[part][name], value, rtol=1e-7, atol=1e-7, msg=f"{name}, {way}")
        assert one["seen"] == several["seen"] and one["unmade"] == several["unmade"]


def last_checkpoint(run: Path) -> dict[str, Any]:
    return load_checkpoint(list_checkpoints(run / "checkpoints")[-1])


@pytest.mark.slow
def test_a_run_continues_with_another_number_of_processes(saved: Callable[..., str], tmp_path: Path) -> None:
    """Evaluated, tracked and saved by rank 0 alone, the only one that speaks; whole weights and sharded ones."""
    config = saved(train={"ema": 0.5})
    runs = {way: tmp_path / way for way in ("ddp", "sharded")}
    cases = [(config, str(run), {"strategy": way}) for way, run in runs.items()]
    first, second = gloo.run(on_ranks.loops, cases, False, False)
    assert all("2 processes" in said and "val retrieval" in said for said in first) and not "".join(second)
    before = {}
    for way, run in runs.items():
        info = read_json(run / "run.json")
        assert info["finished"] and info["processes"] == 2
        assert info["images_seen"] == 6 * 16 and info["texts_seen"] == 6 * 16 * 3
        records = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
        assert [r["step"] for r in records if r["split"] == "val"] == [0, 3, 6]
        before[way] = {name: value.clone() for name, value in load(str(run / "model")).state_dict().items()}
        list_checkpoints(run / "checkpoints")[-1].rename(tmp_path / f"away {way}")
        assert len(last_checkpoint(run)["random"]) == 2

    first, *others = gloo.run(on_ranks.loops, cases, True, False, ranks=1)
    assert all("1 processes continue what 2 began" in said for said in first) and not "".join(chain(*others))
    for way, run in runs.items():
        after = load(str(run / "model")).state_dict()
        assert all(torch.allclose(before[way][name], after[name], atol=2e-4) for name in after)


@pytest.mark.slow
def test_torchrun_is_all_that_changes(saved: Callable[..., str], tmp_path: Path) -> None:
    run = tmp_path / "run"
    arguments = ["-m", "semclip", "train", saved(train={"steps": 2}), "--out", str(run)]
    said = _run("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", *arguments)
    assert said.returncode == 0, said.stdout
    assert said.stdout.count("run folder:") == 1 and read_json(run / "run.json")["processes"] == 2
    # Refused by all, told by one.
    said = _run("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", *arguments)
    assert said.returncode != 0 and said.stdout.count("a run of this name exists") == 1, said.stdout


@pytest.mark.slow
def test_devices_starts_the_processes_itself(saved: Callable[..., str], tmp_path: Path) -> None:
    run = tmp_path / "run"
    said = _run("-m", "semclip", "train", saved(), "train.steps=2", "train.devices=2", "--out", str(run))
    assert said.returncode == 0, said.stdout
    assert said.stdout.count("run folder:") == 1 and read_json(run / "run.json")["processes"] == 2


def _run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(["src", "."])}
    return subprocess.run(
        [sys.executable, *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
        check=False,
    )


def test_a_batch_that_cannot_be_cut_is_refused(make_config: Make) -> None:
    with pytest.raises(UserError, match="cannot be cut into 3") as error:
        processes(make_config(), started=3)
    assert "train.batch_size=15" in error.value.fix
    with pytest.raises(UserError, match="torchrun started 2"):
        processes(make_config(train={"devices": 4}), started=2)
    assert processes(make_config(train={"devices": 4}), started=0) == 4
    assert processes(make_config(), started=0) == 1


@pytest.mark.slow
def test_what_stops_rank_0_stops_all_and_is_told_once(saved: Callable[..., str], tmp_path: Path) -> None:
    """A guard speaks where rank 0 evaluates; the others must not wait for it for hours."""
    first, second = gloo.run(_stopped, saved(), str(tmp_path / "run"))
    assert first == "UserError the guard says stop" and second == "SystemExit 2"


def _stopped(rank: int, config: str, folder: str) -> str:
    def fails(*_: Any, **__: Any) -> Any:
        raise UserError("the guard says stop", where="guards", fix="none")

    validation.evaluate = fails  # type: ignore[assignment]
    try:
        on_ranks.loops(rank, [(config, folder, {})], resume=False, double=False)
    except UserError as error:
        return f"UserError {error.what}"
    except SystemExit as error:
        return f"SystemExit {error.code}"
    return "went on"
