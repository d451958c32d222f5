"""Runs in which only a part of the model trains: what moves, is printed, saved and resumed, on one rank and two."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning.fabric import Fabric
from rich.console import Console
from torch import Tensor
from typer.testing import CliRunner

from semclip.cli import main
from semclip.core.config import dump, save_config
from semclip.core.errors import UserError
from semclip.data.collate import Batch
from semclip.models.load import create, load
from semclip.objectives import create as create_objective
from semclip.training.checkpoint import list_checkpoints, load_checkpoint
from semclip.training.config import TrainConfig
from semclip.training.gradients import forward_backward
from semclip.training.loop import train
from semclip.training.step import StepModule
from tests import gloo
from tests.models.tiny import CONFIGS, TEXTS
from tests.training import on_ranks
from tests.training.conftest import TINY, printed
from tests.training.test_many_devices import WAYS

Make = Callable[..., TrainConfig]

MODEL = {"backend": "open_clip", "config": TINY, "seed": 3}
LORA = {"lora": {"rank": 4, "parts": ["text"]}, "freeze": ["image", "logit_scale"]}
LAST = {"last_blocks": {"text": 1, "image": 0}, "freeze": ["logit_scale"]}
ONLY_RETRIEVAL = {"benchmarks": ["retrieval"], "every": 0}


def base() -> dict[str, Tensor]:
    return create(MODEL, "test").state_dict()


def last_state(run: Path) -> dict[str, Tensor]:
    """The encoder's weights in the newest checkpoint."""
    module = load_checkpoint(list_checkpoints(run / "checkpoints")[-1])["module"]
    return {name.removeprefix("encoder."): value for name, value in module.items() if name.startswith("encoder.")}


def test_lora_moves_a_and_b_and_exports_an_ordinary_model(make_config: Make, tmp_path: Path, console: Console) -> None:
    run = tmp_path / "run"
    config = make_config(model={**MODEL, **LORA}, train={"steps": 4, "ema": 0.5}, evaluate=ONLY_RETRIEVAL)
    train(config, run, console)
    start, state = base(), last_state(run)
    thin = {name for name in state if name.endswith((".0.A", ".0.B"))}
    assert len(thin) == 2 * 2 * 4
    for name in state.keys() - thin:
        plain = name.replace("parametrizations.", "").removesuffix(".original")
        assert torch.equal(state[name], start[plain]), name
    assert all(state[name].abs().max() > 0 for name in thin)

    exported = load(str(run / "model")).state_dict()
    assert exported.keys() == start.keys()
    moved = {name for name in start if not torch.equal(exported[name], start[name])}
    assert moved == {n for n in start if ".resblocks." in n and "visual" not in n and n.endswith("weight")
                     and ("attn" in n or "mlp" in n)}  # fmt: skip
    said = printed(console)
    assert "text, embeddings         0     0 %" in said and "text, blocks 0-1     " in said
    assert said.index("text, projection") < said.index("step      0")


@pytest.mark.parametrize("keys", [LORA, LAST, {"gradient_checkpointing": True, **LORA}], ids=["lora", "last", "again"])
def test_killed_and_resumed_is_never_killed(
    keys: dict[str, Any], make_config: Make, tmp_path: Path, console: Console
) -> None:
    config = make_config(model={**MODEL, **keys}, evaluate=ONLY_RETRIEVAL)
    train(config, tmp_path / "whole", console)
    train(config, tmp_path / "cut", console)
    list_checkpoints(tmp_path / "cut" / "checkpoints")[-1].rename(tmp_path / "away")
    train(config, tmp_path / "cut", console, resume=True)
    assert "resuming after step 4" in printed(console)
    whole, cut = (load(str(tmp_path / run / "model")).state_dict() for run in ("whole", "cut"))
    assert all(torch.equal(whole[name], cut[name]) for name in whole)
    start = base()
    assert any(not torch.equal(whole[name], start[name]) for name in whole)


def test_the_last_blocks_move_and_nothing_else(make_config: Make, tmp_path: Path, console: Console) -> None:
    run = tmp_path / "run"
    train(make_config(model={**MODEL, **LAST}, train={"steps": 3}, evaluate=ONLY_RETRIEVAL), run, console)
    start, state = base(), last_state(run)
    model = create({**MODEL, **LAST}, "test")
    trained = {name for name, p in model.named_parameters() if p.requires_grad}
    assert {name for name in start if not torch.equal(state[name], start[name])} == trained


def test_gradient_checkpointing_may_be_turned_on_in_a_resumed_run(
    make_config: Make, tmp_path: Path, console: Console
) -> None:
    run = tmp_path / "run"
    train(make_config(model={**MODEL, **LAST}, evaluate=ONLY_RETRIEVAL), run, console)
    list_checkpoints(run / "checkpoints")[-1].rename(tmp_path / "away")
    before = load(str(run / "model")).state_dict()
    config = make_config(model={**MODEL, **LAST, "gradient_checkpointing": True}, evaluate=ONLY_RETRIEVAL)
    train(config, run, console, resume=True)
    after = load(str(run / "model")).state_dict()
    assert all(torch.allclose(after[name], before[name], atol=1e-6) for name in before)


