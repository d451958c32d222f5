"""train.compile: what eager computes, for any lengths with few compilations, in the towers' blocks and nowhere else."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from rich.console import Console
from torch import Tensor
from torch._dynamo.utils import counters

from semclip.core.config import dump, save_config
from semclip.core.errors import UserError
from semclip.models.attention import fast_attention
from semclip.models.load import create, load
from semclip.objectives import create as create_objective
from semclip.training.checkpoint import list_checkpoints
from semclip.training.compiling import compile_blocks, eager, refuse_without_compiler
from semclip.training.config import TrainConfig
from semclip.training.loop import train
from semclip.training.step import StepModule
from tests import gloo
from tests.models.tiny import CONFIGS
from tests.training import on_ranks
from tests.training.conftest import TINY, printed

Make = Callable[..., TrainConfig]

#: (longest text, rows): lengths and batch sizes of a run, none twice; one, two and three tiles of packed tokens.
SHAPES = [(10, 4), (12, 4), (21, 14), (31, 16), (9, 7), (40, 12)]
LORA = {"lora": {"rank": 2}}


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing compiled before, settings as torch has them, kernels kept for the tests of this file alone."""
    from torch._dynamo import config

    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "inductor"))
    torch._dynamo.reset()
    counters.clear()
    with config.patch(recompile_limit=config.recompile_limit, optimize_ddp=config.optimize_ddp):
        yield
    torch._dynamo.reset()


def graphs() -> int:
    """How many graphs have been compiled; a fall back to eager, or a break within a block, fails."""
    assert not counters["graph_break"] and counters["frames"]["ok"] == counters["frames"]["total"]
    return counters["stats"]["unique_graphs"]


def step_module(dtype: torch.dtype, text_alone: bool = False, **keys: Any) -> StepModule:
    section = {"backend": "open_clip", "config": CONFIGS["plain"], "seed": 0, **keys}
    encoder = create(section, "test")
    for name, parameter in encoder.named_parameters():
        if name.endswith(".B"):
            parameter.data.normal_(generator=torch.Generator().manual_seed(0), std=0.1)
    return StepModule(encoder, create_objective("clip"), images_are_features=text_alone).to(dtype).train()


def step(module: StepModule, longest: int, rows: int, bf16: bool = False) -> dict[str, Tensor]:
    """Loss and every gradient of random tokens, the first of them `longest` long, and random images."""
    source = torch.Generator().manual_seed(100 * longest + rows)
    tokens = torch.randint(1, 1000, (rows, 77), generator=source)
    for row in range(rows):
        end = max(2, longest - 3 * row)
        tokens[row, end - 1], tokens[row, end:] = 49407, 0
    shape = (rows, 16) if module.images_are_features else (rows, 3, 16, 16)
    images = torch.randn(*shape, generator=source).to(module.encoder.logit_scale.dtype)
    module.zero_grad()
    with fast_attention("cpu"), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        total = module({"image": images}, {"caption": tokens}, torch.arange(rows))["total"]
        total.backward()
    gradients = {name: p.grad.clone() for name, p in module.named_parameters() if p.grad is not None}
    return {"loss": total.detach(), **gradients}


def compare(plain: StepModule, compiled: StepModule, most: float) -> None:
    names = list(compiled.state_dict())
    compile_blocks(compiled.encoder)
    assert list(compiled.state_dict()) == names
    for longest, rows in SHAPES:
        expected, found = step(plain, longest, rows), step(compiled, longest, rows)
        assert found.keys() == expected.keys() and len(expected) > 10
        for name, value in expected.items():
            torch.testing.assert_close(found[name], value, rtol=most, atol=most, msg=f"{name}, {longest}, {rows}")


@pytest.mark.slow
def test_it_computes_what_eager_does_and_compiles_thrice() -> None:
    """Image blocks, text blocks, and text blocks of a single tile, which torch sets apart; nothing else is compiled."""
    compare(step_module(torch.float32), step_module(torch.float32), 1e-4)
    assert graphs() == 3


@pytest.mark.slow
def test_in_float64_nothing_but_rounding_is_left() -> None:
    compare(step_module(torch.float64, text_alone=True), step_module(torch.float64, text_alone=True), 1e-9)
    assert graphs() == 2


@pytest.mark.slow
def test_adapted_blocks_that_are_replayed_share_graphs_too() -> None:
    """One more each: the first block's input, of frozen embeddings, has no gradient."""
    keys = {**LORA, "gradient_checkpointing": True}
    compare(step_module(torch.float32, **keys), step_module(torch.float32, **keys), 1e-4)
    assert graphs() == 6


