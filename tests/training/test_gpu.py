"""On a GPU: a whole run, stopped and resumed; memory that is really full; one rank of NCCL, whole and sharded."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
from lightning.fabric.strategies import DDPStrategy
from rich.console import Console
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import DTensor

from semclip.data.load import load_examples, select
from semclip.evaluation import RunOptions, evaluate
from semclip.models.load import create, load
from semclip.objectives import create as create_objective
from semclip.training import devices, gradients, loop
from semclip.training.config import TrainConfig
from semclip.training.gradients import grad_cache, out_of_memory
from semclip.training.loop import train
from semclip.training.ranks import _Gather
from semclip.training.sharding import shard, whole
from semclip.training.step import StepModule
from tests.gpu import gpu
from tests.models.tiny import tiny
from tests.objectives.encoder import SmallEncoder, inputs_for, scorer
from tests.objectives.features import build
from tests.training import test_optim
from tests.training.conftest import printed

pytestmark = gpu
Make = Callable[..., TrainConfig]


def test_embedding_rows_train_as_the_whole_table_does() -> None:
    whole, rows = (test_optim.steps_with(rows, torch.float64, device="cuda") for rows in (False, True))
    for name, weight in whole[0].items():
        torch.testing.assert_close(rows[0][name], weight, atol=1e-12, rtol=0)
    assert rows[2] == pytest.approx(whole[2], rel=1e-5)


def test_both_passes_of_micro_batches_draw_the_same_dropout() -> None:
    inputs = {view: x.cuda() for view, x in inputs_for("clip").items()}
    parts = [{view: x[i : i + 2] for view, x in inputs.items()} for i in (0, 2, 4)]
    found = []
    for cached in (True, False):
        torch.manual_seed(7)
        encoder = SmallEncoder(dropout=0.5).cuda()
        score = scorer(build("clip").cuda(), encoder)
        if cached:
            grad_cache(encoder, parts, score)
        else:
            encoded = [encoder(part) for part in parts]
            score({view: torch.cat([e[view] for e in encoded]) for view in inputs})["total"].backward()
        found.append(encoder.embed.weight.grad)
    torch.testing.assert_close(*found, rtol=0, atol=1e-12)


@pytest.mark.parametrize("changes", [{}, {"micro_batch": 6}, {"compile": True}], ids=str)
def test_a_run_learns_and_resumes(
    changes: dict[str, Any], make_config: Make, tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = make_config(train={"precision": "auto", "steps": 24, **changes})
    results = train(config, tmp_path / "whole", console)
    said = printed(console)
    assert "cuda" in said and "bf16-mixed" in said
    assert results["retrieval"].metric("caption_r1").value >= 0

    take, taken = loop.clamp_logit_scale, []

    def killed(encoder: Any) -> None:
        take(encoder)
        taken.append(1)
        if len(taken) == 15:
            raise KeyboardInterrupt

    monkeypatch.setattr(loop, "clamp_logit_scale", killed)
    with pytest.raises(KeyboardInterrupt):
        train(config, tmp_path / "part", console)
    monkeypatch.setattr(loop, "clamp_logit_scale", take)
    train(config, tmp_path / "part", console, resume=True)
    a, b = (load(str(tmp_path / name)).state_dict() for name in ("whole", "part"))
    for name, weight in a.items():
        # Sums of a GPU have no fixed order, so not to the bit.
        torch.testing.assert_close(b[name], weight, atol=2e-3, rtol=2e-2, msg=name)


def test_evaluation_gives_the_numbers_of_the_cpu(make_config: Make) -> None:
    config = make_config()
    test = select(load_examples(config.data), "test")
    names = ["retrieval", "original_over_negation"]
    encoder = create(config.model, "test").eval()
    first, second = (
        evaluate(encoder.to(device), names, test, {}, RunOptions(device=device)) for device in ("cpu", "cuda")
    )
    for name, result in first.items():
        for metric in result.metrics:
            assert second[name].metric(metric.name).value == pytest.approx(metric.value, abs=0.03)


def test_memory_that_is_really_full_halves_the_micro_batch(
    make_config: Make, tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(torch.OutOfMemoryError) as error:
        torch.empty(2**50, dtype=torch.uint8, device="cuda")
    assert out_of_memory(error.value)
    original = gradients.forward_backward

    def greedy(fabric: Any, wrapped: Any, module: Any, batch: Any, micro_batch: int) -> Any:
        terms = original(fabric, wrapped, module, batch, micro_batch)
        if not 0 < micro_batch <= 4:
            torch.empty(2**50, dtype=torch.uint8, device="cuda")
        return terms

    monkeypatch.setattr(gradients, "forward_backward", greedy)
    train(make_config(), tmp_path / "run", console)
    assert "set train.micro_batch=4" in printed(console)


@pytest.fixture
def nccl() -> Iterator[None]:
    """A process group of this process alone. Two ranks of NCCL need two GPUs; this is the same library."""
    dist.init_process_group("nccl", store=dist.HashStore(), rank=0, world_size=1)
    yield
    dist.destroy_process_group()


def test_gradients_of_a_sharded_model(nccl: None) -> None:
    texts = ["a dog", "a red circle left of a blue square", "no cat"]
    found = []
    for sharded in (False, True):
        encoder, objective = tiny().double().cuda(), create_objective("semclip")
        objective.setup(encoder.info)
        module = StepModule(encoder, objective.double(), images_are_features=False).cuda()
        if sharded:
            shard(module, init_device_mesh("cuda", (1, 1), mesh_dim_names=("data_parallel", "tensor_parallel")))
        tokens = encoder.tokenize(texts).cuda()
        views = {"caption": tokens, "paraphrase": tokens.roll(1, 0), "negation": tokens.roll(2, 0)}
        pixels = torch.linspace(-1, 1, 3 * 3 * 16 * 16, dtype=torch.float64, device="cuda").view(3, 3, 16, 16)
        module({"image": pixels}, views, torch.arange(3, device="cuda"))["total"].backward()
        assert any(isinstance(p, DTensor) for p in encoder.parameters()) == sharded
        found.append(whole({name: p.grad for name, p in module.named_parameters() if p.grad is not None}))
    assert found[0].keys() == found[1].keys() and len(found[0]) > 40
    for name, gradient in found[0].items():
        torch.testing.assert_close(found[1][name].cpu(), gradient.cpu(), rtol=1e-9, atol=1e-9, msg=name)


def test_rows_are_gathered_with_gradient(nccl: None) -> None:
    x = torch.randn(4, 3, device="cuda", requires_grad=True)
    gathered = _Gather.apply(x)  # `gather` itself has nothing to do on one rank
    (gathered * torch.arange(4, device="cuda")[:, None]).sum().backward()
    assert torch.equal(gathered, x) and x.grad is not None
    assert torch.equal(x.grad, torch.arange(4.0, device="cuda")[:, None].expand(4, 3))


def test_ddp_on_one_rank_of_nccl_trains_as_none_does(
    make_config: Make, tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = make_config()
    train(config, tmp_path / "plain", console)
    monkeypatch.setattr(devices, "_strategy", lambda name, count: DDPStrategy(static_graph=True))
    try:
        train(config, tmp_path / "nccl", console)
        assert dist.get_backend() == "nccl"
    finally:
        dist.destroy_process_group()
    a, b = (load(str(tmp_path / name)).state_dict() for name in ("plain", "nccl"))
    for name, weight in a.items():
        torch.testing.assert_close(b[name], weight, atol=2e-3, rtol=2e-2, msg=name)