@pytest.mark.parametrize("checkpointing", [False, True])
def test_micro_batches_give_the_gradients_of_the_whole_batch(checkpointing: bool) -> None:
    """GradCache encodes every part twice, first without a graph: no weight made there may be used again."""
    section = {"backend": "open_clip", "config": CONFIGS["plain"], "seed": 0, "lora": {"rank": 2}}
    encoder = create({**section, "gradient_checkpointing": checkpointing}, "test")
    for name, parameter in encoder.named_parameters():
        if name.endswith(".B"):
            parameter.data.normal_(generator=torch.Generator().manual_seed(0), std=0.1)
    module = StepModule(encoder, create_objective("clip"), images_are_features=False).double()
    fabric = Fabric(accelerator="cpu", devices=1)
    wrapped = fabric.setup(module)
    batch = Batch(
        indices=torch.arange(4),
        images={"image": torch.randn(4, 3, 16, 16, generator=torch.Generator().manual_seed(0)).double()},
        tokens={"caption": encoder.tokenize(TEXTS)},
        groups=torch.arange(4),
    )

    def gradients(micro_batch: int) -> dict[str, Tensor]:
        module.zero_grad()
        forward_backward(fabric, wrapped, module, batch, micro_batch)
        return {name: p.grad.clone() for name, p in module.named_parameters() if p.grad is not None}

    whole = gradients(0)
    assert len(whole) == 2 * 2 * 2 * 4 + 1
    for size in (1, 3):
        parts = gradients(size)
        assert parts.keys() == whole.keys()
        for name, value in whole.items():
            torch.testing.assert_close(parts[name], value, rtol=1e-9, atol=1e-9, msg=name)


def test_a_dry_run_says_what_would_train(make_config: Make, tmp_path: Path) -> None:
    config = make_config(model={**MODEL, **LORA}, objective={"name": "superclip"})
    save_config(tmp_path / "config.yaml", dump(config))
    main._mount()
    done = CliRunner().invoke(main.app, ["train", str(tmp_path / "config.yaml"), "--dry-run"])
    assert done.exit_code == 0, done.output
    (blocks,) = (line for line in done.stdout.splitlines() if line.startswith("text, blocks 0-1"))
    thin = 2 * 4 * (3 * (32 + 32) + (32 + 32) + 2 * (32 + 128))
    assert blocks.split()[3] == f"{thin:,}"
    (own,) = (line for line in done.stdout.splitlines() if line.startswith("objective "))
    objective = create_objective("superclip")
    objective.setup(create(MODEL, "test").info)
    assert own.split()[1] == f"{sum(p.numel() for p in objective.parameters()):,}"
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
def test_two_ranks_have_the_gradients_of_one(make_config: Make, tmp_path: Path) -> None:
    """DDP and sharded, whole and in micro-batches; only A and B, only the last blocks, and blocks computed again."""
    cases = {"lora": LORA, "last": LAST, "again": {**LORA, "gradient_checkpointing": True}}
    paths = {}
    for name, keys in cases.items():
        paths[name] = str(tmp_path / f"{name}.yaml")
        save_config(paths[name], dump(make_config(model={**MODEL, **keys})))
    alone_cases = [(path, str(tmp_path / name), {}) for name, path in paths.items()]
    (alone,) = gloo.run(on_ranks.gradients, alone_cases, ranks=1)
    together = [(path, str(tmp_path / f"{n} {way}"), WAYS[way]) for n, path in paths.items() for way in WAYS]
    expected = [(gradients, way) for gradients in alone for way in WAYS]
    assert all(sum(key.endswith((".A", ".B")) for key in g) in (0, 16) and len(g) > 10 for g in alone)
    for found in gloo.run(on_ranks.gradients, together):
        for mine, (theirs, way) in zip(found, expected, strict=True):
            assert mine.keys() == theirs.keys(), way
            for key, value in theirs.items():
                torch.testing.assert_close(mine[key], value, rtol=1e-9, atol=1e-9, msg=f"{key}, {way}")


@pytest.mark.slow
def test_ranks_save_merged_weights(make_config: Make, world: Path, tmp_path: Path) -> None:
    lines = (world / "scenes.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "train.jsonl").write_text("".join(line for line in lines if json.loads(line)["split"] == "train"))
    data = {"path": str(tmp_path / "train.jsonl"), "images": str(world)}
    config = make_config(data=data, model={**MODEL, **LORA}, train={"steps": 8, "batch_size": 24, "ema": 0.5})
    save_config(tmp_path / "config.yaml", dump(config))
    cases: dict[str, tuple[str, str, dict[str, Any]]] = {
        name: (str(tmp_path / "config.yaml"), str(tmp_path / name), {"strategy": name if name == "sharded" else "auto"})
        for name in ("one", "ddp", "sharded")
    }
    gloo.run(on_ranks.loops, [cases["one"]], False, True, ranks=1)
    gloo.run(on_ranks.loops, [cases["ddp"], cases["sharded"]], False, True)
    start, one = base(), load(str(tmp_path / "one" / "model")).state_dict()
    assert one.keys() == start.keys() and max(float((one[n] - start[n]).abs().max()) for n in one) > 1e-4
    for name in ("ddp", "sharded"):
        two = load(str(tmp_path / name / "model")).state_dict()
        assert two.keys() == one.keys()
        for key, value in one.items():
            torch.testing.assert_close(two[key], value, rtol=1e-6, atol=1e-6, msg=f"{key}, {name}")


def test_a_run_in_which_nothing_trains_is_refused(make_config: Make, tmp_path: Path, console: Console) -> None:
    frozen = {**MODEL, "freeze": ["image", "text", "logit_scale"]}
    with pytest.raises(UserError, match="nothing trains") as caught:
        train(make_config(model=frozen), tmp_path / "run", console)
    assert "model.freeze=[image]" in caught.value.fix
    train(make_config(model={**MODEL, "freeze": ["image"]}, evaluate=ONLY_RETRIEVAL), tmp_path / "run", console)