@pytest.mark.slow
def test_under_autocast_it_stays_close() -> None:
    plain, compiled = (step_module(torch.float32, text_alone=True) for _ in range(2))
    compile_blocks(compiled.encoder)
    expected, found = step(plain, 12, 6, bf16=True), step(compiled, 12, 6, bf16=True)
    assert found["loss"] == pytest.approx(float(expected["loss"]), rel=0.01)
    for name, value in expected.items():
        assert float((found[name] - value).norm()) <= 0.05 * float(value.norm()) + 1e-6, name


@pytest.mark.slow
def test_a_model_of_transformers(tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    from tests.models.test_transformers import TEXTS, save_tiny

    save_tiny(tmp_path / "clip", "clip")
    section = {"backend": "transformers", "name": str(tmp_path / "clip")}
    plain, compiled = (create(section, "test").train() for _ in range(2))
    compile_blocks(compiled)
    for model in (plain, compiled):
        model.encode_text(model.tokenize(TEXTS)).square().sum().backward()
        model.encode_image(torch.ones(2, 3, 16, 16)).square().sum().backward()
    assert 1 <= counters["stats"]["unique_graphs"] <= 4
    for (name, mine), theirs in zip(compiled.named_parameters(), plain.parameters(), strict=True):
        if theirs.grad is not None:
            torch.testing.assert_close(mine.grad, theirs.grad, rtol=1e-4, atol=1e-4, msg=name)


@pytest.mark.slow
def test_a_run_trains_compiled_evaluates_eager_and_resumes(make_config: Make, tmp_path: Path, console: Console) -> None:
    """The same weights as an eager run's, but for rounding; and exactly those of a run that was never killed."""
    model = {"backend": "open_clip", "config": TINY, "freeze": ["image"]}
    loop = {"compile": True, "micro_batch": 6}
    train(make_config(model=model, train=loop), tmp_path / "whole", console)
    assert "cpu, 32-true, blocks compiled" in printed(console)
    # Text blocks without gradients, in GradCache's first pass, and with. Validations, of other sizes, added nothing.
    assert graphs() == 2
    train(make_config(model=model, train=loop), tmp_path / "cut", console)
    list_checkpoints(tmp_path / "cut" / "checkpoints")[-1].rename(tmp_path / "away")
    train(make_config(model=model, train=loop), tmp_path / "cut", console, resume=True)
    train(make_config(model=model, train={"micro_batch": 6}), tmp_path / "eager", console)
    whole, cut, plain = (load(str(tmp_path / run / "model")).state_dict() for run in ("whole", "cut", "eager"))
    assert all(torch.equal(whole[name], cut[name]) for name in whole)
    assert all(torch.allclose(whole[name], plain[name], atol=2e-4) for name in whole)


@pytest.mark.slow
def test_two_ranks_have_the_gradients_of_one(make_config: Make, tmp_path: Path) -> None:
    path = str(tmp_path / "config.yaml")
    save_config(path, dump(make_config(model={"backend": "open_clip", "config": TINY, **LORA})))
    (alone,) = gloo.run(on_ranks.gradients, [(path, str(tmp_path / "one"), {})], ranks=1)
    ways: dict[str, dict[str, Any]] = {"ddp": {"compile": True}, "sharded": {"compile": True, "strategy": "sharded"}}
    for found in gloo.run(on_ranks.gradients, [(path, str(tmp_path / way), ways[way]) for way in ways]):
        for way, mine in zip(ways, found, strict=True):
            assert mine.keys() == alone[0].keys(), way
            for key, value in alone[0].items():
                torch.testing.assert_close(mine[key], value, rtol=1e-9, atol=1e-9, msg=f"{key}, {way}")


def test_without_a_compiler_the_run_does_not_start(
    make_config: Make, tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    from torch._inductor import config

    monkeypatch.setattr(config.cpp, "cxx", ("no-such-compiler",))
    with pytest.raises(UserError, match="needs a C\\+\\+ compiler") as caught:
        train(make_config(train={"compile": True}), tmp_path / "run", console)
    assert caught.value.where == "train.compile" and "train.compile=false" in caught.value.fix
    assert not (tmp_path / "run").exists()
    refuse_without_compiler(compiled=False)


def test_blocks_are_compiled_and_nothing_else() -> None:
    module = step_module(torch.float32)
    compile_blocks(module.encoder)
    compiled = {name for name, inner in module.named_modules() if inner._compiled_call_impl is not None}
    towers = ("transformer", "visual.transformer")
    assert compiled == {f"encoder.network.{tower}.resblocks.{i}" for tower in towers for i in range(2)}
    with eager(compiled=True):  # as they were written: nothing is compiled
        step(module, 10, 4)
    assert not counters["stats"]
