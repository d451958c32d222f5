"""Streamed batches: the micro-batches of the very same rows, twice, one in memory at a time, and the same training."""

import gc
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from lightning.fabric import Fabric
from rich.console import Console
from torch import Tensor

from semclip.core.errors import UserError
from semclip.core.registry import FAMILIES
from semclip.data.collate import Batch
from semclip.objectives import create
from semclip.training import gradients
from semclip.training.config import TrainConfig
from semclip.training.gradients import StreamedBatch, forward_backward
from semclip.training.loading import Schedule, batches
from semclip.training.loop import train
from semclip.training.setup import Setup, set_up
from semclip.training.step import StepModule
from tests.models.tiny import tiny
from tests.training.test_loop import weights

Make = Callable[..., TrainConfig]
CPU = torch.device("cpu")


@pytest.fixture
def setup(make_config: Make, tmp_path: Path) -> Setup:
    own = {"objective": {"name": "tngclip"}, "steps": [{"name": "batch_absences"}]}  # a step that reads whole batches
    return set_up(make_config(**own), tmp_path / "run", Console(quiet=True), resume=False)


def loaded(setup: Setup, micro_batch: int, workers: int = 0, rank: int = 0, ranks: int = 1) -> list[list[Batch]]:
    """The parts of each pass of three batches; a whole batch is one part."""
    schedule = Schedule(setup.dataset.groups, 16, 0, 0, 3, rank, ranks)
    found = []
    for batch in batches(setup.dataset, setup.make_batch, schedule, workers, CPU, lambda faults: None, micro_batch):
        if isinstance(batch, Batch):
            found.append([batch])
        else:
            first, second = list(batch), list(batch)
            assert all(torch.equal(a.images["image"], b.images["image"]) for a, b in zip(first, second, strict=True))
            assert all(
                torch.equal(a.tokens[v], b.tokens[v]) for a, b in zip(first, second, strict=True) for v in a.tokens
            )
            assert torch.equal(batch.indices, torch.cat([p.indices for p in first]))
            assert len(batch) == len(batch.indices) == 16 // ranks
            found.append(first)
    return found


@pytest.mark.parametrize(("micro_batch", "workers", "ranks"), [(5, 0, 1), (4, 2, 1), (3, 0, 2), (1, 0, 1)])
def test_the_parts_are_the_whole_batch(setup: Setup, micro_batch: int, workers: int, ranks: int) -> None:
    for rank in range(ranks):
        whole = loaded(setup, 0, 0, rank, ranks)
        for (batch,), parts in zip(whole, loaded(setup, micro_batch, workers, rank, ranks), strict=True):
            assert [len(p) for p in parts[:-1]] == [micro_batch] * (len(parts) - 1)
            assert torch.equal(torch.cat([p.indices for p in parts]), batch.indices)
            assert torch.equal(torch.cat([p.groups for p in parts]), batch.groups)
            assert torch.equal(torch.cat([p.images["image"] for p in parts]), batch.images["image"])
            for view, tokens in batch.tokens.items():
                assert torch.equal(torch.cat([p.tokens[view] for p in parts]), tokens), view
            assert sum(p.counts()[0] for p in parts) == batch.counts()[0]


def test_a_part_is_let_go_before_the_next_is_asked_for(setup: Setup) -> None:
    schedule = Schedule(setup.dataset.groups, 16, 0, 0, 1)
    (batch,) = batches(setup.dataset, setup.make_batch, schedule, 0, CPU, lambda faults: None, 2)
    alive: list[weakref.ref[Tensor]] = []

    def encode(part: Batch) -> dict[str, Tensor]:
        alive.append(weakref.ref(part.images["image"]))
        gc.collect()
        # This part, and at most the one before, which the caller still holds by name.
        assert sum(x() is not None for x in alive) <= 2
        return {"image": part.images["image"].flatten(1)[:, :4].clone()}

    from semclip.training.gradients import grad_cache

    grad_cache(encode, batch.parts(2), lambda views: {"total": views["image"].square().sum()})
    assert len(alive) == 16


@pytest.mark.parametrize("name", ["semclip_plus", "tngclip", "superclip"])
def test_runs_in_micro_batches_resume_exactly_and_count_alike(
    name: str, make_config: Make, tmp_path: Path, console: Console
) -> None:
    steps = [{"name": "batch_absences"}] if name == "tngclip" else []
    for run, size in (("whole", 0), ("micro", 5), ("again", 5)):
        config = make_config(
            objective={"name": name}, steps=steps, train={"micro_batch": size, "workers": 1, "steps": 4}
        )
        train(config, tmp_path / run, console)
    whole, micro, again = (weights(tmp_path / run) for run in ("whole", "micro", "again"))
    assert all(torch.equal(micro[key], again[key]) for key in micro)
    assert all(torch.allclose(whole[key], micro[key], atol=5e-4) for key in whole)


def test_a_full_memory_ends_with_advice(
    make_config: Make, tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    monkeypatch.setattr(gradients, "forward_backward", full)
    with pytest.raises(UserError, match="out of memory") as error:
        train(make_config(train={"micro_batch": 4}), tmp_path / "run", console)
    assert "train.micro_batch" in error.value.fix


@pytest.mark.parametrize("name", sorted(set(FAMILIES["objectives"].names()) - {"weighted_sum"}))
def test_512_rows_in_micro_batches_of_64_equal_the_plain_gradient(name: str) -> None:
    """Loss and every gradient, through streamed parts, in float64."""
    objective = create(name)
    encoder = tiny()
    objective.setup(encoder.info)
    module = StepModule(encoder, objective, images_are_features=False).double()
    fabric = Fabric(accelerator="cpu", devices=1)
    draw = torch.Generator().manual_seed(0)
    views = objective.needs
    known = ("caption", "paraphrase", "negation", "absence", "rewrite", "query")
    texts = [v for v in known if v in views or v == "caption"]
    lengths = torch.randint(4, 9, (512,), generator=draw)
    tokens = torch.randint(1, 400, (512, len(texts), 77), generator=draw)
    tokens[..., 0] = 49406
    tokens = tokens.masked_fill(torch.arange(77) >= lengths[:, None, None], 0)
    tokens[torch.arange(512), :, lengths - 1] = 49407
    images = [v for v in ("image", "negative_image") if v in views or v == "image"]
    batch = Batch(
        indices=torch.arange(512),
        images={v: torch.randn(512, 3, 16, 16, dtype=torch.float64, generator=draw) for v in images},
        tokens={v: tokens[:, i] for i, v in enumerate(texts)},
        groups=torch.arange(512) // 2,
        facts={
            "things": torch.randint(-1, 2, (512, 5), generator=draw),
            "query_things": torch.randint(-5, 6, (512, 3), generator=draw),
        },
    )
    state = {key: value.clone() for key, value in module.state_dict().items()}

    def gradients(given: Batch | StreamedBatch, size: int) -> dict[str, Tensor]:
        module.load_state_dict(state)
        module.zero_grad()
        terms = forward_backward(fabric, module, module, given, size)
        found = {key: p.grad.clone() for key, p in module.named_parameters() if p.grad is not None}
        return {**found, **{f"loss {key}": value.detach() for key, value in terms.items()}}

    whole = gradients(batch, 0)
    streamed = gradients(StreamedBatch(iter([*batch.parts(64), *batch.parts(64)]), 8, 512), 64)
    assert whole.keys() == streamed.keys() and len(whole) > 20
    for key, value in whole.items():
        torch.testing.assert_close(streamed[key], value, atol=1e-9, rtol=1e-9, msg=key)
